// SPDX-License-Identifier: Apache-2.0
#include "mask/big_endian.h"
#include "mask/decimal.h"
#include "mask/tokens.h"

namespace sluice::mask {
namespace {

constexpr unsigned kUnlimitedDigits = 15;
constexpr unsigned kPermutedDigitsMax = 18;  // with both signs they fit into 64 bits
constexpr int kScaleMax = 60;

std::uint64_t power_of_ten(unsigned exponent) {
  std::uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// Of so many digits in all, `scale` of them decimals.
std::optional<std::uint64_t> units_of(const Decimal& value, unsigned precision, int scale) {
  const long count = value.point + scale;  // digits of the number of units
  if (value.digits.empty()) return 0;
  if (count > static_cast<long>(precision) || count < static_cast<long>(value.digits.size()))
    return std::nullopt;
  std::uint64_t units = 0;
  for (const char digit : value.digits)
    units = 10 * units + static_cast<std::uint64_t>(digit - '0');
  return units *
         power_of_ten(static_cast<unsigned>(count) - static_cast<unsigned>(value.digits.size()));
}

std::optional<std::uint64_t> digest_below(const Decimal& value, std::uint64_t count,
                                          KeyedHash& hash) {
  const std::string text = "numeric " + std::string{value.negative ? "-" : ""} + value.digits +
                           "e" + std::to_string(value.point);
  Digest digest{};
  if (!hash.digest(as_bytes(text), digest)) return std::nullopt;
  return unsigned_of(ByteView{digest}.first(8)) % count;
}

}  // namespace

bool append_numeric_token(const CellToMask& from, Bytes& out) {
  const auto value = read_decimal(from.type.format, from.cell);
  const auto limits = decimal_limits(from.type.modifier);
  const int scale = limits ? limits->scale : 0;
  if (!value || scale < 0 || scale > kScaleMax) return false;
  if (!limits || limits->precision > kPermutedDigitsMax) {
    const unsigned digits = limits ? kPermutedDigitsMax : kUnlimitedDigits;
    const auto units = digest_below(*value, power_of_ten(digits), from.hash);
    if (!units) return false;
    append_decimal(from.type.format, false, *units, static_cast<std::size_t>(scale), out);
    return true;
  }
  if (limits->precision == 0) return false;
  const auto units = units_of(*value, limits->precision, scale);
  if (!units) return false;
  // From the smallest number of the type up.
  const std::uint64_t largest = power_of_ten(limits->precision) - 1;
  std::uint64_t number = value->negative ? largest - *units : largest + *units;
  if (!from.hash.permutation().below(number, 2 * largest + 1, Domain::kNumeric)) return false;
  const bool negative = number < largest;
  append_decimal(from.type.format, negative, negative ? largest - number : number - largest,
                 static_cast<std::size_t>(scale), out);
  return true;
}

}  // namespace sluice::mask
