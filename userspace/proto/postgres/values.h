// SPDX-License-Identifier: Apache-2.0
// Bound parameters and cells as text for people: approvers, recordings, replay. For showing, not
// for computing: what is longer than the limit is cut and marked.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "proto/postgres/wire.h"

namespace sluice::pg {

struct RenderLimits {
  // Of the text made. What is longer ends with "... (N bytes)", N being the value's size on the
  // wire.
  std::size_t text_bytes_max = 64U << 10;
  // Elements shown of an array; stops an array of a million NULLs.
  std::size_t array_elements_max = 10'000;
};

// What PostgreSQL itself would print with DateStyle ISO, IntervalStyle postgres and bytea_output
// hex; timestamptz in UTC ("+00"). A text value is given as it came (invalid UTF-8 included); a
// binary value of a type that is not known here as "\x" and hex digits. Error: the bytes cannot be
// a value of that type.
Result<std::string> render_value(std::uint32_t type_oid, Format format, ByteView value,
                                 const RenderLimits& limits = {});

}  // namespace sluice::pg
