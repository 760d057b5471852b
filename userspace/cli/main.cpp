// SPDX-License-Identifier: Apache-2.0
// `sluice`: gives the commands the real world.
#include "base/system_clock.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/replay/visible.h"

#include <iostream>
#include <thread>

int main(int argc, char** argv) {
  using namespace sluice;
  using namespace sluice::cli;
  auto parsed = parse_arguments({argv + std::min(argc, 1), argv + argc});
  if (const auto* stop = std::get_if<Stop>(&parsed)) {
    (stop->code == kDone ? std::cout : std::cerr) << stop->text;
    return stop->code;
  }
  const Arguments& arguments = std::get<Arguments>(parsed);
  // A policy is checked on machines that have no daemon and no configuration of one.
  const bool needs_config = !std::holds_alternative<PolicyCheckCommand>(arguments.command);
  auto config = needs_config ? control::load_config(arguments.config) : control::Config{};
  if (!config) {
    std::cerr << "sluice: " << visible(config.error().text()) << "\n";
    return kUsage;
  }
  const SystemClock clock;
  const control::Client client{config->control_socket()};
  Context context{
      std::cout,
      std::cerr,
      clock,
      *config,
      [&](const std::string& method, const std::string& target, const std::string& body) {
        return client.call(method, target, body);
      },
      launch::become_agent,
      kernel::probe,
      [](std::chrono::nanoseconds pause) { std::this_thread::sleep_for(pause); },
  };
  return execute(arguments, context);
}
