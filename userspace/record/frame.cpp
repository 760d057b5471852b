// SPDX-License-Identifier: Apache-2.0
#include "record/frame.h"

#include "record/wire.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::record {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = crc_table();
constexpr std::size_t kCrcOffset = kHeaderBytes - 4;

}  // namespace

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t value = ~0U;
  for (std::uint8_t byte : bytes) value = (value >> 8) ^ kCrcTable[(value ^ byte) & 0xFFU];
  return ~value;
}

void write_header(std::string_view magic, const FrameHeader& header, std::uint8_t* to) {
  std::memcpy(to, magic.data(), 4);
  to[4] = kVersion;
  to[5] = header.kind;
  to[6] = to[7] = 0;
  put_u64(to + 8, header.sequence);
  put_u32(to + 16, header.payload_bytes);
  put_u32(to + 20, header.plain_bytes);
  put_u32(to + kCrcOffset, crc32c({to, kCrcOffset}));
}

std::variant<FrameHeader, BadHeader> read_header(std::string_view magic, ByteView bytes,
                                                 std::size_t payload_bytes_max) {
  if (std::memcmp(bytes.data(), magic.data(), 4) != 0) return BadHeader{"its magic is wrong"};
  if (get_u32(bytes.data() + kCrcOffset) != crc32c(bytes.first(kCrcOffset)))
    return BadHeader{"its header was changed"};
  if (bytes[4] != kVersion)
    return BadHeader{"it has version " + std::to_string(bytes[4]) + ", which is not known here"};
  if (bytes[6] != 0 || bytes[7] != 0) return BadHeader{"its reserved bytes are not zero"};
  FrameHeader header;
  header.kind = bytes[5];
  header.sequence = get_u64(bytes.data() + 8);
  header.payload_bytes = get_u32(bytes.data() + 16);
  header.plain_bytes = get_u32(bytes.data() + 20);
  if (header.payload_bytes > payload_bytes_max)
    return BadHeader{"it claims " + std::to_string(header.payload_bytes) +
                     " bytes, over the limit of " + std::to_string(payload_bytes_max)};
  return header;
}

bool begins_header(std::string_view magic, std::uint64_t sequence, ByteView bytes) {
  std::array<std::uint8_t, kHeaderBytes> expected{};
  write_header(magic, {.kind = 0, .sequence = sequence}, expected.data());
  constexpr std::size_t kKindOffset = 5;
  // The lengths and the crc are unknown; the kind may be any.
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 16); ++i)
    if (i != kKindOffset && bytes[i] != expected[i]) return false;
  return true;
}

}  // namespace sluice::record
