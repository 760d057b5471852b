// SPDX-License-Identifier: Apache-2.0
#include "base/intent_json.h"
#include "base/json_read.h"
#include "control/codec.h"

#include <boost/json.hpp>

#include <charconv>

namespace sluice::control {
namespace {

namespace json = boost::json;

Result<void> done(const JsonReader& reader, std::string_view what) {
  if (reader.fault()) return reader.fault()->within(what);
  return {};
}

// Reads each element with `read_one`, a function of (value, T&) -> Result<void>.
template <class T, class ReadOne>
void read_list(JsonReader& reader, std::string_view key, std::vector<T>& out, ReadOne read_one) {
  out.clear();
  for (const auto& element : reader.list(key)) {
    T row;
    if (auto ok = read_one(element, row); !ok) {
      reader.fail(ok.error().text());
      return;
    }
    out.push_back(std::move(row));
  }
}

std::uint64_t hash_text(JsonReader& reader, std::string_view key) {
  const std::string text = reader.text(key);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) reader.fail("'" + std::string(key) + "' is no number");
  return value;
}

Result<void> read_run_row(const json::value& value, RunRow& row) {
  SLUICE_TRY(row.run, run_from_json(value));
  JsonReader reader{value};
  row.parent = reader.text("parent");
  row.lineage = reader.texts("lineage");
  row.started_at = reader.time("started_at");
  row.enrolled = reader.flag("enrolled");
  row.revoked = reader.flag("revoked");
  row.flows_open = reader.number("flows_open");
  row.statements = reader.number("statements");
  row.refused = reader.number("refused");
  return done(reader, "run");
}

Result<void> read_agent_row(const json::value& value, AgentRow& row) {
  JsonReader reader{value};
  row.name = reader.text("name");
  row.match_cgroup = reader.text("match_cgroup");
  row.launcher_users = reader.texts("launcher_users");
  row.launcher_groups = reader.texts("launcher_groups");
  read_list(reader, "runs", row.runs, read_run_row);
  return done(reader, "agent");
}

Result<void> read_flow_row(const json::value& value, FlowRow& row) {
  JsonReader reader{value};
  row.flow = reader.number("flow");
  row.run = reader.text("run");
  row.agent = reader.text("agent");
  row.resource = reader.text("resource");
  row.protocol = reader.text("protocol");
  row.agent_address = reader.text("agent_address");
  row.original_destination = reader.text("original_destination");
  row.session = reader.text("session");
  row.opened_at = reader.time("opened_at");
  row.state = reader.text("state");
  row.statements = reader.number("statements");
  row.bytes_from_agent = reader.number("bytes_from_agent");
  row.bytes_to_agent = reader.number("bytes_to_agent");
  return done(reader, "flow");
}

Result<void> read_doctor_row(const json::value& value, DoctorRow& row) {
  JsonReader reader{value};
  row.name = reader.text("name");
  row.holds = reader.flag("holds");
  row.required = reader.flag("required");
  row.detail = reader.text("detail");
  row.what_to_do = reader.text("what_to_do");
  return done(reader, "check");
}

std::vector<Counter> read_counters(JsonReader& reader, const char* key) {
  std::vector<Counter> found;
  if (const auto* counters = reader.member(key).if_object()) {
    for (const auto& pair : *counters)
      if (pair.value().is_int64() || pair.value().is_uint64())
        found.push_back({std::string{pair.key().data(), pair.key().size()},
                         pair.value().to_number<std::uint64_t>()});
  } else {
    reader.fail("'" + std::string{key} + "' must be an object");
  }
  return found;
}

Result<void> read_balance_row(const json::value& value, BalanceRow& row) {
  JsonReader reader{value};
  row.id = reader.text("id");
  row.one = reader.number("one");
  row.one_words = reader.text("one_words");
  row.other = reader.number("other");
  row.other_words = reader.text("other_words");
  row.parts = read_counters(reader, "parts");
  return done(reader, "balance");
}

Result<void> read_guarantee_row(const json::value& value, GuaranteeRow& row) {
  JsonReader reader{value};
  row.number = static_cast<std::uint32_t>(reader.number("number"));
  row.id = reader.text("id");
  row.guarantee = reader.text("guarantee");
  row.state = reader.text("state");
  row.required = reader.flag("required");
  row.by = reader.text("by");
  row.why_not = reader.text("why_not");
  row.open = reader.text("open");
  return done(reader, "guarantee");
}

Result<void> read_vote_row(const json::value& value, VoteRow& row) {
  JsonReader reader{value};
  row.by = reader.text("by");
  row.approve = reader.flag("approve");
  row.note = reader.text("note");
  row.at = reader.time("at");
  return done(reader, "vote");
}

Result<void> read_recent_row(const json::value& value, RecentRow& row) {
  JsonReader reader{value};
  row.statement = reader.text("statement");
  row.verdict = reader.text("verdict");
  row.at = reader.time("at");
  return done(reader, "recent statement");
}

Result<void> read_approval_row(const json::value& value, ApprovalRow& row) {
  JsonReader reader{value};
  row.ticket = reader.text("ticket");
  row.state = reader.text("state");
  SLUICE_TRY(row.intent, intent_from_json(reader.member("intent")));
  row.rule = reader.text("rule");
  row.agent = reader.text("agent");
  row.message = reader.text("message");
  SLUICE_TRY(row.approvers, approvers_from_json(reader.member("approvers")));
  read_list(reader, "votes", row.votes, read_vote_row);
  row.session = reader.text("session");
  row.asked_at = reader.time("asked_at");
  row.expires_at = reader.time("expires_at");
  row.note = reader.text("note");
  if (!reader.member("estimated_rows").is_null())
    row.estimated_rows = reader.number("estimated_rows");
  read_list(reader, "recent", row.recent, read_recent_row);
  return done(reader, "approval");
}

Result<void> read_grant_row(const json::value& value, GrantRow& row) {
  JsonReader reader{value};
  row.id = reader.text("id");
  row.ticket = reader.text("ticket");
  row.run = reader.text("run");
  row.agent = reader.text("agent");
  row.resource = reader.text("resource");
  row.database = reader.text("database");
  row.statement = reader.text("statement");
  row.by = reader.text("by");
  row.expires_at = reader.time("expires_at");
  return done(reader, "grant");
}

}  // namespace

