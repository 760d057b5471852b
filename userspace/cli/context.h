// SPDX-License-Identifier: Apache-2.0
// What the commands need of the world. main.cpp gives them the real one, tests a fake.
#pragma once

#include "cli/launch/launch.h"
#include "cli/replay/render.h"
#include "control/client.h"
#include "control/config.h"
#include "kernel/probe.h"

#include <sluice/clock.h>

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace sluice::cli {

struct Context {
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  control::Config config;
  // Method, target and body of a call on the control socket.
  std::function<control::Reply(const std::string&, const std::string&, const std::string&)> call;
  std::function<Error(const launch::LaunchPlan&)> become_agent;
  std::function<std::vector<kernel::Feature>()> probe;
  Sleeper sleep;
};

}  // namespace sluice::cli
