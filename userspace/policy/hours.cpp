// SPDX-License-Identifier: Apache-2.0
#include "policy/hours.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace sluice::policy {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int kDayMinutes = 24 * 60;
constexpr int kOffsetMinutesMax = 14 * 60;  // UTC+14 is the largest in use

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "HH:MM" with exactly two digits each.
std::optional<int> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[3]) || !is_digit(text[4]))
    return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (minutes > 59 || hours > 24 || (hours == 24 && minutes != 0)) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace

Result<void> Hours::add_span(std::string_view text) {
  const Error form{"write HH:MM-HH:MM, for example \"08:00-18:00\""};
  if (text.size() != 11 || text[5] != '-') return form;
  const auto begin = minutes_of(text.substr(0, 5));
  const auto end = minutes_of(text.substr(6));
  if (!begin || !end || *begin == kDayMinutes) return form;
  if (*begin == *end) return Error{"the span is empty; for the whole day write \"00:00-24:00\""};
  spans_.push_back({static_cast<std::uint16_t>(*begin), static_cast<std::uint16_t>(*end)});
  std::sort(spans_.begin(), spans_.end());
  return {};
}

Result<void> Hours::add_day(std::string_view text) {
  const auto* found = std::find(kDays.begin(), kDays.end(), text);
  if (found == kDays.end()) return Error{"use mon, tue, wed, thu, fri, sat or sun"};
  days_.set(static_cast<std::size_t>(found - kDays.begin()));
  return {};
}

Result<void> Hours::set_offset(std::string_view text) {
  if (text == "UTC") {
    offset_minutes_ = 0;
    return {};
  }
  const Error form{"write an offset from UTC, for example \"+02:00\", or UTC"};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return form;
  const auto minutes = minutes_of(text.substr(1));
  if (!minutes || *minutes > kOffsetMinutesMax) return form;
  offset_minutes_ = static_cast<std::int16_t>(text[0] == '-' ? -*minutes : *minutes);
  return {};
}

bool Hours::contains(WallTime time) const {
  const auto local =
      std::chrono::floor<std::chrono::minutes>(time) + std::chrono::minutes{offset_minutes_};
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const int minute = static_cast<int>((local - midnight).count());
  const unsigned today = std::chrono::weekday{midnight}.iso_encoding() - 1;
  const unsigned yesterday = (today + 6) % 7;
  const auto counts = [this](unsigned day) { return days_.none() || days_.test(day); };
  return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
    if (span.begin_minutes < span.end_minutes)
      return counts(today) && minute >= span.begin_minutes && minute < span.end_minutes;
    return (counts(today) && minute >= span.begin_minutes) ||
           (counts(yesterday) && minute < span.end_minutes);
  });
}

std::string Hours::text() const {
  std::string text;
  for (const Span& span : spans_)
    text += std::to_string(span.begin_minutes) + "-" + std::to_string(span.end_minutes) + " ";
  return text + days_.to_string() + " " + std::to_string(offset_minutes_);
}

}  // namespace sluice::policy