Result<void> read(const json::value& value, StatusReport& out) {
  JsonReader reader{value};
  out.version = reader.text("version");
  out.enforcing = reader.flag("enforcing");
  out.not_enforcing_because = reader.text("not_enforcing_because");
  out.pid = static_cast<std::int32_t>(reader.number("pid"));
  out.started_at = reader.time("started_at");
  out.policy_dir = reader.text("policy_dir");
  out.policy_version = hash_text(reader, "policy_version");
  out.policy_loaded_at = reader.time("policy_loaded_at");
  out.policy_error = reader.text("policy_error");
  out.observe_rules = reader.texts("observe_rules");
  out.cgroup_root = reader.text("cgroup_root");
  out.listeners = reader.texts("listeners");
  out.runs_living = reader.number("runs_living");
  out.flows_open = reader.number("flows_open");
  out.approvals_pending = reader.number("approvals_pending");
  out.counters = read_counters(reader, "counters");
  out.rule_hits = read_counters(reader, "rule_hits");
  read_list(reader, "reconciliation", out.balances, read_balance_row);
  return done(reader, "status");
}

Result<void> read(const json::value& value, std::vector<AgentRow>& out) {
  JsonReader reader{value};
  read_list(reader, "agents", out, read_agent_row);
  return done(reader, "agents");
}
Result<void> read(const json::value& value, std::vector<FlowRow>& out) {
  JsonReader reader{value};
  read_list(reader, "flows", out, read_flow_row);
  return done(reader, "flows");
}
Result<void> read(const json::value& value, DoctorReport& out) {
  JsonReader reader{value};
  out.attached = reader.flag("attached");
  out.missing = reader.texts("missing");
  out.notes = reader.texts("notes");
  read_list(reader, "guarantees", out.guarantees, read_guarantee_row);
  read_list(reader, "checks", out.checks, read_doctor_row);
  return done(reader, "doctor");
}
Result<void> read(const json::value& value, ApprovalsReport& out) {
  JsonReader reader{value};
  out.version = reader.number("version");
  read_list(reader, "approvals", out.approvals, read_approval_row);
  read_list(reader, "grants", out.grants, read_grant_row);
  return done(reader, "approvals");
}
Result<void> read(const json::value& value, VoteReply& out) {
  JsonReader reader{value};
  out.state = reader.text("state");
  out.still_needed = static_cast<std::uint32_t>(reader.number("still_needed"));
  out.grant = reader.text("grant");
  return done(reader, "vote");
}
Result<void> read(const json::value& value, RevokeReply& out) {
  JsonReader reader{value};
  out.runs = reader.texts("runs");
  out.grants = reader.texts("grants");
  out.flows_closed = reader.number("flows_closed");
  return done(reader, "revoke");
}
Result<void> read(const json::value& value, RunReply& out) {
  JsonReader reader{value};
  SLUICE_TRY(out.run, run_from_json(reader.member("run")));
  out.lineage = reader.texts("lineage");
  out.ca_file = reader.text("ca_file");
  out.ca_bundle = reader.text("ca_bundle");
  out.environment.clear();
  if (const auto* environment = reader.member("environment").if_object()) {
    for (const auto& pair : *environment) {
      const auto* text = pair.value().if_string();
      if (!text) {
        reader.fail("'environment' must hold strings");
        break;
      }
      out.environment.emplace_back(std::string{pair.key().data(), pair.key().size()},
                                   std::string{text->data(), text->size()});
    }
  } else {
    reader.fail("'environment' must be an object");
  }
  return done(reader, "run");
}
Result<void> read(const json::value& value, ReloadReply& out) {
  JsonReader reader{value};
  out.policy_version = hash_text(reader, "policy_version");
  out.changed = reader.flag("changed");
  return done(reader, "reload");
}
Result<void> read(const json::value& value, Refusal& out) {
  JsonReader outer{value};
  JsonReader reader{outer.member("error")};
  const std::string kind = reader.text("kind");
  out.text = reader.text("text");
  using Kind = Refusal::Kind;
  out.kind = kind == "invalid"       ? Kind::kInvalid
             : kind == "forbidden"   ? Kind::kForbidden
             : kind == "not_found"   ? Kind::kNotFound
             : kind == "conflict"    ? Kind::kConflict
             : kind == "unavailable" ? Kind::kUnavailable
                                     : Kind::kFailed;
  return done(reader, "error");
}

Result<void> read(const json::value& value, RunRequest& out) {
  JsonReader reader{value};
  reader.only({"agent", "on_behalf_of", "task", "user"});
  out.agent = reader.text("agent");
  out.on_behalf_of = reader.text_or("on_behalf_of", {});
  out.task = reader.text_or("task", {});
  out.user = reader.text_or("user", {});
  return done(reader, "run");
}
Result<void> read(const json::value& value, VoteRequest& out) {
  JsonReader reader{value};
  reader.only({"note", "grant_for_s"});
  out.note = reader.text_or("note", {});
  if (reader.find("grant_for_s"))
    out.grant_for = std::chrono::seconds{reader.signed_number("grant_for_s")};
  return done(reader, "vote");
}
Result<void> read(const json::value& value, RevokeRequest& out) {
  JsonReader reader{value};
  reader.only({"target"});
  out.target = reader.text("target");
  return done(reader, "revoke");
}

}  // namespace sluice::control
