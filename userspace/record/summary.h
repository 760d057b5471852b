// SPDX-License-Identifier: Apache-2.0
// One session in one line, for listings. A pure function of the session's events, so that verify
// can compute it again.
#pragma once

#include <sluice/clock.h>
#include <sluice/event.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::record {

struct SessionSummary {
  SessionId session;
  std::string agent;  // of the acting run
  RunId run;
  std::string resource;
  std::string protocol;
  WallTime opened{};
  std::optional<WallTime> closed;  // nullopt: still open, or cut off
  std::string close_reason;
  std::uint64_t statements = 0;
  std::uint64_t denied = 0;  // by the policy
  std::uint64_t held = 0;    // whatever became of them
  std::uint64_t events = 0;
  std::uint64_t bytes_to_agent = 0;  // as recorded
  bool operator==(const SessionSummary&) const = default;

  void add(WallTime at, const Event& event);
};

}  // namespace sluice::record
