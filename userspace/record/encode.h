// SPDX-License-Identifier: Apache-2.0
// Events to bytes (record/format.h). Canonical: the same event gives the same bytes.
#pragma once

#include <sluice/bytes.h>
#include <sluice/clock.h>
#include <sluice/event.h>
#include <sluice/result.h>

namespace sluice::record {

// Appends the encoding to `out`. On an error (over kEventBytesMax or kListMax) `out` is as before.
Result<void> encode_event(WallTime at, const Event& event, Bytes& out);

}  // namespace sluice::record
