// SPDX-License-Identifier: Apache-2.0
// Numbers as PostgreSQL's binary formats have them.
#pragma once

#include <sluice/bytes.h>

#include <cstddef>
#include <cstdint>

namespace sluice::mask {

// The lowest `width` bytes of `value`; a negative number in two's complement.
inline void append_big_endian(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Of at most 8 bytes.
inline std::uint64_t unsigned_of(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8U) | byte;
  return value;
}

// The lowest `bits` bits of `value`, read as two's complement.
inline std::int64_t signed_of(std::uint64_t value, unsigned bits) {
  return static_cast<std::int64_t>(value << (64 - bits)) >> (64 - bits);
}

}  // namespace sluice::mask
