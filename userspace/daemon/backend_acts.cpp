// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <algorithm>

#include "control/peer.h"
#include "daemon/backend.h"
#include "daemon/users.h"

namespace sluice::daemon {

using control::Answer;
using control::Asking;
using control::Refusal;

namespace {

Refusal::Kind kind_of(approval::VoteRefused::Why why) {
  using Why = approval::VoteRefused::Why;
  switch (why) {
    case Why::kNoSuchTicket: return Refusal::Kind::kNotFound;
    case Why::kAlreadyDecided:
    case Why::kAlreadyVoted: return Refusal::Kind::kConflict;
    case Why::kNotAnApprover:
    case Why::kOwnRequest: return Refusal::Kind::kForbidden;
    case Why::kInvalid: return Refusal::Kind::kInvalid;
    case Why::kStoreFailed: return Refusal::Kind::kFailed;
  }
  return Refusal::Kind::kFailed;
}

// A connect that was under way when the run was revoked may have its socket in the table only
// after the first look.
Result<void> destroy_sockets(keeper::KeeperClient& keeper, const std::string& cgroup) {
  constexpr int kLooksMax = 5;
  for (int look = 0; look < kLooksMax; ++look) {
    SLUICE_TRY(const std::uint64_t destroyed, keeper.destroy_sockets(cgroup));
    if (look > 0 && destroyed == 0) break;
  }
  return {};
}

}  // namespace

Answer<control::VoteReply> Backend::vote(const Asking& asking,
                                         const control::VoteRequest& request) {
  const approval::Person person{asking.caller.uid, asking.caller.user, asking.caller.groups};
  const auto outcome = ports_.approvals.vote(
      person, {request.ticket, request.approve, request.note, request.grant_for});
  if (const auto* refused = std::get_if<approval::VoteRefused>(&outcome))
    return Refusal{kind_of(refused->why), refused->text};
  const auto& voted = std::get<approval::VoteOutcome>(outcome);
  spdlog::info("{} {} ticket {}", asking.caller.user, request.approve ? "approved" : "denied",
               request.ticket);
  return control::VoteReply{std::string{approval::name_of(voted.state)}, voted.still_needed,
                            voted.grant};
}

Answer<control::RevokeReply> Backend::revoke(const Asking& asking,
                                             const control::RevokeRequest& request) {
  control::RevokeReply reply;
  if (request.target.starts_with("grant-")) {
    const auto revoked = ports_.approvals.revoke_grant(request.target, asking.caller.user);
    if (!revoked) return Refusal{Refusal::Kind::kFailed, revoked.error().text()};
    if (!*revoked) return Refusal{Refusal::Kind::kNotFound, "no grant '" + request.target + "'"};
    reply.grants.push_back(request.target);
    return reply;
  }
  std::string alive;  // what could not be cut
  for (const LiveRun& live : ports_.runs.list()) {
    if (live.run.id != request.target && live.run.agent != request.target) continue;
    if (!may_see(asking, *live.lineage)) continue;
    const auto revoked = ports_.runs.revoke(live.run.id);
    if (!revoked) return Refusal{Refusal::Kind::kFailed, revoked.error().text()};
    const std::string reason = "run " + live.run.id + " was revoked by " + asking.caller.user;
    reply.flows_closed += ports_.flows.flows().terminate_run(live.run.id, reason);
    ports_.approvals.end_run(live.run.id, reason);
    ports_.end_run_there(live.run.id, reason);
    if (const auto destroyed = destroy_sockets(ports_.keeper, live.run.cgroup_path); !destroyed) {
      spdlog::warn("revoke {}: open sockets were not destroyed: {}", live.run.id,
                   destroyed.error().text());
      alive = "run " + live.run.id + " is revoked and reaches nothing new, and its flows are " +
              "closed; but its open sockets that pass direct live on: " + destroyed.error().text();
    }
    spdlog::info("{}", reason);
    reply.runs.push_back(live.run.id);
  }
  if (!alive.empty()) return Refusal{Refusal::Kind::kFailed, alive};
  if (reply.runs.empty())
    return Refusal{Refusal::Kind::kNotFound, "no living run, agent or grant '" + request.target +
                                                 "'; see `sluice agents` and `sluice approvals`"};
  return reply;
}

Answer<control::RunReply> Backend::run(const Asking& asking, const control::RunRequest& request) {
  const control::Caller& caller = asking.caller;
  const auto policy = ports_.policies.policy();
  const std::string on_behalf_of =
      request.on_behalf_of.empty() ? caller.user : request.on_behalf_of;
  std::vector<std::string> on_behalf_of_groups;
  if (const auto user = find_user(on_behalf_of))
    on_behalf_of_groups = control::names_of_user(user->uid).groups;
  else
    return Refusal{Refusal::Kind::kInvalid, "no user '" + on_behalf_of + "' on this host"};
  const Lineage* parent = caller.lineage.empty() ? nullptr : &caller.lineage;
  if (parent != nullptr) {
    const auto innermost = ports_.runs.by_id(parent->back().id);
    if (!innermost || innermost->revoked)
      return Refusal{Refusal::Kind::kForbidden, "the run that asks is revoked or has ended"};
  }
  const auto allowed = policy->may_launch(
      {request.agent, caller.user, caller.groups, on_behalf_of, on_behalf_of_groups, parent});
  if (!allowed) return Refusal{Refusal::Kind::kForbidden, allowed.error().text()};

  Run run;
  run.agent = request.agent;
  run.launched_by = caller.user;
  run.on_behalf_of = on_behalf_of;
  run.task = request.task;
  const auto launched = ports_.runs.launch(std::move(run), parent, caller.pidfd);
  if (!launched) return Refusal{Refusal::Kind::kFailed, launched.error().text()};
  ports_.namespaces.look_into(launched->run.cgroup_path);
  spdlog::info("{} started run {} of agent {} on behalf of {}", caller.user, launched->run.id,
               launched->run.agent, on_behalf_of);
  control::RunReply reply;
  reply.run = launched->run;
  reply.lineage = agents_of(*launched->lineage);
  reply.ca_file = ports_.ca_file;
  reply.ca_bundle = ports_.bundle_file;
  return reply;
}

Answer<control::ReloadReply> Backend::reload(const Asking& asking) {
  const auto changed = ports_.reload();
  if (!changed)
    return Refusal{Refusal::Kind::kConflict,
                   "the policy in force stays: " + changed.error().text()};
  spdlog::info("{} reloaded the policy: {}", asking.caller.user,
               *changed ? "it changed" : "no change");
  return control::ReloadReply{ports_.policies.policy()->version(), *changed};
}

}  // namespace sluice::daemon
