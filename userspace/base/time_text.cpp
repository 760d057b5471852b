// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"

#include <time.h>

#include <charconv>
#include <cstdio>

namespace sluice {
namespace {

// Reads exactly `digits` digits at `at`.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto nanoseconds = static_cast<long long>((time - second).count());
  const std::time_t since_epoch = second.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&since_epoch, &parts);
  char day[40] = {};
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[24] = {};
  std::snprintf(fraction, sizeof fraction, ".%09lldZ", nanoseconds);
  return std::string(day) + fraction;
}

std::optional<WallTime> from_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] != 'd' && kShape[i] != text[i]) return std::nullopt;
  const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
             day = digits_at(text, 8, 2), hour = digits_at(text, 11, 2),
             minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2),
             nanosecond = digits_at(text, 20, 9);
  if (!year || !month || !day || !hour || !minute || !second || !nanosecond) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
         std::chrono::nanoseconds{*nanosecond};
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.size() < 2 || text.size() > 11) return std::nullopt;
  std::int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end || count <= 0) return std::nullopt;
  switch (text.back()) {
    case 's': return std::chrono::seconds{count};
    case 'm': return std::chrono::seconds{count * 60};
    case 'h': return std::chrono::seconds{count * 3600};
    case 'd': return std::chrono::seconds{count * 86400};
    default: return std::nullopt;
  }
}

std::string duration_text(std::chrono::seconds duration) {
  const long long total = duration.count() < 0 ? 0 : duration.count();
  char text[48] = {};
  if (total < 60)
    std::snprintf(text, sizeof text, "%llds", total);
  else if (total < 3600)
    std::snprintf(text, sizeof text, "%lldm", total / 60);
  else if (total < 86400)
    std::snprintf(text, sizeof text, "%lldh%02lldm", total / 3600, total / 60 % 60);
  else
    std::snprintf(text, sizeof text, "%lldd%02lldh", total / 86400, total / 3600 % 24);
  return text;
}

}  // namespace sluice
