// SPDX-License-Identifier: Apache-2.0
#include "mask/decimal.h"

#include "mask/big_endian.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::mask {
namespace {

constexpr std::size_t kGroupDigits = 4;  // a digit of the binary format is one of 10,000
constexpr std::size_t kHeadBytes = 8;    // count of groups, weight of the first, sign, scale
constexpr std::uint64_t kNegative = 0x4000;
constexpr std::int32_t kModifierHeader = 4;  // VARHDRSZ

// `point` counts from the first digit, zeros included.
Decimal trimmed(bool negative, std::string digits, long point) {
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return {};
  digits.erase(digits.find_last_not_of('0') + 1);
  digits.erase(0, first);
  return {negative, std::move(digits), point - static_cast<long>(first)};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Decimal> read_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits{text.substr(0, point)};
  if (point < text.size()) digits += text.substr(point + 1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  return trimmed(negative, std::move(digits), static_cast<long>(point));
}

std::optional<Decimal> read_binary(ByteView cell) {
  if (cell.size() < kHeadBytes) return std::nullopt;
  const std::uint64_t groups = unsigned_of(cell.first(2));
  const auto weight = static_cast<long>(signed_of(unsigned_of(cell.subspan(2, 2)), 16));
  const std::uint64_t sign = unsigned_of(cell.subspan(4, 2));
  if ((sign != 0 && sign != kNegative) || cell.size() != kHeadBytes + 2 * groups)
    return std::nullopt;
  std::string digits;
  for (std::size_t at = kHeadBytes; at < cell.size(); at += 2) {
    const std::uint64_t group = unsigned_of(cell.subspan(at, 2));
    if (group > 9999) return std::nullopt;
    const std::string shown = std::to_string(group);
    digits.append(kGroupDigits - shown.size(), '0').append(shown);
  }
  return trimmed(sign == kNegative, std::move(digits),
                 static_cast<long>(kGroupDigits) * (weight + 1));
}

}  // namespace

std::optional<Decimal> read_decimal(Format format, ByteView cell) {
  return format == Format::kText ? read_text(as_text(cell)) : read_binary(cell);
}

void append_decimal(Format format, bool negative, std::uint64_t units, std::size_t scale,
                    Bytes& out) {
  std::string digits = std::to_string(units);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  const std::size_t whole = digits.size() - scale;
  if (format == Format::kText) {
    if (negative && units != 0) out.push_back('-');
    append(out, std::string_view{digits}.substr(0, whole));
    if (scale > 0) out.push_back('.');
    append(out, std::string_view{digits}.substr(whole));
    return;
  }
  // Groups are counted from the point.
  const std::size_t before = (kGroupDigits - whole % kGroupDigits) % kGroupDigits;
  digits.insert(0, before, '0');
  digits.append((kGroupDigits - scale % kGroupDigits) % kGroupDigits, '0');
  std::vector<std::uint64_t> groups;
  for (std::size_t at = 0; at < digits.size(); at += kGroupDigits)
    groups.push_back(std::stoull(digits.substr(at, kGroupDigits)));
  auto weight = static_cast<long>((whole + before) / kGroupDigits) - 1;
  while (!groups.empty() && groups.back() == 0) groups.pop_back();
  while (!groups.empty() && groups.front() == 0) {
    groups.erase(groups.begin());
    --weight;
  }
  if (groups.empty()) weight = 0;
  append_big_endian(out, groups.size(), 2);
  append_big_endian(out, static_cast<std::uint64_t>(weight), 2);
  append_big_endian(out, negative && units != 0 ? kNegative : 0, 2);
  append_big_endian(out, scale, 2);
  for (const std::uint64_t group : groups) append_big_endian(out, group, 2);
}

std::optional<DecimalLimits> decimal_limits(std::int32_t modifier) {
  if (modifier < kModifierHeader) return std::nullopt;
  const auto packed = static_cast<std::uint32_t>(modifier - kModifierHeader);
  return DecimalLimits{packed >> 16U, static_cast<int>(signed_of(packed & 0x7ffU, 11))};
}

}  // namespace sluice::mask
