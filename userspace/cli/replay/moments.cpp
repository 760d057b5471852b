// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/moments.h"

#include "cli/replay/visible.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace sluice::cli {
namespace {

std::string seconds_text(std::chrono::nanoseconds span) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(span.count()) / 1e9);
  return text;
}

std::string_view loud_name_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kAllow: return "allow";
    case VerdictKind::kHold: return "HOLD";
    case VerdictKind::kDeny: return "DENY";
  }
  return "?";
}

std::string_view name_of(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kApproved: return "approved";
    case DecisionKind::kDenied: return "denied";
    case DecisionKind::kExpired: return "expired: nobody decided in time";
    case DecisionKind::kWithdrawn: return "withdrawn";
  }
  return "?";
}

// A statement of several lines keeps them, each under the first.
std::string block(std::string_view text) {
  std::string out;
  for (char c : visible(text, /*lines=*/true)) {
    out += c;
    if (c == '\n') out += "      ";
  }
  return out;
}

std::string run_text(const Run& run) {
  std::string out = "  agent       " + visible(run.agent) + "  (" + visible(run.id);
  if (!run.launched_by.empty()) out += ", started by " + visible(run.launched_by);
  if (!run.on_behalf_of.empty()) out += ", for " + visible(run.on_behalf_of);
  if (!run.task.empty()) out += ", task \"" + visible(run.task) + "\"";
  return out + ")\n";
}

}  // namespace

std::string moment_text(WallTime at) {
  const std::int64_t ns = at.time_since_epoch().count();
  std::int64_t milliseconds = ns / 1'000'000 - (ns % 1'000'000 < 0 ? 1 : 0);
  std::int64_t whole = milliseconds / 1000;
  milliseconds -= whole * 1000;
  if (milliseconds < 0) {
    milliseconds += 1000;
    whole -= 1;
  }
  const time_t seconds = whole;
  tm parts{};
  if (!::gmtime_r(&seconds, &parts)) return std::to_string(ns) + " ns";
  char date[40];
  ::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(milliseconds));
  return std::string{date} + fraction;
}

std::string MomentWriter::stamp(WallTime at) const { return moment_text(at).substr(11, 12) + "  "; }

Moment MomentWriter::moment(const record::RecordedEvent& event) {
  last_ = event.at;
  return {event.at,
          std::visit([&](const auto& each) { return lines(each, event.at); }, event.event)};
}

std::string MomentWriter::lines(const SessionOpened& opened, WallTime at) {
  view_ = make_agent_view(opened.protocol);
  std::string out = "session " + visible(opened.session) + "\n";
  out += "  opened      " + moment_text(at) + "\n";
  for (const Run& run : opened.lineage) out += run_text(run);
  out +=
      "  resource    " +
      (opened.resource.empty() ? std::string{"none: the policy knows no such destination"}
                               : visible(opened.resource) + " (" + visible(opened.protocol) + ")") +
      "\n";
  out += "  connection  " + opened.agent_address.text() + " -> " +
         opened.original_destination.text() + "\n";
  out += "  policy      version " + std::to_string(opened.policy_version) + "\n\n";
  return out;
}

std::string MomentWriter::lines(const Remark& remark, WallTime at) {
  return stamp(at) + "-- " + visible(remark.text) + "\n";
}

std::string MomentWriter::lines(const StatementJudged& judged, WallTime at) {
  const Intent& intent = judged.intent;
  const Verdict& verdict = judged.verdict;
  std::string out =
      stamp(at) + "#" + std::to_string(judged.statement) + " " + block(intent.statement) + "\n";
  for (std::size_t i = 0; i < intent.parameters.size(); ++i)
    out += "    $" + std::to_string(i + 1) + " = " +
           (intent.parameters[i] ? "'" + visible(*intent.parameters[i]) + "'" : "NULL") + "\n";
  out += "    " + std::string{loud_name_of(verdict.kind)};
  out += verdict.rule.empty() ? ": no rule" : ": rule \"" + visible(verdict.rule) + "\"";
  if (!verdict.agent.empty()) out += " of " + visible(verdict.agent);
  std::string actions;
  for (Action action : intent.actions.list())
    actions += (actions.empty() ? "" : " ") + std::string{sluice::name_of(action)};
  if (!actions.empty()) out += "  [" + actions + "]";
  out += "\n";
  if (!verdict.message.empty()) out += "    " + visible(verdict.message) + "\n";
  for (const Observation& observed : verdict.observed)
    out += "    observed: rule \"" + visible(observed.rule) + "\" would have said " +
           std::string{loud_name_of(observed.kind)} + "\n";
  if (verdict.kind == VerdictKind::kHold) {
    held_since_[judged.ticket] = at;
    out += "    held as " + visible(judged.ticket) + ", for " +
           std::to_string(verdict.timeout.count()) + " s at most\n";
  }
  return out;
}

std::string MomentWriter::lines(const HoldDecided& decided, WallTime at) {
  std::string out = stamp(at) + "#" + std::to_string(decided.statement) + " " +
                    visible(decided.ticket) + " " + std::string{name_of(decided.kind)};
  if (!decided.by.empty()) out += " by " + visible(decided.by);
  if (!decided.note.empty()) out += ": \"" + visible(decided.note) + "\"";
  const auto since = held_since_.find(decided.ticket);
  if (since != held_since_.end()) {
    out += " after " + seconds_text(at - since->second);
    held_since_.erase(since);
  }
  return out + "\n";
}

std::string MomentWriter::lines(const AgentSees& sees, WallTime) {
  return view_ ? view_->feed(sees.bytes) : std::string{};
}

std::string MomentWriter::lines(const SessionClosed& closed, WallTime at) {
  closed_ = true;
  std::string out = view_ ? view_->finish() : std::string{};
  out += stamp(at) + "-- closed: " + visible(closed.reason) + " (" +
         std::to_string(closed.statements) + " statements, " +
         std::to_string(closed.bytes_from_agent) + " bytes from the agent, " +
         std::to_string(closed.bytes_to_agent) + " bytes to it)\n";
  return out;
}

Moment MomentWriter::ending(const record::SessionReader::Step& end) {
  std::string out = view_ && !closed_ ? view_->finish() : std::string{};
  if (const auto* bad = std::get_if<record::Bad>(&end))
    out += "!! the recording is damaged at offset " + std::to_string(bad->offset) + ", block " +
           std::to_string(bad->sequence) + ": " + visible(bad->what) +
           ". What follows is not shown; run `sluice verify`\n";
  else if (const auto* torn = std::get_if<record::Unfinished>(&end))
    out += "!! the recording ends inside a block, at offset " + std::to_string(torn->offset) +
           ": it is still being written, or was cut off\n";
  else if (!closed_)
    out += "-- not closed: the session is still open, or was cut off\n";
  return {last_, std::move(out)};
}

}  // namespace sluice::cli
