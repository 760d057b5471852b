// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace sluice::cli {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

int execute(const Arguments& arguments, Context& context) {
  const bool json = arguments.json;
  return std::visit(
      Overloaded{
          [&](const StatusCommand&) { return status(json, context); },
          [&](const DoctorCommand&) { return doctor(json, context); },
          [&](const AgentsCommand&) { return agents(json, context); },
          [&](const FlowsCommand&) { return flows(json, context); },
          [&](const ApprovalsCommand& command) { return approvals(command, json, context); },
          [&](const VoteCommand& command) { return vote(command, json, context); },
          [&](const RevokeCommand& command) { return revoke(command, json, context); },
          [&](const ReloadCommand&) { return reload(json, context); },
          [&](const RunCommand& command) { return run(command, context); },
          [&](const SessionsCommand&) { return sessions(json, context); },
          [&](const ReplayCommand& command) { return replay(command, json, context); },
          [&](const VerifyCommand& command) { return verify(command, json, context); },
          [&](const PolicyCheckCommand& command) { return policy_check(command, json, context); },
      },
      arguments.command);
}

}  // namespace sluice::cli
