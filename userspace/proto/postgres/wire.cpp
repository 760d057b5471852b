// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/wire.h"

#include <algorithm>

namespace sluice::pg {

ByteView Reader::bytes(std::size_t count) {
  if (failed_ || rest_.size() < count) {
    failed_ = true;
    return {};
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint8_t Reader::u8() {
  const ByteView at = bytes(1);
  return failed_ ? std::uint8_t{0} : at[0];
}
std::uint16_t Reader::u16() {
  const ByteView at = bytes(2);
  return failed_ ? std::uint16_t{0} : load_u16(at.data());
}
std::uint32_t Reader::u32() {
  const ByteView at = bytes(4);
  return failed_ ? 0 : load_u32(at.data());
}
std::uint64_t Reader::u64() {
  const ByteView at = bytes(8);
  return failed_ ? 0 : load_u64(at.data());
}

std::string_view Reader::string() {
  if (failed_) return {};
  const auto nul = std::find(rest_.begin(), rest_.end(), std::uint8_t{0});
  if (nul == rest_.end()) {
    failed_ = true;
    return {};
  }
  const auto length = static_cast<std::size_t>(nul - rest_.begin());
  const std::string_view text = as_text(rest_.first(length));
  rest_ = rest_.subspan(length + 1);
  return text;
}

ByteView Reader::rest() { return bytes(rest_.size()); }

std::optional<ValueList> read_values(Reader& reader, std::size_t count) {
  const ByteView all = reader.peek_rest();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t length = reader.i32();
    if (length < -1) return std::nullopt;
    if (length > 0) reader.bytes(static_cast<std::size_t>(length));
    if (reader.failed()) return std::nullopt;
  }
  ValueList values;
  values.encoded_ = all.first(all.size() - reader.left());
  values.count_ = count;
  return values;
}

std::optional<FormatCodes> read_formats(Reader& reader, std::size_t count_max) {
  const std::size_t count = reader.u16();
  if (count > count_max) return std::nullopt;
  const ByteView codes = reader.bytes(count * 2);
  if (reader.failed()) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i)
    if (load_u16(codes.data() + i * 2) > 1) return std::nullopt;
  return FormatCodes{codes};
}

std::optional<OidList> read_oids(Reader& reader, std::size_t count_max) {
  const std::size_t count = reader.u16();
  if (count > count_max) return std::nullopt;
  const ByteView oids = reader.bytes(count * 4);
  if (reader.failed()) return std::nullopt;
  return OidList{oids};
}

}  // namespace sluice::pg
