// SPDX-License-Identifier: Apache-2.0
// What message bodies are made of: big-endian integers, NUL-terminated strings, counted values.
// Everything here views the body it was read from and allocates nothing.
#pragma once

#include <sluice/bytes.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

namespace sluice::pg {

enum class Format : std::uint8_t { kText = 0, kBinary = 1 };

// Unaligned big-endian loads; the caller has checked that the bytes are there.
inline std::uint16_t load_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline std::uint32_t load_u32(const std::uint8_t* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  return value;
}
inline std::uint64_t load_u64(const std::uint8_t* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  return value;
}

// A cursor over one body. A read past the end sets failed() and gives zeros from then on, so that
// a decoder reads all its fields first and asks once.
class Reader {
 public:
  explicit Reader(ByteView body) : rest_(body) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  ByteView bytes(std::size_t count);
  // Up to its NUL, which is consumed and not part of the view. No NUL before the end: failed().
  std::string_view string();
  ByteView rest();  // everything left, consumed

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  // Nothing failed and nothing is left over: the only state in which a body has been understood.
  bool exhausted() const { return !failed_ && rest_.empty(); }
  ByteView peek_rest() const { return rest_; }

 private:
  ByteView rest_;
  bool failed_ = false;
};

// int32 length and that many bytes, over and over; -1 is NULL. Cells of a DataRow, parameters of
// a Bind, arguments of a FunctionCall. Made only by read_values(), which has checked every length.
class ValueList {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::optional<ByteView>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    Iterator() = default;
    Iterator(const std::uint8_t* at, std::size_t left) : at_(at), left_(left) {}
    value_type operator*() const {
      const std::uint32_t length = load_u32(at_);
      if (length == kNull) return std::nullopt;
      return ByteView{at_ + 4, length};
    }
    Iterator& operator++() {
      const std::uint32_t length = load_u32(at_);
      at_ += 4 + (length == kNull ? 0 : length);
      --left_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return left_ == other.left_; }

   private:
    static constexpr std::uint32_t kNull = 0xffffffff;
    const std::uint8_t* at_ = nullptr;
    std::size_t left_ = 0;
  };

  ValueList() = default;
  Iterator begin() const { return {encoded_.data(), count_}; }
  Iterator end() const { return {nullptr, 0}; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  ByteView encoded() const { return encoded_; }  // lengths and values as on the wire, no count

 private:
  friend std::optional<ValueList> read_values(Reader& reader, std::size_t count);
  ByteView encoded_;
  std::size_t count_ = 0;
};

// nullopt if a length is below -1 or reaches past the body.
std::optional<ValueList> read_values(Reader& reader, std::size_t count);

// Format codes of Bind, FunctionCall and COPY responses. For Bind and FunctionCall none means all
// text and one means the same for all. Every code has been checked to be 0 or 1.
class FormatCodes {
 public:
  FormatCodes() = default;
  explicit FormatCodes(ByteView codes) : codes_(codes) {}
  std::size_t size() const { return codes_.size() / 2; }
  bool empty() const { return codes_.empty(); }
  Format at(std::size_t index) const { return static_cast<Format>(codes_[index * 2 + 1]); }
  // Of value `index` by the rule above; text where the list is too short to say.
  Format of(std::size_t index) const {
    if (size() == 1) return at(0);
    return index < size() ? at(index) : Format::kText;
  }
  ByteView encoded() const { return codes_; }

 private:
  ByteView codes_;
};

// int16 count and that many codes; nullopt if too many, cut short, or a code is neither 0 nor 1.
std::optional<FormatCodes> read_formats(Reader& reader, std::size_t count_max);

// Type OIDs of Parse and ParameterDescription.
class OidList {
 public:
  OidList() = default;
  explicit OidList(ByteView oids) : oids_(oids) {}
  std::size_t size() const { return oids_.size() / 4; }
  bool empty() const { return oids_.empty(); }
  std::uint32_t operator[](std::size_t index) const { return load_u32(oids_.data() + index * 4); }

 private:
  ByteView oids_;
};

std::optional<OidList> read_oids(Reader& reader, std::size_t count_max);

}  // namespace sluice::pg
