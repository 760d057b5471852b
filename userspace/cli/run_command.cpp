// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/replay/visible.h"
#include "control/codec.h"

#include <boost/json.hpp>

#include <unistd.h>

#include <cerrno>
#include <ostream>

namespace sluice::cli {

int run(const RunCommand& command, Context& context) {
  launch::LaunchPlan plan;
  plan.argv = command.command;
  // Before the daemon is asked: afterwards this process is in a run, and there is no way back out.
  if (!command.request.user.empty()) {
    auto user = launch::find_user(command.request.user);
    if (!user) {
      context.err << "sluice: " << visible(user.error().text()) << "\n";
      return kUsage;
    }
    if (::geteuid() != 0 && user->uid != ::geteuid()) {
      context.err << "sluice: only root may start a command as another user\n";
      return kNo;
    }
    plan.user = *std::move(user);
  }
  const Asked asked =
      ask(context, "POST", "/v1/runs", boost::json::serialize(control::to_json(command.request)));
  if (!asked.document) return asked.code;
  auto value = parse_json(*asked.document);
  if (!value) return unreadable(context, value.error());
  control::RunReply reply;
  if (auto ok = control::read(*value, reply); !ok) return unreadable(context, ok.error());

  plan.environment = launch::trust_environment(reply.ca_file, reply.ca_bundle);
  for (auto& entry : reply.environment) plan.environment.push_back(std::move(entry));
  const Error failed = context.become_agent(plan);
  context.err << "sluice: " << visible(failed.text()) << "\n";
  return failed.code() == ENOENT ? kCommandNotFound : kCannotExecute;
}

}  // namespace sluice::cli
