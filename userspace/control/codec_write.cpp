// SPDX-License-Identifier: Apache-2.0
#include "base/intent_json.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "control/codec.h"

#include <boost/json.hpp>

namespace sluice::control {
namespace {

namespace json = boost::json;

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const auto& text : list) array.emplace_back(to_utf8(text));
  return array;
}

template <class T, class Write>
json::array each(const std::vector<T>& rows, Write write) {
  json::array array;
  for (const T& row : rows) array.push_back(write(row));
  return array;
}

json::object run_row(const RunRow& row) {
  json::object object = run_to_json(row.run);
  object["parent"] = row.parent;
  object["lineage"] = texts(row.lineage);
  object["started_at"] = to_rfc3339(row.started_at);
  object["enrolled"] = row.enrolled;
  object["revoked"] = row.revoked;
  object["flows_open"] = row.flows_open;
  object["statements"] = row.statements;
  object["refused"] = row.refused;
  return object;
}

json::object agent_row(const AgentRow& row) {
  return {{"name", row.name},
          {"match_cgroup", to_utf8(row.match_cgroup)},
          {"launcher_users", texts(row.launcher_users)},
          {"launcher_groups", texts(row.launcher_groups)},
          {"runs", each(row.runs, run_row)}};
}

json::object flow_row(const FlowRow& row) {
  return {{"flow", row.flow},
          {"run", row.run},
          {"agent", row.agent},
          {"resource", to_utf8(row.resource)},
          {"protocol", row.protocol},
          {"agent_address", row.agent_address},
          {"original_destination", row.original_destination},
          {"session", row.session},
          {"opened_at", to_rfc3339(row.opened_at)},
          {"state", row.state},
          {"statements", row.statements},
          {"bytes_from_agent", row.bytes_from_agent},
          {"bytes_to_agent", row.bytes_to_agent}};
}

json::object doctor_row(const DoctorRow& row) {
  return {{"name", row.name},
          {"holds", row.holds},
          {"required", row.required},
          {"detail", to_utf8(row.detail)},
          {"what_to_do", to_utf8(row.what_to_do)}};
}

json::object balance_row(const BalanceRow& row) {
  json::object parts;
  for (const Counter& part : row.parts) parts[part.name] = part.value;
  return {{"id", row.id},
          {"one", row.one},
          {"one_words", row.one_words},
          {"other", row.other},
          {"other_words", row.other_words},
          {"difference", static_cast<std::int64_t>(row.one - row.other)},
          {"parts", std::move(parts)}};
}

json::object guarantee_row(const GuaranteeRow& row) {
  return {{"number", row.number},        {"id", row.id},
          {"guarantee", row.guarantee},  {"state", row.state},
          {"held", row.state == "held"}, {"required", row.required},
          {"by", to_utf8(row.by)},       {"why_not", to_utf8(row.why_not)},
          {"open", to_utf8(row.open)}};
}

json::object vote_row(const VoteRow& row) {
  return {{"by", to_utf8(row.by)},
          {"approve", row.approve},
          {"note", to_utf8(row.note)},
          {"at", to_rfc3339(row.at)}};
}

json::object recent_row(const RecentRow& row) {
  return {
      {"statement", to_utf8(row.statement)}, {"verdict", row.verdict}, {"at", to_rfc3339(row.at)}};
}

json::object approval_row(const ApprovalRow& row) {
  return {{"ticket", row.ticket},
          {"state", row.state},
          {"intent", intent_to_json(row.intent)},
          {"rule", to_utf8(row.rule)},
          {"agent", row.agent},
          {"message", to_utf8(row.message)},
          {"approvers", approvers_to_json(row.approvers)},
          {"votes", each(row.votes, vote_row)},
          {"session", row.session},
          {"asked_at", to_rfc3339(row.asked_at)},
          {"expires_at", to_rfc3339(row.expires_at)},
          {"note", to_utf8(row.note)},
          {"estimated_rows", row.estimated_rows ? json::value(*row.estimated_rows) : nullptr},
          {"recent", each(row.recent, recent_row)}};
}

json::object grant_row(const GrantRow& row) {
  return {{"id", row.id},
          {"ticket", row.ticket},
          {"run", row.run},
          {"agent", row.agent},
          {"resource", to_utf8(row.resource)},
          {"database", to_utf8(row.database)},
          {"statement", to_utf8(row.statement)},
          {"by", to_utf8(row.by)},
          {"expires_at", to_rfc3339(row.expires_at)}};
}

json::object session_row(const SessionRow& row) {
  return {{"session", row.session},
          {"run", row.run},
          {"agent", row.agent},
          {"resource", to_utf8(row.resource)},
          {"opened_at", to_rfc3339(row.opened_at)},
          {"statements", row.statements},
          {"open", row.open}};
}

