// SPDX-License-Identifier: Apache-2.0
#include "mask/masks.h"

#include "mask/text_masks.h"
#include "mask/type_table.h"

#include <sluice/postgres_types.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace sluice::mask {
namespace {

namespace type = postgres_type;

constexpr std::uint8_t kJsonbVersion = 1;
constexpr std::int32_t kModifierHeader = 4;  // VARHDRSZ, part of atttypmod of varchar(n), char(n)
constexpr std::size_t kNameBytes = 63;       // NAMEDATALEN - 1
constexpr std::size_t kScaleMax = 60;        // decimals of a masked numeric

template <class N>
void append_big_endian(Bytes& out, N value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

// The characters that a value of this type may have.
std::size_t character_limit(const CellType& cell_type) {
  switch (cell_type.oid) {
    case type::kChar: return 1;
    case type::kName: return kNameBytes;
    case type::kVarchar:
    case type::kBpchar:
      if (cell_type.modifier >= kModifierHeader)
        return static_cast<std::size_t>(cell_type.modifier - kModifierHeader);
      break;
    default: break;
  }
  return std::numeric_limits<std::size_t>::max();
}

std::string_view without_padding(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

// A value of char(n) always has n characters. The value at hand is no longer than that, which keeps
// a wrong modifier from making us write more than we got.
void pad(const CellType& cell_type, std::string_view cell, std::size_t begin, Bytes& out) {
  const std::size_t limit =
      std::min(character_limit(cell_type), characters_of(cell).value_or(cell.size()));
  const auto written = as_text(ByteView{out}.subspan(begin));
  for (std::size_t have = characters_of(written).value_or(limit); have < limit; ++have)
    out.push_back(' ');
}

Masked mask_characters(const CellType& cell_type, std::string_view cell, MaskKind kind,
                       KeyedHash& hash, Bytes& out) {
  const std::size_t begin = out.size();
  const bool padded = cell_type.oid == type::kBpchar;
  const std::string_view value = padded ? without_padding(cell) : cell;
  if (kind == MaskKind::kHash) {
    if (!append_hash(as_bytes(value), hash, out)) return Masked::kNull;
  } else if (kind != MaskKind::kPartial || !append_partial(value, out)) {
    append(out, kRedacted);
  }
  cut_to_type(cell_type, begin, out);
  if (padded) pad(cell_type, cell, begin, out);
  return Masked::kValue;
}

Masked mask_json(const CellType& cell_type, bool is_jsonb, ByteView cell, MaskKind kind,
                 KeyedHash& hash, Bytes& out) {
  const std::size_t begin = out.size();
  const bool versioned = is_jsonb && cell_type.format == Format::kBinary;
  if (versioned) {
    if (cell.empty() || cell[0] != kJsonbVersion) return Masked::kNull;
    cell = cell.subspan(1);
    out.push_back(kJsonbVersion);
  }
  out.push_back('"');
  if (kind != MaskKind::kHash) {
    append(out, kRedacted);
  } else if (!append_hash(cell, hash, out)) {
    out.resize(begin);
    return Masked::kNull;
  }
  out.push_back('"');
  return Masked::kValue;
}

// Decimal digits, whatever the format, so that both give the same hash.
std::optional<std::string> integer_text(const CellType& cell_type, std::size_t width,
                                        ByteView cell) {
  if (cell_type.format == Format::kText) return std::string{as_text(cell)};
  if (cell.size() != width) return std::nullopt;
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : cell) bits = (bits << 8U) | byte;
  if (cell_type.oid == type::kOid) return std::to_string(bits);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(width);
  return std::to_string(static_cast<std::int64_t>(bits << unused) >> unused);
}

Masked mask_integer(const CellType& cell_type, std::size_t width, ByteView cell, MaskKind kind,
                    KeyedHash& hash, Bytes& out) {
  if (width == 0 || width > sizeof(std::uint64_t)) return Masked::kNull;
  std::uint64_t value = 0;
  if (kind == MaskKind::kHash) {
    const auto text = integer_text(cell_type, width, cell);
    Digest digest{};
    if (!text || !hash.digest(as_bytes(*text), digest)) return Masked::kNull;
    for (std::size_t i = 0; i < width; ++i) value = (value << 8U) | digest[i];
    value &= ~(std::uint64_t{1} << (8 * width - 1));  // not negative, so in range of every type
  }
  if (cell_type.format == Format::kBinary)
    append_big_endian(out, value, width);
  else
    append(out, std::to_string(value));
  return Masked::kValue;
}

// The decimals that numeric(precision, scale) shows: its modifier is precision << 16 | scale, where
// the scale has 11 bits with a sign. A wrong modifier must not make us write very much.
std::size_t scale_of(std::int32_t modifier) {
  if (modifier < kModifierHeader) return 0;
  const auto bits = static_cast<std::uint32_t>(modifier - kModifierHeader) & 0x7ffU;
  return bits > 0x3ffU ? 0 : std::min<std::size_t>(bits, kScaleMax);
}

// In binary: the counts of digits and of those before the point, the sign, the decimals.
Masked mask_numeric(const CellType& cell_type, Bytes& out) {
  const std::size_t scale = scale_of(cell_type.modifier);
  if (cell_type.format == Format::kBinary) {
    append_big_endian(out, 0U, 6);
    append_big_endian(out, scale, 2);
    return Masked::kValue;
  }
  out.push_back('0');
  if (scale > 0) out.push_back('.');
  out.insert(out.end(), scale, '0');
  return Masked::kValue;
}

int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool read_uuid(Format format, ByteView cell, std::array<std::uint8_t, 16>& uuid) {
  if (format == Format::kBinary) {
    if (cell.size() != uuid.size()) return false;
    std::copy(cell.begin(), cell.end(), uuid.begin());
    return true;
  }
  std::size_t digits = 0;
  for (const std::uint8_t c : cell) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0 || digits == 32) return false;
    std::uint8_t& byte = uuid[digits / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | digit);
    ++digits;
  }
  return digits == 32;
}

