// SPDX-License-Identifier: Apache-2.0
// Tokens of days and times. PostgreSQL's binary formats count days and microseconds from
// 2000-01-01; in text this reads DateStyle ISO.
#include "mask/big_endian.h"
#include "mask/tokens.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

namespace sluice::mask {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::int64_t kMicroseconds = 1'000'000;
constexpr unsigned kDecimalsMax = 6;

constexpr sys_days kFirst{std::chrono::year{1} / 1 / 1};
constexpr sys_days kLast{std::chrono::year{9999} / 12 / 31};
constexpr sys_days kEpoch{std::chrono::year{2000} / 1 / 1};
constexpr std::int64_t kDays = (kLast - kFirst).count() + 1;
constexpr std::int64_t kEpochDay = (kEpoch - kFirst).count();  // of the days from kFirst

// Takes a number of exactly so many digits from the front.
bool take_digits(std::string_view& text, std::size_t count, std::int64_t& value) {
  if (text.size() < count) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc{} || end != text.data() + count || value < 0) return false;
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// YYYY-MM-DD, as days from kFirst.
bool take_date(std::string_view& text, std::int64_t& day) {
  std::int64_t year = 0, month = 0, of_month = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
      !take(text, '-') || !take_digits(text, 2, of_month))
    return false;
  const year_month_day date{std::chrono::year{static_cast<int>(year)},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(of_month)}};
  if (year < 1 || !date.ok()) return false;
  day = (sys_days{date} - kFirst).count();
  return true;
}

// HH:MM:SS[.ffffff], as microseconds of the day.
bool take_time(std::string_view& text, std::int64_t& microseconds) {
  std::int64_t hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 2, hour) || !take(text, ':') || !take_digits(text, 2, minute) ||
      !take(text, ':') || !take_digits(text, 2, second) || hour > 23 || minute > 59 || second > 59)
    return false;
  microseconds = (hour * 3600 + minute * 60 + second) * kMicroseconds;
  if (!take(text, '.')) return true;
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  std::int64_t fraction = 0;
  if (count == 0 || count > kDecimalsMax || !take_digits(text, count, fraction)) return false;
  for (std::size_t i = count; i < kDecimalsMax; ++i) fraction *= 10;
  microseconds += fraction;
  return true;
}

// +HH[:MM[:SS]] or -HH..., in seconds.
bool take_offset(std::string_view& text, std::int64_t& seconds) {
  const bool west = text.starts_with('-');
  if (!take(text, '+') && !take(text, '-')) return false;
  seconds = 0;
  for (std::int64_t unit = 3600; unit > 0; unit /= 60) {
    std::int64_t part = 0;
    if (!take_digits(text, 2, part)) return false;
    seconds += part * unit;
    if (!take(text, ':')) break;
  }
  if (west) seconds = -seconds;
  return true;
}

void append_digits(std::int64_t value, std::size_t count, Bytes& out) {
  const std::string digits = std::to_string(value);
  out.insert(out.end(), count - std::min(count, digits.size()), '0');
  append(out, digits);
}

void append_date(std::int64_t day, Bytes& out) {
  const year_month_day date{kFirst + days{day}};
  append_digits(static_cast<int>(date.year()), 4, out);
  out.push_back('-');
  append_digits(static_cast<unsigned>(date.month()), 2, out);
  out.push_back('-');
  append_digits(static_cast<unsigned>(date.day()), 2, out);
}

// As time_out: no zeros at the end of the fraction.
void append_time(std::int64_t microseconds, Bytes& out) {
  const std::int64_t seconds = microseconds / kMicroseconds;
  append_digits(seconds / 3600, 2, out);
  out.push_back(':');
  append_digits(seconds / 60 % 60, 2, out);
  out.push_back(':');
  append_digits(seconds % 60, 2, out);
  if (microseconds % kMicroseconds == 0) return;
  out.push_back('.');
  append_digits(microseconds % kMicroseconds, kDecimalsMax, out);
  while (out.back() == '0') out.pop_back();
}

// Microseconds in the smallest step of the type: time(p), timestamp(p) have p as their modifier.
std::int64_t step_of(const CellType& type) {
  std::int64_t step = 1;
  if (type.modifier < 0) return step;
  for (auto p = static_cast<unsigned>(type.modifier); p < kDecimalsMax; ++p) step *= 10;
  return step;
}

