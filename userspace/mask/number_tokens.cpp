// SPDX-License-Identifier: Apache-2.0
// Tokens of integers.
#include "mask/big_endian.h"
#include "mask/tokens.h"

#include <sluice/postgres_types.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::mask {
namespace {

// All of the text is the number.
std::optional<std::int64_t> parsed(ByteView cell) {
  const std::string_view text = as_text(cell);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value in the lowest `width` bytes.
std::optional<std::uint64_t> read_integer(const CellToMask& from, std::size_t width) {
  if (from.type.format == Format::kBinary)
    return from.cell.size() == width ? std::optional{unsigned_of(from.cell)} : std::nullopt;
  const auto value = parsed(from.cell);
  if (!value) return std::nullopt;
  const auto bits = static_cast<unsigned>(8 * width);
  const auto kept = static_cast<std::uint64_t>(*value) << (64 - bits) >> (64 - bits);
  const bool fits = from.type.oid == postgres_type::kOid
                        ? kept == static_cast<std::uint64_t>(*value)
                        : signed_of(kept, bits) == *value;
  return fits ? std::optional{kept} : std::nullopt;
}

}  // namespace

bool append_integer_token(const CellToMask& from, std::size_t width, Bytes& out) {
  const bool is_oid = from.type.oid == postgres_type::kOid;
  const auto bits = static_cast<unsigned>(8 * width);
  const auto value = read_integer(from, width);
  if (!value) return false;
  std::uint64_t token = *value;
  if (!from.hash.permutation().of_bits(token, bits, is_oid ? Domain::kOid : Domain::kInteger))
    return false;
  if (from.type.format == Format::kBinary)
    append_big_endian(out, token, width);
  else
    append(out, is_oid ? std::to_string(token) : std::to_string(signed_of(token, bits)));
  return true;
}

}  // namespace sluice::mask
