// SPDX-License-Identifier: Apache-2.0
#include "policy/duration.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace sluice::policy {

Result<std::chrono::seconds> parse_timeout(std::string_view text) {
  const Error form{"write for example 90s, 10m or 1h30m"};
  struct Unit {
    char letter;
    std::int64_t seconds;
  };
  constexpr Unit kUnits[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
  std::int64_t total = 0;
  std::size_t unit = 0;
  if (text.empty()) return form;
  while (!text.empty()) {
    std::uint32_t number = 0;
    if (text[0] < '0' || text[0] > '9') return form;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return form;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (text.empty()) return Error{"the unit is missing; " + form.text()};
    while (unit < 3 && kUnits[unit].letter != text[0]) ++unit;
    if (unit == 3) return form;
    total += std::int64_t{number} * kUnits[unit++].seconds;
    text.remove_prefix(1);
  }
  if (total < kTimeoutMin.count() || total > kTimeoutMax.count())
    return Error{"a timeout is between 1s and 24h"};
  return std::chrono::seconds{total};
}

}  // namespace sluice::policy
