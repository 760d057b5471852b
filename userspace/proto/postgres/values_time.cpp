// SPDX-License-Identifier: Apache-2.0
// Dates and times as PostgreSQL prints them with DateStyle ISO and IntervalStyle postgres.
#include <cstdlib>
#include <limits>

#include "proto/postgres/values_detail.h"
#include "proto/postgres/wire.h"

namespace sluice::pg::detail {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
// What the server takes (datatype/timestamp.h): 4713-11-24 BC to 294276 for timestamps, to 5874897
// for dates, counted from 2000-01-01.
constexpr std::int64_t kTimestampMin = -211'813'488'000'000'000;
constexpr std::int64_t kTimestampEnd = 9'223'371'331'200'000'000;
constexpr std::int64_t kDateMin = -2'451'545;
constexpr std::int64_t kDateEnd = 2'147'483'494 - 2'451'545;

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

struct Civil {
  std::int64_t year = 0;  // astronomical: 0 is 1 BC
  unsigned month = 0;
  unsigned day = 0;
};

// Proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
Civil civil_from_days(std::int64_t days_since_2000) {
  const std::int64_t shifted = days_since_2000 + 730'425;  // days since 0000-03-01
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(shifted - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  Civil civil;
  civil.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  civil.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  civil.year = era * 400 + year_of_era + (civil.month <= 2 ? 1 : 0);
  return civil;
}

std::string date_text(const Civil& civil) {
  const std::int64_t shown = civil.year > 0 ? civil.year : 1 - civil.year;
  return padded(shown, 4) + "-" + padded(civil.month, 2) + "-" + padded(civil.day, 2);
}
const char* era_text(const Civil& civil) { return civil.year > 0 ? "" : " BC"; }

// "05" or "05.789"
std::string seconds_text(std::int64_t seconds, std::int64_t micros) {
  std::string text = padded(seconds, 2);
  if (micros == 0) return text;
  text += "." + padded(micros, 6);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string clock_text(std::int64_t micros) {
  const std::int64_t seconds = micros / kMicrosPerSecond;
  return padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" +
         seconds_text(seconds % 60, micros % kMicrosPerSecond);
}

// One unit of an interval: "1 year", "-2 mons", "+3 days".
void add_unit(std::string& text, std::int64_t value, std::string_view unit, bool& negative_before) {
  if (value == 0) return;
  if (!text.empty()) text += ' ';
  if (negative_before && value > 0) text += '+';
  text += std::to_string(value) + ' ' + std::string(unit);
  if (value != 1) text += 's';
  negative_before = value < 0;
}

}  // namespace

Result<std::string> render_date(ByteView value) {
  Reader reader{value};
  const std::int32_t days = reader.i32();
  if (!reader.exhausted()) return malformed_value("date");
  if (days == std::numeric_limits<std::int32_t>::max()) return std::string("infinity");
  if (days == std::numeric_limits<std::int32_t>::min()) return std::string("-infinity");
  if (days < kDateMin || days >= kDateEnd) return malformed_value("date");
  const Civil civil = civil_from_days(days);
  return date_text(civil) + era_text(civil);
}

Result<std::string> render_time(ByteView value) {
  Reader reader{value};
  const auto micros = static_cast<std::int64_t>(reader.u64());
  if (!reader.exhausted() || micros < 0 || micros > kMicrosPerDay) return malformed_value("time");
  return clock_text(micros);
}

Result<std::string> render_timetz(ByteView value) {
  if (value.size() != 12) return malformed_value("timetz");
  SLUICE_TRY(std::string text, render_time(value.first(8)));
  const auto west = static_cast<std::int32_t>(load_u32(value.data() + 8));  // seconds
  if (west <= -16 * 3600 || west >= 16 * 3600) return malformed_value("timetz");
  const std::int32_t offset = std::abs(west);
  text += (west > 0 ? '-' : '+') + padded(offset / 3600, 2);
  if (offset % 3600 != 0) text += ":" + padded(offset / 60 % 60, 2);
  if (offset % 60 != 0) text += ":" + padded(offset % 60, 2);
  return text;
}

Result<std::string> render_timestamp(ByteView value, bool with_zone) {
  Reader reader{value};
  const auto micros = static_cast<std::int64_t>(reader.u64());
  if (!reader.exhausted()) return malformed_value("timestamp");
  if (micros == std::numeric_limits<std::int64_t>::max()) return std::string("infinity");
  if (micros == std::numeric_limits<std::int64_t>::min()) return std::string("-infinity");
  if (micros < kTimestampMin || micros >= kTimestampEnd) return malformed_value("timestamp");
  std::int64_t days = micros / kMicrosPerDay;
  std::int64_t of_day = micros % kMicrosPerDay;
  if (of_day < 0) {
    of_day += kMicrosPerDay;
    --days;
  }
  const Civil civil = civil_from_days(days);
  return date_text(civil) + " " + clock_text(of_day) + (with_zone ? "+00" : "") + era_text(civil);
}

Result<std::string> render_interval(ByteView value) {
  Reader reader{value};
  const auto micros = static_cast<std::int64_t>(reader.u64());
  const std::int32_t days = reader.i32();
  const std::int32_t months = reader.i32();
  if (!reader.exhausted()) return malformed_value("interval");
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  if (micros == std::numeric_limits<std::int64_t>::max() && days == kMax && months == kMax)
    return std::string("infinity");  // since PostgreSQL 17
  if (micros == std::numeric_limits<std::int64_t>::min() && days == kMin && months == kMin)
    return std::string("-infinity");
  std::string text;
  bool negative_before = false;
  add_unit(text, months / 12, "year", negative_before);
  add_unit(text, months % 12, "mon", negative_before);
  add_unit(text, days, "day", negative_before);
  if (micros == 0 && !text.empty()) return text;
  if (!text.empty()) text += ' ';
  text += micros < 0 ? "-" : negative_before ? "+" : "";
  // Divided before the sign is dropped, because the smallest int64 has no positive twin.
  const std::int64_t seconds = micros / kMicrosPerSecond;
  text += padded(std::abs(seconds / 3600), 2) + ":" + padded(std::abs(seconds / 60 % 60), 2) + ":" +
          seconds_text(std::abs(seconds % 60), std::abs(micros % kMicrosPerSecond));
  return text;
}

}  // namespace sluice::pg::detail
