// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/refusal.h"

#include <time.h>

namespace sluice::session {
namespace {

constexpr const char* kInsufficientPrivilege = "42501";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string actions_of(const Intent& intent) {
  std::string text;
  for (const Action action : intent.actions.list()) {
    if (!text.empty()) text += ", ";
    text += name_of(action);
  }
  return text;
}

// The analysis says where at the end of its text ("... at character 12", sql/analysis.h); the
// server has a field for that, by which clients point at the place.
void move_place_to_its_field(pg::Report& report) {
  constexpr std::string_view kAt = " at character ";
  const std::size_t at = report.message.rfind(kAt);
  if (at == std::string::npos) return;
  std::string character = report.message.substr(at + kAt.size());
  if (character.empty() || character.find_first_not_of("0123456789") != std::string::npos) return;
  report.position = std::move(character);
  report.message.resize(at);
}

std::string quoted(std::string_view name) { return "\"" + std::string{name} + "\""; }

}  // namespace

std::string request_id(const SessionId& session, std::uint64_t statement) {
  return session + "/" + std::to_string(statement);
}

pg::Report refused_by_policy(const Judgement& judgement, const std::string& request) {
  pg::Report report;
  if (!judgement.syntax_error.empty()) {
    report.sqlstate = "42601";
    report.message = judgement.syntax_error;
    move_place_to_its_field(report);
    report.detail = "sluice could not read the statement, so nothing of it was sent to the server.";
    report.hint = "Request id: " + request;
    return report;
  }
  const Judged& judged = judgement.statements[judgement.worst];
  const Verdict& verdict = judged.verdict;
  report.sqlstate = kInsufficientPrivilege;
  report.message = verdict.rule.empty() ? "refused: no policy rule allows this statement"
                                        : "refused by policy rule " + quoted(verdict.rule);
  if (!verdict.message.empty()) report.message += ": " + verdict.message;
  report.detail =
      "Actions: " + actions_of(judged.intent) + "; resource: " + judged.intent.resource +
      "; agent: " + (verdict.agent.empty() ? judged.intent.lineage->back().agent : verdict.agent) +
      ".";
  if (!judged.notes.empty()) report.detail += " Note: " + joined(judged.notes) + ".";
  report.hint = "Request id: " + request;
  return report;
}

pg::Report refused_after_hold(DecisionKind kind, std::string_view by, std::string_view note,
                              const TicketId& ticket, const std::string& request) {
  pg::Report report;
  report.sqlstate = kInsufficientPrivilege;
  switch (kind) {
    case DecisionKind::kDenied:
      report.message = by.empty() ? "refused: approval was denied"
                                  : "refused: approval was denied by " + std::string{by};
      break;
    case DecisionKind::kExpired: report.message = "refused: nobody approved it in time"; break;
    case DecisionKind::kWithdrawn: report.message = "refused: the request was withdrawn"; break;
    case DecisionKind::kApproved: report.message = "refused"; break;
  }
  if (!note.empty()) report.message += ": " + std::string{note};
  report.detail = "Approval ticket: " + ticket + ".";
  report.hint = "Request id: " + request;
  return report;
}

pg::Report cancelled_while_held(const TicketId& ticket) {
  pg::Report report;
  report.sqlstate = "57014";
  report.message = "canceling statement due to user request";
  report.detail =
      "It was waiting for approval (ticket " + ticket + "); nothing of it was sent to the server.";
  return report;
}

pg::Report changed_since_approval(const TicketId& ticket, const std::string& request) {
  pg::Report report;
  report.sqlstate = kInsufficientPrivilege;
  report.message = "refused: what would run now is not what was approved";
  report.detail = "Between the approval of ticket " + ticket +
                  " and its release the policy or the database changed.";
  report.hint = "Send the statement again. Request id: " + request;
  return report;
}

pg::Report no_such_statement(std::string_view name) {
  pg::Report report;
  report.sqlstate = "26000";
  report.message = name.empty() ? "unnamed prepared statement does not exist"
                                : "prepared statement " + quoted(name) + " does not exist";
  return report;
}

pg::Report no_such_portal(std::string_view name) {
  pg::Report report;
  report.sqlstate = "34000";
  report.message = "portal " + quoted(name) + " does not exist";
  return report;
}

pg::Report name_beyond_ascii(std::string_view client_encoding, std::string_view server_encoding) {
  pg::Report report;
  report.sqlstate = "0A000";
  report.message =
      "refused: a prepared statement or portal has a name with other than ASCII letters";
  report.detail = "The server compares names in its own encoding, " + std::string{server_encoding} +
                  ", and client_encoding is " + std::string{client_encoding} +
                  " or may be about to change, so sluice cannot tell which one is meant.";
  report.hint = "Use ASCII names, or set client_encoding to " + std::string{server_encoding} +
                " in a message of its own.";
  return report;
}

pg::Report means_another(std::string_view portal) {
  pg::Report report;
  report.sqlstate = "34000";
  report.message = "refused: portal " + quoted(portal) +
                   " was bound to a statement that names another, which has changed since";
  report.hint = "Bind it again.";
  return report;
}

pg::Report held_notice(const TicketId& ticket, const Verdict& verdict, WallTime expires,
                       const std::string& request) {
  pg::Report report;
  report.severity = "NOTICE";
  report.sqlstate = "00000";
  report.message = "held for approval, ticket " + ticket + ", until " + utc(expires);
  std::string who = joined(verdict.approvers.users);
  const std::string groups = joined(verdict.approvers.groups);
  if (!groups.empty()) who += (who.empty() ? "group " : " or group ") + groups;
  report.detail = (verdict.rule.empty() ? std::string{"A sensitive column is searched by or copied"}
                                        : "Policy rule " + quoted(verdict.rule)) +
                  (verdict.message.empty() ? "" : ": " + verdict.message) +
                  ". Needed: " + std::to_string(verdict.approvers.count) + " of " + who + ".";
  report.hint = "sluice approve " + ticket + "   or   sluice deny " + ticket +
                " --reason TEXT   (request id " + request + ")";
  return report;
}

std::string failing_text(const std::string& request) {
  return "sluice refused this statement (" + request + ")";
}

std::string utc(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace sluice::session
