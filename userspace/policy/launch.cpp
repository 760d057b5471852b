// SPDX-License-Identifier: Apache-2.0
// Who may start which agent, and for whom (DESIGN.md section 2, invariant 2).
#include "policy/compiled.h"
#include "policy/policy.h"

#include <algorithm>

namespace sluice::policy {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

Result<void> check_parent(const Agent& agent, const Lineage& parent) {
  const std::string& name = parent.back().agent;
  if (agent.any_parent ||
      std::find(agent.parents.begin(), agent.parents.end(), name) != agent.parents.end())
    return {};
  return Error{"agent '" + agent.name + "' may not be started by agent '" + name +
               "', only by: " + listed(agent.parents) + "; add it to 'parents' in the policy"};
}

}  // namespace

Result<void> Policy::may_launch(const LaunchRequest& request) const {
  const Agent* agent = agent_named(request.agent);
  if (agent == nullptr)
    return Error{"agent '" + std::string{request.agent} + "' is not in the policy"};
  if (!agent->launchers.includes(request.user, request.groups))
    return Error{"user '" + std::string{request.user} + "' may not start agent '" + agent->name +
                 "'; its launchers are users: " + listed(agent->launchers.users) +
                 "; groups: " + listed(agent->launchers.groups)};
  const bool nested = request.parent != nullptr && !request.parent->empty();
  if (nested) SLUICE_TRY_VOID(check_parent(*agent, *request.parent));
  // A subagent inherits whom its parent acts for: that was attested when the parent started.
  const bool inherited = nested && !request.on_behalf_of.empty() &&
                         request.on_behalf_of == request.parent->back().on_behalf_of;
  if (request.on_behalf_of == request.user || inherited ||
      agent->may_speak_for.includes(request.on_behalf_of, request.on_behalf_of_groups))
    return {};
  return Error{"user '" + std::string{request.user} + "' may not start agent '" + agent->name +
               "' on behalf of '" + std::string{request.on_behalf_of} +
               "'; name that user, or a group of theirs, in 'may_speak_for' of the agent"};
}

}  // namespace sluice::policy