// One of `count` microseconds, all of whole steps.
bool permute(const CellToMask& from, Domain domain, std::int64_t count, std::int64_t& value) {
  const std::int64_t step = step_of(from.type);
  if (value < 0 || value >= count || value % step != 0) return false;
  auto number = static_cast<std::uint64_t>(value / step);
  if (!from.hash.permutation().below(number, static_cast<std::uint64_t>(count / step), domain))
    return false;
  value = static_cast<std::int64_t>(number) * step;
  return true;
}

std::optional<std::int64_t> read_binary(ByteView cell, std::size_t width) {
  if (cell.size() != width) return std::nullopt;
  return signed_of(unsigned_of(cell), static_cast<unsigned>(8 * width));
}

// Microseconds from kFirst, in UTC where there is a zone.
std::optional<std::int64_t> read_timestamp(const CellToMask& from, bool with_zone) {
  constexpr std::int64_t kOfDay = kSecondsOfDay * kMicroseconds;
  if (from.type.format == Format::kBinary) {
    const auto value = read_binary(from.cell, 8);
    // Also keeps the sum from overflowing.
    if (!value || *value < -kEpochDay * kOfDay || *value >= (kDays - kEpochDay) * kOfDay)
      return std::nullopt;
    return *value + kEpochDay * kOfDay;
  }
  std::string_view text = as_text(from.cell);
  std::int64_t day = 0, time = 0, offset = 0;
  if (!take_date(text, day) || !take(text, ' ') || !take_time(text, time) ||
      (with_zone && !take_offset(text, offset)) || !text.empty())
    return std::nullopt;
  return day * kOfDay + time - offset * kMicroseconds;
}

bool append_timestamp(const CellToMask& from, bool with_zone, Bytes& out) {
  constexpr std::int64_t kOfDay = kSecondsOfDay * kMicroseconds;
  auto value = read_timestamp(from, with_zone);
  if (!value ||
      !permute(from, with_zone ? Domain::kTimestamptz : Domain::kTimestamp, kDays * kOfDay, *value))
    return false;
  if (from.type.format == Format::kBinary) {
    append_big_endian(out, static_cast<std::uint64_t>(*value - kEpochDay * kOfDay), 8);
    return true;
  }
  append_date(*value / kOfDay, out);
  out.push_back(' ');
  append_time(*value % kOfDay, out);
  if (with_zone) append(out, "+00");
  return true;
}

}  // namespace

bool append_date_token(const CellToMask& from, Bytes& out) {
  std::int64_t day = 0;
  if (from.type.format == Format::kBinary) {
    const auto value = read_binary(from.cell, 4);
    if (!value) return false;
    day = *value + kEpochDay;
  } else {
    std::string_view text = as_text(from.cell);
    if (!take_date(text, day) || !text.empty()) return false;
  }
  if (day < 0 || day >= kDays) return false;
  auto number = static_cast<std::uint64_t>(day);
  if (!from.hash.permutation().below(number, static_cast<std::uint64_t>(kDays), Domain::kDate))
    return false;
  if (from.type.format == Format::kBinary)
    append_big_endian(out, number - static_cast<std::uint64_t>(kEpochDay), 4);
  else
    append_date(static_cast<std::int64_t>(number), out);
  return true;
}

bool append_time_token(const CellToMask& from, Bytes& out) {
  std::int64_t time = 0;
  if (from.type.format == Format::kBinary) {
    const auto value = read_binary(from.cell, 8);
    if (!value) return false;
    time = *value;
  } else {
    std::string_view text = as_text(from.cell);
    if (!take_time(text, time) || !text.empty()) return false;
  }
  if (!permute(from, Domain::kTime, kSecondsOfDay * kMicroseconds, time)) return false;
  if (from.type.format == Format::kBinary)
    append_big_endian(out, static_cast<std::uint64_t>(time), 8);
  else
    append_time(time, out);
  return true;
}

bool append_timestamp_token(const CellToMask& from, Bytes& out) {
  return append_timestamp(from, false, out);
}

bool append_timestamptz_token(const CellToMask& from, Bytes& out) {
  return append_timestamp(from, true, out);
}

}  // namespace sluice::mask
