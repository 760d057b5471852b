// SPDX-License-Identifier: Apache-2.0
// The inverse of Reader: one message under construction at the end of a Bytes. Its length is
// written by finish().
#pragma once

#include <sluice/bytes.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/check.h"

namespace sluice::pg {

class Writer {
 public:
  Writer(Bytes& out, char type) : out_(out) {
    out_.push_back(static_cast<std::uint8_t>(type));
    reserve_length();
  }
  // A start-up packet.
  static Writer untyped(Bytes& out) { return Writer{out}; }

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16));
    u16(static_cast<std::uint16_t>(value));
  }
  // A number of things that follow, as the wire's int16.
  void count(std::size_t value) {
    SLUICE_CHECK(value <= std::numeric_limits<std::uint16_t>::max());
    u16(static_cast<std::uint16_t>(value));
  }
  void bytes(ByteView value) { append(out_, value); }
  void string(std::string_view text) {
    // A NUL would end the string early: the peer would read another statement than was judged.
    SLUICE_CHECK(text.find('\0') == text.npos);
    append(out_, text);
    u8(0);
  }
  void value(const std::optional<ByteView>& cell) {
    if (!cell) return u32(0xffffffff);
    SLUICE_CHECK(cell->size() <= kLengthMax);
    u32(static_cast<std::uint32_t>(cell->size()));
    bytes(*cell);
  }
  void finish() { finish_message(out_, length_at_); }

  // Fills in the length field at `length_at` of a message that ends where `out` ends.
  static void finish_message(Bytes& out, std::size_t length_at) {
    const std::size_t length = out.size() - length_at;
    SLUICE_CHECK(length <= kLengthMax);
    for (std::size_t i = 0; i < 4; ++i)
      out[length_at + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  }

 private:
  static constexpr std::size_t kLengthMax = std::numeric_limits<std::int32_t>::max();
  explicit Writer(Bytes& out) : out_(out) { reserve_length(); }
  void reserve_length() {
    length_at_ = out_.size();
    out_.insert(out_.end(), 4, 0);
  }

  Bytes& out_;
  std::size_t length_at_ = 0;
};

}  // namespace sluice::pg
