// SPDX-License-Identifier: Apache-2.0
// The frame around a block and around a chain entry (record/format.h).
#pragma once

#include "record/format.h"

#include <sluice/bytes.h>

#include <cstdint>
#include <string>
#include <variant>

namespace sluice::record {

struct FrameHeader {
  std::uint8_t kind = 0;
  std::uint64_t sequence = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t plain_bytes = 0;
};

void write_header(std::string_view magic, const FrameHeader& header, std::uint8_t* to);

// Why a header cannot be one, as a phrase.
struct BadHeader {
  std::string what;
};
// `bytes` has kHeaderBytes.
std::variant<FrameHeader, BadHeader> read_header(std::string_view magic, ByteView bytes,
                                                 std::size_t payload_bytes_max);
// `bytes`, fewer than kHeaderBytes, could be the beginning of frame `sequence`.
bool begins_header(std::string_view magic, std::uint64_t sequence, ByteView bytes);

std::uint32_t crc32c(ByteView bytes);

}  // namespace sluice::record
