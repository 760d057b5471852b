// SPDX-License-Identifier: Apache-2.0
#include "mask/masks.h"

#include "mask/big_endian.h"
#include "mask/decimal.h"
#include "mask/text_masks.h"
#include "mask/tokens.h"
#include "mask/type_table.h"

#include <sluice/postgres_types.h>

#include <algorithm>
#include <limits>

namespace sluice::mask {
namespace {

namespace type = postgres_type;

constexpr std::uint8_t kJsonbVersion = 1;
constexpr std::int32_t kModifierHeader = 4;  // VARHDRSZ, part of atttypmod of varchar(n), char(n)
constexpr std::size_t kNameBytes = 63;       // NAMEDATALEN - 1
constexpr std::size_t kScaleMax = 60;        // decimals of a masked numeric

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

// A value of char(n) always has n characters; without an n nothing is added, for the length would
// be the value's own. A character is at least a byte of the value at hand in every encoding, which
// keeps a wrong modifier from making us write more than we got.
void pad(const CellType& cell_type, std::string_view cell, std::size_t begin, Bytes& out) {
  const std::size_t limit = character_limit(cell_type);
  if (limit > cell.size()) return;
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

// The decimals that numeric(precision, scale) shows. A wrong modifier must not make us write much.
std::size_t scale_of(std::int32_t modifier) {
  const auto limits = decimal_limits(modifier);
  if (!limits || limits->scale < 0) return 0;
  return std::min(static_cast<std::size_t>(limits->scale), kScaleMax);
}

bool append_token(const TypeRow& row, const CellToMask& from, Bytes& out) {
  switch (row.token) {
    case Token::kInteger: return append_integer_token(from, row.detail, out);
    case Token::kNumeric: return append_numeric_token(from, out);
    case Token::kDate: return append_date_token(from, out);
    case Token::kTime: return append_time_token(from, out);
    case Token::kTimestamp: return append_timestamp_token(from, out);
    case Token::kTimestamptz: return append_timestamptz_token(from, out);
    case Token::kInet: return append_inet_token(from, out);
    case Token::kCidr: return append_cidr_token(from, out);
    case Token::kMacaddr: return append_macaddr_token(from, row.detail, out);
    case Token::kBytea: return append_bytea_token(from, out);
    case Token::kUuid: return append_uuid_token(from, out);
    case Token::kNone: break;
  }
  return false;
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
  append_big_endian(out, 0, 4);  // dimensions
  append_big_endian(out, 0, 4);  // has no NULL
  append_big_endian(out, element, 4);
  return Masked::kValue;
}

}  // namespace

Masked mask_cell(const CellType& cell_type, ByteView cell, MaskKind kind, KeyedHash& hash,
                 Bytes& out) {
  const TypeRow* row = find_type(cell_type.oid);
  if (row == nullptr || kind == MaskKind::kNull) return Masked::kNull;
  if (kind == MaskKind::kHash && row->token != Token::kNone)
    return append_token(*row, {cell_type, cell, hash}, out) ? Masked::kValue : Masked::kNull;
  switch (row->shape) {
    case Shape::kText:
    case Shape::kXml: {
      // What is cut out of XML may be half a tag.
      const bool whole = row->shape == Shape::kXml && kind == MaskKind::kPartial;
      return mask_characters(cell_type, as_text(cell), whole ? MaskKind::kRedact : kind, hash, out);
    }
    case Shape::kJson: return mask_json(cell_type, false, cell, kind, hash, out);
    case Shape::kJsonb: return mask_json(cell_type, true, cell, kind, hash, out);
    case Shape::kNumeric:
      append_decimal(cell_type.format, false, 0, scale_of(cell_type.modifier), out);
      return Masked::kValue;
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
  if (row == nullptr) return false;
  return row->shape == Shape::kBits ||
         (cell_type.oid == type::kBpchar && cell_type.modifier >= kModifierHeader);
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
