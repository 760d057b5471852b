// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "proto/postgres/type_oids.h"
#include "proto/postgres/values_detail.h"

namespace sluice::pg {
namespace detail {

Error malformed_value(std::string_view type) {
  return Error{"the bytes are not a binary " + std::string(type)};
}

std::string hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace detail

namespace {

using detail::hex;
using detail::malformed_value;

std::string cut(std::string text, std::size_t value_bytes, const RenderLimits& limits) {
  if (text.size() <= limits.text_bytes_max) return text;
  text.resize(limits.text_bytes_max);
  return text + "... (" + std::to_string(value_bytes) + " bytes)";
}

std::string text_of(ByteView value, const RenderLimits& limits) {
  const std::size_t shown = std::min(value.size(), limits.text_bytes_max + 1);
  return cut(std::string(as_text(value.first(shown))), value.size(), limits);
}

std::string hex_of(ByteView value, const RenderLimits& limits) {
  const std::size_t shown = std::min(value.size(), limits.text_bytes_max / 2 + 1);
  return cut("\\x" + hex(value.first(shown)), value.size(), limits);
}

template <class T>
Result<std::string> integer(ByteView value, std::string_view type) {
  if (value.size() != sizeof(T)) return malformed_value(type);
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : value) bits = bits << 8 | byte;
  return std::to_string(static_cast<T>(bits));
}

Result<std::string> render_bool(ByteView value) {
  if (value.size() != 1 || value[0] > 1) return malformed_value("bool");
  return std::string(value[0] == 1 ? "t" : "f");
}

Result<std::string> render_float(std::uint32_t type, ByteView value) {
  if (type == oid::kFloat4) {
    if (value.size() != 4) return malformed_value("float4");
    return detail::render_float4(std::bit_cast<float>(load_u32(value.data())));
  }
  if (value.size() != 8) return malformed_value("float8");
  return detail::render_float8(std::bit_cast<double>(load_u64(value.data())));
}

Result<std::string> render_uuid(ByteView value) {
  if (value.size() != 16) return malformed_value("uuid");
  std::string text = hex(value);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

Result<std::string> render_macaddr(ByteView value, std::size_t bytes) {
  if (value.size() != bytes) return malformed_value("macaddr");
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += (i == 0 ? "" : ":") + hex(value.subspan(i, 1));
  return text;
}

Result<std::string> render_bit(ByteView value, const RenderLimits& limits) {
  Reader reader{value};
  const std::uint32_t bits = reader.u32();
  if (reader.failed() || bits > 0x7fffffff || reader.left() != (std::size_t{bits} + 7) / 8)
    return malformed_value("bit");
  const ByteView digits = reader.rest();
  std::string text;
  for (std::size_t i = 0; i < bits && text.size() <= limits.text_bytes_max; ++i)
    text += (digits[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  return text;
}

Result<std::string> render_tid(ByteView value) {
  Reader reader{value};
  const std::uint32_t block = reader.u32();
  const std::uint16_t offset = reader.u16();
  if (!reader.exhausted()) return malformed_value("tid");
  return "(" + std::to_string(block) + "," + std::to_string(offset) + ")";
}

Result<std::string> render_jsonb(ByteView value, const RenderLimits& limits) {
  if (value.empty() || value[0] != 1) return malformed_value("jsonb of version 1");
  return text_of(value.subspan(1), limits);
}

// Arrays whose elements are rendered, and the element each must announce.
std::optional<std::uint32_t> element_of(std::uint32_t array) {
  static constexpr std::pair<std::uint32_t, std::uint32_t> kArrays[] = {
      {oid::kInt2Vector, oid::kInt2},        {oid::kOidVector, oid::kOid},
      {oid::kXmlArray, oid::kXml},           {oid::kJsonArray, oid::kJson},
      {oid::kCidrArray, oid::kCidr},         {oid::kBoolArray, oid::kBool},
      {oid::kByteaArray, oid::kBytea},       {oid::kCharArray, oid::kChar},
      {oid::kNameArray, oid::kName},         {oid::kInt2Array, oid::kInt2},
      {oid::kInt4Array, oid::kInt4},         {oid::kTextArray, oid::kText},
      {oid::kBpcharArray, oid::kBpchar},     {oid::kVarcharArray, oid::kVarchar},
      {oid::kInt8Array, oid::kInt8},         {oid::kFloat4Array, oid::kFloat4},
      {oid::kFloat8Array, oid::kFloat8},     {oid::kOidArray, oid::kOid},
      {oid::kInetArray, oid::kInet},         {oid::kTimestampArray, oid::kTimestamp},
      {oid::kDateArray, oid::kDate},         {oid::kTimeArray, oid::kTime},
      {oid::kIntervalArray, oid::kInterval}, {oid::kNumericArray, oid::kNumeric},
      {oid::kTimetzArray, oid::kTimetz},     {oid::kTimestamptzArray, oid::kTimestamptz},
      {oid::kUuidArray, oid::kUuid},         {oid::kJsonbArray, oid::kJsonb},
      {oid::kCstringArray, oid::kCstring}};
  for (const auto& [type, element] : kArrays)
    if (type == array) return element;
  return std::nullopt;
}

Result<std::string> render_scalar(std::uint32_t type, ByteView value, const RenderLimits& limits) {
  switch (type) {
    case oid::kBool: return render_bool(value);
    case oid::kInt2: return integer<std::int16_t>(value, "int2");
    case oid::kInt4: return integer<std::int32_t>(value, "int4");
    case oid::kInt8: return integer<std::int64_t>(value, "int8");
    case oid::kOid:
    case oid::kXid:
    case oid::kCid:
    case oid::kRegproc:
    case oid::kRegprocedure:
    case oid::kRegclass:
    case oid::kRegtype: return integer<std::uint32_t>(value, "oid");
    case oid::kFloat4:
    case oid::kFloat8: return render_float(type, value);
    case oid::kNumeric: return detail::render_numeric(value);
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kName:
    case oid::kChar:
    case oid::kUnknown:
    case oid::kCstring:
    case oid::kRefcursor:
    case oid::kJson:
    case oid::kXml: return text_of(value, limits);
    case oid::kJsonb: return render_jsonb(value, limits);
    case oid::kUuid: return render_uuid(value);
    case oid::kDate: return detail::render_date(value);
    case oid::kTime: return detail::render_time(value);
    case oid::kTimetz: return detail::render_timetz(value);
    case oid::kTimestamp: return detail::render_timestamp(value, false);
    case oid::kTimestamptz: return detail::render_timestamp(value, true);
    case oid::kInterval: return detail::render_interval(value);
    case oid::kInet: return detail::render_inet(value, false);
    case oid::kCidr: return detail::render_inet(value, true);
    case oid::kMacaddr: return render_macaddr(value, 6);
    case oid::kMacaddr8: return render_macaddr(value, 8);
    case oid::kBit:
    case oid::kVarbit: return render_bit(value, limits);
    case oid::kTid: return render_tid(value);
    default: return hex_of(value, limits);  // bytea too
  }
}

// array_out's rule: quote what would otherwise be read as something else.
std::string quoted_element(const std::string& text) {
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  std::string word = text.substr(0, 5);
  std::transform(word.begin(), word.end(), word.begin(), lower);
  if (!text.empty() && word != "null" && text.find_first_of("\"\\{}, \t\n\r\v\f") == text.npos)
    return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

struct Dimension {
  std::uint32_t length = 0;
  std::int32_t lower_bound = 1;
};

class ArrayRenderer {
 public:
  ArrayRenderer(std::uint32_t element, const RenderLimits& limits)
      : element_(element), limits_(limits) {}

  Result<std::string> render(ByteView value, bool vector) {
    Reader reader{value};
    SLUICE_TRY_VOID(read_head(reader));
    if (count_ == 0)
      return reader.exhausted() ? Result<std::string>{vector ? "" : "{}"} : malformed();
    if (vector && dimensions_used_ != 1) return malformed();
    if (!vector) write_bounds();
    for (std::uint64_t index = 0; index < count_; ++index) {
      if (reader.left() < 4) return malformed();
      SLUICE_TRY_VOID(element(reader, index, vector));
    }
    if (!reader.exhausted()) return malformed();
    return cut(std::move(text_), value.size(), limits_);
  }

 private:
  static constexpr std::uint32_t kDimensionsMax = 6;  // MAXDIM

  static Error malformed() { return malformed_value("array"); }

  Result<void> read_head(Reader& reader) {
    const std::uint32_t dimensions = reader.u32();
    const std::uint32_t flags = reader.u32();
    const std::uint32_t element = reader.u32();
    if (reader.failed() || dimensions > kDimensionsMax || flags > 1 || element != element_)
      return malformed();
    dimensions_used_ = dimensions;
    count_ = dimensions == 0 ? 0 : 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      dimensions_[i] = {reader.u32(), reader.i32()};
      count_ *= dimensions_[i].length;
      // Each element takes four bytes at least, so a larger count is a lie; this also keeps the
      // product from overflowing.
      if (reader.failed() || count_ > reader.left() / 4) return malformed();
    }
    return {};
  }

  void write_bounds() {
    bool needed = false;
    for (std::uint32_t i = 0; i < dimensions_used_; ++i) needed |= dimensions_[i].lower_bound != 1;
    if (!needed) return;
    for (std::uint32_t i = 0; i < dimensions_used_; ++i) {
      const std::int64_t lower = dimensions_[i].lower_bound;
      text_ += "[" + std::to_string(lower) + ":" +
               std::to_string(lower + std::int64_t{dimensions_[i].length} - 1) + "]";
    }
    text_ += "=";
  }

  // All elements are read, so that a malformed one is found; only the first ones are shown.
  Result<void> element(Reader& reader, std::uint64_t index, bool vector) {
    const std::int32_t length = reader.i32();
    if (length < -1) return malformed();
    const ByteView bytes = length > 0 ? reader.bytes(static_cast<std::size_t>(length)) : ByteView{};
    if (reader.failed()) return malformed();
    if (index > limits_.array_elements_max || text_.size() > limits_.text_bytes_max) return {};
    if (index == limits_.array_elements_max) {
      text_ += ", ... (" + std::to_string(count_) + " elements)";
      return {};
    }
    if (vector) {
      text_ += index == 0 ? "" : " ";
    } else {
      open_braces(index);
    }
    if (length == -1) {
      text_ += "NULL";
    } else {
      SLUICE_TRY(const std::string shown, render_scalar(element_, bytes, limits_));
      text_ += vector ? shown : quoted_element(shown);
    }
    if (!vector) close_braces(index);
    return {};
  }

  // How many dimensions begin at `index`, counted from the innermost.
  void open_braces(std::uint64_t index) {
    if (index > 0) text_ += ',';
    std::uint64_t span = 1;
    for (std::uint32_t i = dimensions_used_; i-- > 0;) {
      span *= dimensions_[i].length;
      if (index % span == 0) text_ += '{';
    }
  }
  void close_braces(std::uint64_t index) {
    std::uint64_t span = 1;
    for (std::uint32_t i = dimensions_used_; i-- > 0;) {
      span *= dimensions_[i].length;
      if ((index + 1) % span == 0) text_ += '}';
    }
  }

  std::uint32_t element_;
  const RenderLimits& limits_;
  std::array<Dimension, kDimensionsMax> dimensions_{};
  std::uint32_t dimensions_used_ = 0;
  std::uint64_t count_ = 0;
  std::string text_;
};

}  // namespace

Result<std::string> render_value(std::uint32_t type_oid, Format format, ByteView value,
                                 const RenderLimits& limits) {
  if (format == Format::kText) return text_of(value, limits);
  if (const auto element = element_of(type_oid)) {
    const bool vector = type_oid == oid::kInt2Vector || type_oid == oid::kOidVector;
    return ArrayRenderer{*element, limits}.render(value, vector);
  }
  auto text = render_scalar(type_oid, value, limits);
  if (!text) return text;
  return text->size() > limits.text_bytes_max + 64 ? cut(*std::move(text), value.size(), limits)
                                                   : text;
}

}  // namespace sluice::pg
