// SPDX-License-Identifier: Apache-2.0
// The scalar encodings of record/format.h. A Cursor fails once and stays failed, so that a decoder
// reads straight through and asks at the end.
#pragma once

#include <sluice/bytes.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::record {

inline void put_u32(std::uint8_t* to, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
inline void put_u64(std::uint8_t* to, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
inline std::uint32_t get_u32(const std::uint8_t* from) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | from[i];
  return value;
}
inline std::uint64_t get_u64(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8) | from[i];
  return value;
}

// Appends to `out`.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  void byte(std::uint8_t value) { out_.push_back(value); }
  void flag(bool value) { byte(value ? 1 : 0); }
  void fixed64(std::uint64_t value) {
    const std::size_t at = out_.size();
    out_.resize(at + 8);
    put_u64(out_.data() + at, value);
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void raw(ByteView bytes) { append(out_, bytes); }
  void blob(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void text(std::string_view value) { blob(as_bytes(value)); }

 private:
  Bytes& out_;
};

class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool done() const { return !failed_ && rest_.empty(); }
  ByteView rest() const { return rest_; }
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  ByteView raw(std::uint64_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const ByteView bytes = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(bytes.size());
    return bytes;
  }
  std::uint8_t byte() {
    const ByteView one = raw(1);
    return one.empty() ? 0 : one[0];
  }
  bool flag() {
    const std::uint8_t value = byte();
    if (value > 1) fail();
    return value == 1;
  }
  std::uint32_t fixed32() {
    const ByteView bytes = raw(4);
    return bytes.empty() ? 0 : get_u32(bytes.data());
  }
  std::uint64_t fixed64() {
    const ByteView bytes = raw(8);
    return bytes.empty() ? 0 : get_u64(bytes.data());
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      if (failed_) return 0;
      // The tenth byte has room for one bit; a last byte of zero is a longer form than needed.
      if ((shift == 63 && part > 1) || (part == 0 && shift > 0)) break;
      value |= static_cast<std::uint64_t>(part & 0x7FU) << shift;
      if (part < 0x80) return value;
    }
    fail();
    return 0;
  }
  ByteView blob() { return raw(varint()); }
  std::string text() { return std::string{as_text(blob())}; }

 private:
  ByteView rest_;
  bool failed_ = false;
};

}  // namespace sluice::record
