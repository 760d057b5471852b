// SPDX-License-Identifier: Apache-2.0
// Times of the week: "08:00-18:00" on given days, in a fixed offset from UTC. No time zone
// database: a verdict must not depend on files of the host.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

class Hours {
 public:
  // "HH:MM-HH:MM"; the end is not included, may be 24:00, and may be before the begin: then the
  // span goes over midnight and belongs to the day on which it begins.
  Result<void> add_span(std::string_view text);
  // "mon" ... "sun". Without any: every day.
  Result<void> add_day(std::string_view text);
  // "+02:00", "-05:30", "UTC".
  Result<void> set_offset(std::string_view text);

  bool contains(WallTime time) const;
  bool operator==(const Hours&) const = default;
  std::string text() const;  // the same for equal Hours

 private:
  struct Span {
    std::uint16_t begin_minutes = 0;
    std::uint16_t end_minutes = 0;
    auto operator<=>(const Span&) const = default;
  };
  std::vector<Span> spans_;  // sorted
  std::bitset<7> days_;      // Monday first; none = every day
  std::int16_t offset_minutes_ = 0;
};

}  // namespace sluice::policy
