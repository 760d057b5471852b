// SPDX-License-Identifier: Apache-2.0
#include "cli/show.h"

#include "base/time_text.h"
#include "cli/text.h"

#include <map>

namespace sluice::cli {
namespace {

using namespace sluice::control;

// "name      value", for the blocks of one thing.
std::string line(std::string_view name, std::string_view value) {
  std::string text{name};
  text.append(name.size() < 14 ? 14 - name.size() : 1, ' ');
  return text + visible(value) + "\n";
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  if (bytes < 1024 * 1024) return std::to_string(bytes / 1024) + " KiB";
  if (bytes < 1024ULL * 1024 * 1024) return std::to_string(bytes / (1024 * 1024)) + " MiB";
  return std::to_string(bytes / (1024ULL * 1024 * 1024)) + " GiB";
}

std::string people(const std::vector<std::string>& users, const std::vector<std::string>& groups) {
  std::vector<std::string> parts = users;
  for (const auto& group : groups) parts.push_back("group " + group);
  return join(parts, ", ");
}

// "reporter > helper (run-..., for alice, task ...)"
std::string who(const Lineage& lineage) {
  std::vector<std::string> agents;
  for (const Run& run : lineage) agents.push_back(run.agent);
  const Run& run = lineage.back();
  std::string text = join(agents, " > ") + " (" + run.id;
  if (!run.launched_by.empty()) text += ", started by " + run.launched_by;
  if (!run.on_behalf_of.empty() && run.on_behalf_of != run.launched_by)
    text += ", for " + run.on_behalf_of;
  if (!run.task.empty()) text += ", task " + run.task;
  return text + ")";
}

std::string actions_text(const Intent& intent) {
  std::vector<std::string> names;
  for (const Action action : intent.actions.list()) names.emplace_back(name_of(action));
  std::string text = join(names, ", ");
  if (intent.unbounded) text += " (of the whole table: no WHERE, or one that is always true)";
  return text;
}

std::string objects_text(const Intent& intent) {
  std::vector<std::string> names;
  for (const ObjectRef& object : intent.objects) {
    std::string name = object.schema.empty() ? object.name : object.schema + "." + object.name;
    if (object.kind == ObjectRef::Kind::kFunction) name += "()";
    names.push_back(std::move(name));
  }
  return join(names, ", ");
}

std::string sensitive_text(const Intent& intent) {
  std::vector<std::string> names;
  for (const ColumnRef& column : intent.columns)
    if (column.sensitive) names.push_back(column.schema + "." + column.table + "." + column.column);
  return join(names, ", ");
}

std::string approvers_text(const ApprovalRow& row) {
  return people(row.approvers.users, row.approvers.groups) +
         (row.approvers.count > 1 ? " (" + std::to_string(row.approvers.count) + " of them)" : "");
}

std::string intent_text(const Intent& intent) {
  std::string text = line("who", who(*intent.lineage));
  text += line("where", intent.resource + (intent.database.empty() ? "" : "/" + intent.database));
  text += line("does", actions_text(intent));
  if (!intent.objects.empty()) text += line("touches", objects_text(intent));
  if (const std::string sensitive = sensitive_text(intent); !sensitive.empty())
    text += line("sensitive", sensitive);
  text += "statement\n" + visible_block(intent.statement, "  | ");
  for (std::size_t i = 0; i < intent.parameters.size(); ++i) {
    const Parameter& parameter = intent.parameters[i];
    text += "  $" + std::to_string(i + 1) + " = " +
            (parameter ? "'" + visible(*parameter) + "'" : std::string{"NULL"}) + "\n";
  }
  return text;
}

// A policy may have thousands that no connect has met.
std::string rule_hits_text(const std::vector<Counter>& rules) {
  Columns table{{"RULE", "HITS IN THE KERNEL"}};
  bool any = false;
  for (const Counter& rule : rules) {
    if (rule.value == 0) continue;
    table.add({visible(rule.name), std::to_string(rule.value)});
    any = true;
  }
  return any ? "\n" + table.text() : "";
}

}  // namespace

std::string show(const StatusReport& report, WallTime now) {
  std::string text = report.enforcing
                         ? "enforcing\n"
                         : "NOT enforcing: " + visible(report.not_enforcing_because) + "\n";
  text += line("daemon", "sluice " + report.version + ", pid " + std::to_string(report.pid) +
                             ", started " + from_now(report.started_at, now));
  text += line("policy", report.policy_dir + ", loaded " + from_now(report.policy_loaded_at, now));
  if (!report.policy_error.empty())
    text += "the last reload was refused, the policy before it stays:\n" +
            visible_block(report.policy_error, "  | ");
  if (!report.observe_rules.empty()) text += line("observe only", join(report.observe_rules, ", "));
  text += line("cgroup", report.cgroup_root);
  text += line("listeners", join(report.listeners, ", "));
  text += line("runs", std::to_string(report.runs_living));
  text += line("flows", std::to_string(report.flows_open));
  text += line("approvals", std::to_string(report.approvals_pending) + " waiting");
  if (!report.balances.empty()) {
    Columns table{{"RECONCILED", "SUM", "AGAINST", "SUM", "DIFFERENCE"}};
    for (const BalanceRow& row : report.balances) {
      std::vector<std::string> parts;
      for (const Counter& part : row.parts)
        parts.push_back(part.name + " " + std::to_string(part.value));
      table.add({row.one_words, std::to_string(row.one),
                 row.other_words + " (" + join(parts, ", ") + ")", std::to_string(row.other),
                 std::to_string(static_cast<std::int64_t>(row.one - row.other))});
    }
    text += "\n" + table.text();
  }
  text += rule_hits_text(report.rule_hits);
  if (report.counters.empty()) return text;
  Columns counters{{"COUNTER", "VALUE"}};
  for (const Counter& counter : report.counters)
    counters.add({counter.name, std::to_string(counter.value)});
  return text + "\n" + counters.text();
}

std::string show(const std::vector<AgentRow>& agents, WallTime now) {
  if (agents.empty()) return "no agents\n";
  Columns table{{"AGENT", "RUN", "LINEAGE", "STARTED", "BY", "FOR", "TASK", "FLOWS", "STATEMENTS",
                 "REFUSED", "STATE"}};
  for (const AgentRow& agent : agents) {
    if (agent.runs.empty()) {
      table.add({agent.name, "", agent.match_cgroup, "", "", "", "", "", "", "", "no run"});
      continue;
    }
    for (const RunRow& row : agent.runs)
      table.add({agent.name, row.run.id, join(row.lineage, " > "), from_now(row.started_at, now),
                 row.enrolled ? "enrolled" : row.run.launched_by, row.run.on_behalf_of,
                 row.run.task, std::to_string(row.flows_open), std::to_string(row.statements),
                 std::to_string(row.refused), row.revoked ? "revoked" : "living"});
  }
  return table.text();
}

std::string show(const std::vector<FlowRow>& flows, WallTime now) {
  if (flows.empty()) return "no open flows\n";
  Columns table{{"SESSION", "RUN", "AGENT", "RESOURCE", "PROTOCOL", "TO", "OPENED", "STATE",
                 "STATEMENTS", "UP", "DOWN"}};
  for (const FlowRow& flow : flows)
    table.add({flow.session, flow.run, flow.agent, flow.resource, flow.protocol,
               flow.original_destination, from_now(flow.opened_at, now), flow.state,
               std::to_string(flow.statements), bytes_text(flow.bytes_from_agent),
               bytes_text(flow.bytes_to_agent)});
  return table.text();
}

std::string show(const DoctorReport& report) {
  const std::map<std::string, std::string> signs{{"held", "held     "},
                                                 {"partly", "PARTLY   "},
                                                 {"not_held", "NOT HELD "},
                                                 {"unknown", "UNKNOWN  "}};
  std::string text = "guarantees, numbered as in THREAT_MODEL.md (* required)\n";
  const auto more = [&](std::string_view name, const std::string& what) {
    if (!what.empty()) text += "                " + std::string{name} + visible(what) + "\n";
  };
  for (const GuaranteeRow& row : report.guarantees) {
    const auto sign = signs.find(row.state);
    const std::string number = std::to_string(row.number);
    text += (number.size() < 2 ? " " : "") + number + (row.required ? "* " : "  ") +
            (sign == signs.end() ? visible(row.state) + " " : sign->second) + visible(row.id) +
            ": " + visible(row.guarantee) + "\n";
    more(row.state == "partly" ? "in part by: " : "by: ", row.by);
    more("why not: ", row.why_not);
    more("so: ", row.open);
  }
  text += "\nfeatures of this kernel\n";
  for (const DoctorRow& row : report.checks) {
    text += row.holds ? "    holds    " : row.required ? "    MISSING  " : "    absent   ";
    text += visible(row.name);
    if (!row.detail.empty()) text += ": " + visible(row.detail);
    text += "\n";
    if (!row.holds) more("", row.what_to_do);
  }
  text += "\n";
  for (const std::string& note : report.notes) text += "note: " + visible(note) + "\n";
  if (report.missing.empty()) return text + "Every required guarantee is held: enforcing.\n";
  for (const std::string& missing : report.missing) text += "missing: " + visible(missing) + "\n";
  return text + "NOT all that is required is known to be held.\n";
}

std::string show(const ApprovalRow& row, WallTime now) {
  std::string text = visible(row.ticket) + "  " + visible(row.state);
  text += row.state == "pending" ? ", expires " + from_now(row.expires_at, now) + "\n"
                                 : (row.note.empty() ? "\n" : ": " + visible(row.note) + "\n");
  text += intent_text(row.intent);
  if (row.estimated_rows)
    text += line("planner", "about " + std::to_string(*row.estimated_rows) +
                                (*row.estimated_rows == 1 ? " row" : " rows"));
  text += line("rule", row.rule + (row.message.empty() ? "" : ": " + row.message));
  text += line("approvers", approvers_text(row));
  if (!row.recent.empty()) text += "last statements of the run\n";
  for (const RecentRow& recent : row.recent)
    text += "  " + from_now(recent.at, now) + "  " + visible(recent.verdict) + "  " +
            visible(recent.statement) + "\n";
  for (const VoteRow& vote : row.votes)
    text +=
        line(vote.approve ? "approved by" : "denied by",
             vote.by + " " + from_now(vote.at, now) + (vote.note.empty() ? "" : ": " + vote.note));
  return text;
}

std::string show(const ApprovalsReport& report, WallTime now) {
  std::string text;
  for (const ApprovalRow& row : report.approvals) text += show(row, now) + "\n";
  if (report.approvals.empty()) text += "nothing waits for approval\n";
  if (report.grants.empty()) return text;
  Columns grants{{"GRANT", "RUN", "AGENT", "WHERE", "BY", "ENDS", "STATEMENT"}};
  for (const GrantRow& grant : report.grants)
    grants.add({grant.id, grant.run, grant.agent, grant.resource + "/" + grant.database, grant.by,
                from_now(grant.expires_at, now), grant.statement});
  return text + grants.text();
}

std::string show(const VoteReply& reply, const TicketId& ticket) {
  std::string text = visible(ticket) + "  " + visible(reply.state);
  if (reply.state == "pending")
    text += ": " + std::to_string(reply.still_needed) + " more must approve";
  if (!reply.grant.empty()) text += ", with " + visible(reply.grant);
  return text + "\n";
}

std::string show(const RevokeReply& reply) {
  std::string text;
  for (const RunId& run : reply.runs) text += "revoked " + visible(run) + "\n";
  for (const std::string& grant : reply.grants) text += "revoked " + visible(grant) + "\n";
  return text + std::to_string(reply.flows_closed) + " connections closed\n";
}

}  // namespace sluice::cli