void append_uuid(Format format, const std::array<std::uint8_t, 16>& uuid, Bytes& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  if (format == Format::kBinary) {
    append(out, ByteView{uuid});
    return;
  }
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(static_cast<std::uint8_t>(kHex[uuid[i] >> 4U]));
    out.push_back(static_cast<std::uint8_t>(kHex[uuid[i] & 15U]));
  }
}

Masked mask_uuid(const CellType& cell_type, ByteView cell, MaskKind kind, KeyedHash& hash,
                 Bytes& out) {
  std::array<std::uint8_t, 16> uuid{};
  if (kind == MaskKind::kHash) {
    std::array<std::uint8_t, 16> value{};
    Digest digest{};
    if (!read_uuid(cell_type.format, cell, value) || !hash.digest(value, digest))
      return Masked::kNull;
    std::copy_n(digest.begin(), uuid.size(), uuid.begin());
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0fU) | 0x80U);  // RFC 9562: version 8, custom
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3fU) | 0x80U);
  }
  append_uuid(cell_type.format, uuid, out);
  return Masked::kValue;
}

// bit(n), all zero. The length must come from the type: without one, or where the value denies it,
// there is no value to give.
Masked mask_bits(const CellType& cell_type, ByteView cell, Bytes& out) {
  if (cell_type.modifier <= 0) return Masked::kNull;
  const auto bits = static_cast<std::size_t>(cell_type.modifier);  // without a header
  const std::size_t bytes = (bits + 7) / 8;
  if (cell_type.format == Format::kText) {
    if (cell.size() != bits) return Masked::kNull;
    out.insert(out.end(), bits, '0');
    return Masked::kValue;
  }
  if (cell.size() != bytes + 4) return Masked::kNull;
  append_big_endian(out, bits, 4);
  out.insert(out.end(), bytes, 0);
  return Masked::kValue;
}

Masked mask_array(const CellType& cell_type, std::uint32_t element, Bytes& out) {
  if (cell_type.format == Format::kText) {
    append(out, "{}");
    return Masked::kValue;
  }
  append_big_endian(out, 0U, 4);  // dimensions
  append_big_endian(out, 0U, 4);  // has no NULL
  append_big_endian(out, element, 4);
  return Masked::kValue;
}

}  // namespace

Masked mask_cell(const CellType& cell_type, ByteView cell, MaskKind kind, KeyedHash& hash,
                 Bytes& out) {
  const TypeRow* row = find_type(cell_type.oid);
  if (row == nullptr || kind == MaskKind::kNull) return Masked::kNull;
  switch (row->shape) {
    case Shape::kText:
    case Shape::kXml: {
      // What is cut out of XML may be half a tag.
      const bool whole = row->shape == Shape::kXml && kind == MaskKind::kPartial;
      return mask_characters(cell_type, as_text(cell), whole ? MaskKind::kRedact : kind, hash, out);
    }
    case Shape::kJson: return mask_json(cell_type, false, cell, kind, hash, out);
    case Shape::kJsonb: return mask_json(cell_type, true, cell, kind, hash, out);
    case Shape::kInteger: return mask_integer(cell_type, row->detail, cell, kind, hash, out);
    case Shape::kNumeric: return mask_numeric(cell_type, out);
    case Shape::kUuid: return mask_uuid(cell_type, cell, kind, hash, out);
    case Shape::kBits: return mask_bits(cell_type, cell, out);
    case Shape::kArray: return mask_array(cell_type, row->detail, out);
    case Shape::kFixed:
    case Shape::kWords:
      append(out, cell_type.format == Format::kText ? row->text : row->binary);
      return Masked::kValue;
  }
  return Masked::kNull;
}

bool redact_takes_length(const CellType& cell_type) {
  const TypeRow* row = find_type(cell_type.oid);
  return row != nullptr && (row->shape == Shape::kBits || cell_type.oid == type::kBpchar);
}

Masked mask_null(const CellType& cell_type, KeyedHash& hash, Bytes& out) {
  if (redact_takes_length(cell_type)) return Masked::kNull;
  static constexpr std::uint8_t kAnyJsonb[] = {kJsonbVersion};
  return mask_cell(cell_type, kAnyJsonb, MaskKind::kRedact, hash, out);
}

void cut_to_type(const CellType& cell_type, std::size_t begin, Bytes& out) {
  const auto written = as_text(ByteView{out}.subspan(begin));
  out.resize(begin + first_characters(written, character_limit(cell_type)).size());
}

void mask_text(ByteView text, MaskKind kind, KeyedHash& hash, Bytes& out) {
  if (kind == MaskKind::kNull) return;
  if (kind == MaskKind::kPartial && append_partial(as_text(text), out)) return;
  if (kind == MaskKind::kHash && append_hash(text, hash, out)) return;
  append(out, kRedacted);
}

bool is_text_like(std::uint32_t type_oid) {
  const TypeRow* row = find_type(type_oid);
  if (row == nullptr) return true;
  if (row->shape == Shape::kArray) return is_text_like(row->detail);
  return row->shape == Shape::kText || row->shape == Shape::kJson || row->shape == Shape::kJsonb ||
         row->shape == Shape::kXml || row->shape == Shape::kWords;
}

}  // namespace sluice::mask