const char* kind_name(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::kInvalid: return "invalid";
    case Refusal::Kind::kForbidden: return "forbidden";
    case Refusal::Kind::kNotFound: return "not_found";
    case Refusal::Kind::kConflict: return "conflict";
    case Refusal::Kind::kUnavailable: return "unavailable";
    case Refusal::Kind::kFailed: break;
  }
  return "failed";
}

}  // namespace

json::value to_json(const StatusReport& report) {
  json::object counters, rule_hits;
  for (const Counter& counter : report.counters) counters[counter.name] = counter.value;
  for (const Counter& rule : report.rule_hits) rule_hits[to_utf8(rule.name)] = rule.value;
  bool reconciled = true;
  for (const BalanceRow& row : report.balances) reconciled = reconciled && row.one == row.other;
  return json::object{{"version", report.version},
                      {"enforcing", report.enforcing},
                      {"not_enforcing_because", to_utf8(report.not_enforcing_because)},
                      {"pid", report.pid},
                      {"started_at", to_rfc3339(report.started_at)},
                      {"policy_dir", to_utf8(report.policy_dir)},
                      // A hash of 64 bits: as text, since many JSON readers keep only 53 of them.
                      {"policy_version", std::to_string(report.policy_version)},
                      {"policy_loaded_at", to_rfc3339(report.policy_loaded_at)},
                      {"policy_error", to_utf8(report.policy_error)},
                      {"observe_rules", texts(report.observe_rules)},
                      {"cgroup_root", to_utf8(report.cgroup_root)},
                      {"listeners", texts(report.listeners)},
                      {"runs_living", report.runs_living},
                      {"flows_open", report.flows_open},
                      {"approvals_pending", report.approvals_pending},
                      {"counters", std::move(counters)},
                      {"rule_hits", std::move(rule_hits)},
                      {"reconciled", reconciled},
                      {"reconciliation", each(report.balances, balance_row)}};
}

json::value to_json(const std::vector<AgentRow>& agents) {
  return json::object{{"agents", each(agents, agent_row)}};
}
json::value to_json(const std::vector<FlowRow>& flows) {
  return json::object{{"flows", each(flows, flow_row)}};
}
json::value to_json(const DoctorReport& report) {
  return json::object{{"can_enforce", report.missing.empty()},
                      {"attached", report.attached},
                      {"missing", texts(report.missing)},
                      {"notes", texts(report.notes)},
                      {"guarantees", each(report.guarantees, guarantee_row)},
                      {"checks", each(report.checks, doctor_row)}};
}
json::value to_json(const ApprovalsReport& report) {
  return json::object{{"version", report.version},
                      {"approvals", each(report.approvals, approval_row)},
                      {"grants", each(report.grants, grant_row)}};
}
json::value to_json(const std::vector<SessionRow>& sessions) {
  return json::object{{"sessions", each(sessions, session_row)}};
}
json::value to_json(const VoteReply& reply) {
  return json::object{
      {"state", reply.state}, {"still_needed", reply.still_needed}, {"grant", reply.grant}};
}
json::value to_json(const RevokeReply& reply) {
  return json::object{{"runs", texts(reply.runs)},
                      {"grants", texts(reply.grants)},
                      {"flows_closed", reply.flows_closed}};
}
json::value to_json(const RunReply& reply) {
  json::object environment;
  for (const auto& [name, value] : reply.environment) environment[name] = value;
  return json::object{{"run", run_to_json(reply.run)},
                      {"lineage", texts(reply.lineage)},
                      {"ca_file", to_utf8(reply.ca_file)},
                      {"ca_bundle", to_utf8(reply.ca_bundle)},
                      {"environment", std::move(environment)}};
}
json::value to_json(const ReloadReply& reply) {
  return json::object{{"policy_version", std::to_string(reply.policy_version)},
                      {"changed", reply.changed}};
}
json::value to_json(const Refusal& refusal) {
  return json::object{
      {"error", {{"kind", kind_name(refusal.kind)}, {"text", to_utf8(refusal.text)}}}};
}

json::value to_json(const RunRequest& request) {
  return json::object{{"agent", to_utf8(request.agent)},
                      {"on_behalf_of", to_utf8(request.on_behalf_of)},
                      {"task", to_utf8(request.task)},
                      {"user", to_utf8(request.user)}};
}
json::value to_json(const VoteRequest& request) {
  json::object object{{"note", to_utf8(request.note)}};
  if (request.grant_for) object["grant_for_s"] = std::int64_t{request.grant_for->count()};
  return object;
}
json::value to_json(const RevokeRequest& request) {
  return json::object{{"target", to_utf8(request.target)}};
}

}  // namespace sluice::control
