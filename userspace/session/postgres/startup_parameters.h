// SPDX-License-Identifier: Apache-2.0
// A StartupMessage can set almost any server variable, as SET does; so it is judged as SET is.
#pragma once

#include <sluice/result.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/postgres/startup.h"

namespace sluice::session {

struct StartupRequest {
  std::uint16_t minor = 0;
  std::string user;      // what the agent calls itself: shown, never used
  std::string database;  // the user's name where the agent named none, as the server would take it
  // To be sent on, in the agent's order, without user.
  std::vector<std::pair<std::string, std::string>> parameters;
  // "SET name TO 'value'" for each setting that is more than a client's ordinary way to present
  // data.
  std::vector<std::string> settings;
};

// Error: what is wrong, fit for the agent. Replication is an error: it streams the whole database
// past every mask.
Result<StartupRequest> read_startup(const pg::StartupMessage& message);

}  // namespace sluice::session
