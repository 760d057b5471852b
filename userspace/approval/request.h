// SPDX-License-Identifier: Apache-2.0
// A held statement as it stands before people, and the grant that an approval may leave behind.
#pragma once

#include <sluice/clock.h>
#include <sluice/identity.h>
#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::approval {

enum class State : std::uint8_t { kPending, kApproved, kDenied, kExpired, kWithdrawn };
std::string_view name_of(State state);  // "pending"

struct Vote {
  std::uint32_t uid = 0;
  std::string by;
  bool approve = false;
  std::string note;
  WallTime at{};
};

struct Request {
  TicketId ticket;
  SessionId session;
  std::uint64_t statement = 0;  // number within the session
  Intent intent;                // lineage never null
  Verdict verdict;              // rule, agent, message, approvers, timeout
  std::optional<std::uint64_t> estimated_rows;
  State state = State::kPending;
  std::vector<Vote> votes;
  WallTime asked_at{};
  WallTime expires_at{};  // for people
  SteadyTime deadline{};  // what tick() goes by
  WallTime decided_at{};  // where it is not pending
  std::string note;       // why it ended
};

struct Grant {
  std::string id;   // "grant-" and 8 characters of a-z2-7
  TicketId ticket;  // the approval that gave it
  RunId run;
  std::string agent;
  std::string resource;
  std::string database;
  std::string statement;
  std::string by;
  WallTime given_at{};
  WallTime expires_at{};
  SteadyTime deadline{};
};

}  // namespace sluice::approval
