// SPDX-License-Identifier: Apache-2.0
// Tokens of integers and floating point numbers.
#include "mask/big_endian.h"
#include "mask/tokens.h"

#include <sluice/postgres_types.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

namespace sluice::mask {
namespace {

// All of the text is the number.
template <class Number>
std::optional<Number> parsed(ByteView cell) {
  const std::string_view text = as_text(cell);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value in the lowest `width` bytes.
std::optional<std::uint64_t> read_integer(const CellToMask& from, std::size_t width) {
  if (from.type.format == Format::kBinary)
    return from.cell.size() == width ? std::optional{unsigned_of(from.cell)} : std::nullopt;
  const auto value = parsed<std::int64_t>(from.cell);
  if (!value) return std::nullopt;
  const auto bits = static_cast<unsigned>(8 * width);
  const auto kept = static_cast<std::uint64_t>(*value) << (64 - bits) >> (64 - bits);
  const bool fits = from.type.oid == postgres_type::kOid
                        ? kept == static_cast<std::uint64_t>(*value)
                        : signed_of(kept, bits) == *value;
  return fits ? std::optional{kept} : std::nullopt;
}

// The finite ones are numbered from zero up, then the negative ones from the smallest down.
template <class Float>
bool append_float(const CellToMask& from, Bytes& out) {
  using Unsigned = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;
  constexpr Unsigned kSign = Unsigned{1} << (8 * sizeof(Unsigned) - 1);
  constexpr auto kInfinity = std::bit_cast<Unsigned>(std::numeric_limits<Float>::infinity());
  std::optional<Float> value;
  if (from.type.format == Format::kText)
    value = parsed<Float>(from.cell);
  else if (from.cell.size() == sizeof(Float))
    value = std::bit_cast<Float>(static_cast<Unsigned>(unsigned_of(from.cell)));
  if (!value || !std::isfinite(*value)) return false;
  const auto bits = std::bit_cast<Unsigned>(*value);
  const std::uint64_t size = bits & ~kSign;  // -0 is 0
  std::uint64_t number = (bits & kSign) != 0 && size != 0 ? kInfinity - 1 + size : size;
  if (!from.hash.permutation().below(number, 2 * std::uint64_t{kInfinity} - 1, Domain::kFloat))
    return false;
  const auto token =
      static_cast<Unsigned>(number < kInfinity ? number : kSign | (number - (kInfinity - 1)));
  if (from.type.format == Format::kBinary) {
    append_big_endian(out, token, sizeof(Float));
    return true;
  }
  std::array<char, 64> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), std::bit_cast<Float>(token));
  if (error != std::errc{}) return false;
  append(out, std::string_view{text.data(), end});
  return true;
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

bool append_float_token(const CellToMask& from, std::size_t width, Bytes& out) {
  return width == sizeof(float) ? append_float<float>(from, out) : append_float<double>(from, out);
}

}  // namespace sluice::mask
