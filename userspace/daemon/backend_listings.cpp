// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "base/version.h"
#include "control/doctor.h"
#include "control/peer.h"
#include "daemon/backend.h"

namespace sluice::daemon {

using control::Answer;
using control::Asking;
using control::Caller;

bool may_see(const Asking& asking, const Lineage& lineage) {
  if (asking.scope.everything) return true;
  const Caller& caller = asking.caller;
  if (asking.scope.own_run && !caller.lineage.empty())
    for (const Run& run : lineage)
      if (run.id == caller.lineage.back().id) return true;
  if (asking.scope.own_user)
    for (const Run& run : lineage)
      if (run.launched_by == caller.user || run.on_behalf_of == caller.user) return true;
  return false;
}

Backend::Backend(Ports ports) : ports_(std::move(ports)), started_at_(ports_.clock.wall()) {}

Answer<Lineage> Backend::lineage_of(const std::string& cgroup_path) {
  return ports_.runs.lineage_of(cgroup_path);
}

bool Backend::is_launcher(const Caller& caller) {
  const auto policy = ports_.policies.policy();
  return std::any_of(policy->agents().begin(), policy->agents().end(),
                     [&](const policy::Agent& agent) {
                       return agent.launchers.includes(caller.user, caller.groups);
                     });
}

bool Backend::is_approver(const Caller& caller) {
  const approval::Person person{caller.uid, caller.user, caller.groups};
  for (const approval::Request& request : ports_.approvals.list())
    if (approval::ApprovalBook::names(request.verdict.approvers, person)) return true;
  return false;
}

std::vector<control::Counter> Backend::counters(const kernel::Books& books) const {
  std::vector<control::Counter> counters;
  const RunCounters& totals = *ports_.factory.totals();
  const CountedSoFar before = ports_.counted_before();
  counters.push_back({"statements", totals.statements.load() + before.statements});
  counters.push_back({"statements_held", totals.held.load() + before.statements_held});
  counters.push_back({"statements_refused", totals.refused.load() + before.statements_refused});
  const net::FlowServerCounters flows = ports_.flows.counters();
  counters.push_back({"flows_accepted", flows.accepted + before.flows_accepted});
  counters.push_back({"flows_refused", flows.refused + before.flows_refused});
  counters.push_back(
      {"flows_over_limit", flows.over_limit + flows.out_of_files + before.flows_over_limit});
  counters.push_back({"flows_draining", before.flows_open});
  counters.push_back({"network_namespaces", ports_.namespaces.count()});
  counters.push_back({"recorder_failures", flows.recorder_failures + before.recorder_failures});
  // The kernel's own go on from daemon to daemon.
  std::uint64_t events = 0;
  for (const auto& [reason, count] : books.audited) events += count;
  counters.push_back({"kernel_events", events});
  counters.push_back({"kernel_events_lost", books.sequences.lost});
  for (const auto& [what, count] : ports_.dns.counters()) counters.push_back({what, count});
  for (const auto& [reason, counted] : books.counted)
    counters.push_back({"kernel_" + reason, counted.total});
  return counters;
}

Answer<control::StatusReport> Backend::status(const Asking&) {
  control::StatusReport report;
  report.version = kVersion;
  const auto missing = kernel::what_is_missing(
      kernel::with_attachments(ports_.features, ports_.links), ports_.policies.policy()->require());
  report.enforcing = missing.empty();
  if (!missing.empty()) report.not_enforcing_because = missing.front();
  report.pid = static_cast<std::int32_t>(::getpid());
  report.started_at = started_at_;
  const PolicyState state = ports_.policies.state();
  report.policy_dir = ports_.policies.directory();
  report.policy_version = state.policy->version();
  report.policy_loaded_at = state.loaded_at;
  report.policy_error = state.last_error;
  report.observe_rules = state.policy->observe_rules();
  report.cgroup_root = ports_.config.cgroup_root;
  report.listeners = ports_.listeners;
  report.runs_living = ports_.runs.list().size();
  report.flows_open = ports_.flows.flows().size();
  report.approvals_pending = ports_.approvals.list().size();
  const auto books = ports_.books();
  if (!books) return control::Refusal{control::Refusal::Kind::kFailed, books.error().text()};
  report.counters = counters(*books);
  auto hits = ports_.rule_hits();
  if (!hits) return control::Refusal{control::Refusal::Kind::kFailed, hits.error().text()};
  report.rule_hits = *std::move(hits);
  for (const kernel::Balance& balance : kernel::reconcile(*books)) {
    control::BalanceRow row{balance.id,  balance.one_words, balance.other_words,
                            balance.one, balance.other,     {}};
    for (const auto& [name, count] : balance.parts) row.parts.push_back({name, count});
    report.balances.push_back(std::move(row));
  }
  return report;
}

control::RunRow Backend::row_of(const LiveRun& live,
                                const std::vector<net::FlowInfo>& flows) const {
  control::RunRow row;
  row.run = live.run;
  row.parent = live.parent;
  row.lineage = agents_of(*live.lineage);
  row.started_at = live.started_at;
  row.enrolled = live.enrolled;
  row.revoked = live.revoked;
  row.flows_open = static_cast<std::uint64_t>(std::count_if(
      flows.begin(), flows.end(),
      [&](const net::FlowInfo& flow) { return flow.lineage->back().id == live.run.id; }));
  row.statements = live.counters->statements.load();
  row.refused = live.counters->refused.load();
  return row;
}

Answer<std::vector<control::AgentRow>> Backend::agents(const Asking& asking) {
  const auto policy = ports_.policies.policy();
  const auto flows = ports_.flows.flows().list();
  const auto runs = ports_.runs.list();
  std::vector<control::AgentRow> rows;
  for (const policy::Agent& agent : policy->agents()) {
    control::AgentRow row;
    row.name = agent.name;
    row.match_cgroup = agent.cgroup;
    row.launcher_users = agent.launchers.users;
    row.launcher_groups = agent.launchers.groups;
    for (const LiveRun& live : runs)
      if (live.run.agent == agent.name && may_see(asking, *live.lineage))
        row.runs.push_back(row_of(live, flows));
    if (asking.scope.everything || !row.runs.empty() ||
        agent.launchers.includes(asking.caller.user, asking.caller.groups))
      rows.push_back(std::move(row));
  }
  return rows;
}

Answer<std::vector<control::FlowRow>> Backend::flows(const Asking& asking) {
  const auto policy = ports_.policies.policy();
  std::vector<control::FlowRow> rows;
  for (const net::FlowInfo& info : ports_.flows.flows().list()) {
    if (!may_see(asking, *info.lineage)) continue;
    control::FlowRow row;
    row.flow = info.flow;
    row.run = info.lineage->back().id;
    row.agent = info.lineage->back().agent;
    row.resource = info.resource;
    if (const Resource* resource = policy->resource_named(info.resource))
      row.protocol = name_of(resource->protocol);
    // A Unix socket has no address on the agent's side.
    const auto unix_name = ports_.factory.unix_name_of(info.session);
    row.agent_address = unix_name ? "unix" : info.agent.text();
    row.original_destination = unix_name.value_or(info.original_destination.text());
    row.session = info.session;
    row.opened_at = info.since;
    row.state = info.held != 0 ? "held" : "open";
    row.statements = info.statements;
    row.bytes_from_agent = info.bytes_from_agent;
    row.bytes_to_agent = info.bytes_to_agent;
    rows.push_back(std::move(row));
  }
  return rows;
}

Answer<control::DoctorReport> Backend::doctor(const Asking&) {
  const auto policy = ports_.policies.policy();
  const auto& require = policy->require();
  const auto features = kernel::with_attachments(ports_.features, ports_.links);
  auto report = control::doctor_report(
      kernel::judge_guarantees(features, require), features,
      [&](const kernel::Feature& feature) { return kernel::is_required(feature, require); },
      kernel::what_is_missing(features, require));
  report.attached = true;
  return report;
}

// Empty where the run has ended.
std::vector<control::RecentRow> Backend::recent_of(const RunId& run) const {
  std::vector<control::RecentRow> rows;
  const auto live = ports_.runs.by_id(run);
  if (!live) return rows;
  for (RecentStatement& recent : live->counters->recent.list())
    rows.push_back({std::move(recent.statement), std::string{name_of(recent.verdict)}, recent.at});
  return rows;
}

Answer<control::ApprovalsReport> Backend::approvals(const Asking& asking, bool decided) {
  control::ApprovalsReport report;
  // The version first: a change between the two shows as a newer one at the next look.
  report.version = ports_.approvals.version();
  const approval::Person person{asking.caller.uid, asking.caller.user, asking.caller.groups};
  std::optional<WallTime> since;
  if (decided) since = ports_.clock.wall() - std::chrono::hours{24};
  for (const approval::Request& request : ports_.approvals.list(since)) {
    const bool named =
        asking.scope.named && approval::ApprovalBook::names(request.verdict.approvers, person);
    if (!named && !may_see(asking, *request.intent.lineage)) continue;
    control::ApprovalRow row;
    row.ticket = request.ticket;
    row.state = approval::name_of(request.state);
    row.intent = request.intent;
    row.rule = request.verdict.rule;
    row.agent = request.verdict.agent;
    row.message = request.verdict.message;
    row.approvers = request.verdict.approvers;
    for (const approval::Vote& vote : request.votes)
      row.votes.push_back({vote.by, vote.approve, vote.note, vote.at});
    row.session = request.session;
    row.asked_at = request.asked_at;
    row.expires_at = request.expires_at;
    row.note = request.note;
    row.estimated_rows = request.estimated_rows;
    row.recent = recent_of(request.intent.lineage->back().id);
    report.approvals.push_back(std::move(row));
  }
  for (const approval::Grant& grant : ports_.approvals.grants()) {
    const auto run = ports_.runs.by_id(grant.run);
    const bool visible = asking.scope.everything ||
                         (asking.scope.named && grant.by.find(person.user) != std::string::npos) ||
                         (run && may_see(asking, *run->lineage));
    if (!visible) continue;
    report.grants.push_back({grant.id, grant.ticket, grant.run, grant.agent, grant.resource,
                             grant.database, grant.statement, grant.by, grant.expires_at});
  }
  return report;
}

std::uint64_t Backend::approvals_version() { return ports_.approvals.version(); }

Answer<std::vector<control::SessionRow>> Backend::sessions(const Asking& asking) {
  std::vector<control::SessionRow> rows;
  for (const net::FlowInfo& info : ports_.flows.flows().list()) {
    if (!may_see(asking, *info.lineage)) continue;
    rows.push_back({info.session, info.lineage->back().id, info.lineage->back().agent,
                    info.resource, info.since, info.statements, true});
  }
  return rows;
}

}  // namespace sluice::daemon
