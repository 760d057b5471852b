// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/hold.h"

#include <utility>

#include "base/check.h"
#include "session/postgres/refusal.h"

namespace sluice::session {
namespace {

// Typeable, and the same for the same session and statement. It is a name, not a secret: who may
// decide is checked by the caller's user, not by knowing it.
TicketId ticket_of(const SessionId& session, std::uint64_t statement) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  const auto mix = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const char c : session) mix(static_cast<std::uint8_t>(c));
  for (int shift = 0; shift < 64; shift += 8) mix(static_cast<std::uint8_t>(statement >> shift));
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  hash ^= hash >> 32;
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  TicketId ticket;
  for (int i = 0; i < 8; ++i, hash >>= 5) ticket += kAlphabet[hash & 31];
  return ticket;
}

}  // namespace

bool same_intent(const Intent& a, const Intent& b) {
  return a.lineage == b.lineage && a.resource == b.resource && a.database == b.database &&
         a.statement == b.statement && a.actions == b.actions && a.objects == b.objects &&
         a.columns == b.columns && a.parameters == b.parameters && a.unbounded == b.unbounded;
}

std::uint64_t Gate::record(const Judgement& judgement, const TicketId& ticket) {
  const std::uint64_t first = context_.statements + 1;
  for (const Judged& judged : judgement.statements) {
    StatementJudged event;
    event.statement = ++context_.statements;
    event.intent = judged.intent;
    event.verdict = judged.verdict;
    if (judged.verdict.kind == VerdictKind::kHold) event.ticket = ticket;
    context_.record(std::move(event));
  }
  return first;
}

Admitted Gate::admit(const Judgement& judgement, const std::string& text) {
  if (held_) {
    if (waiting()) return {};
    return release(judgement, text);
  }
  const std::uint64_t first = context_.statements + 1;
  std::string request = request_id(context_.options.session, first);
  switch (judgement.verdict().kind) {
    case VerdictKind::kAllow:
      record(judgement, {});
      return {Admission::kPass, {}, std::move(request), false};
    case VerdictKind::kHold: return hold(judgement, text, request, first);
    case VerdictKind::kDeny: break;
  }
  record(judgement, {});
  pg::Report refusal = refused_by_policy(judgement, request);
  return {Admission::kRefuse, std::move(refusal), std::move(request), false};
}

Admitted Gate::hold(const Judgement& judgement, const std::string& text, const std::string& request,
                    std::uint64_t first) {
  const TicketId ticket = ticket_of(context_.options.session, first);
  record(judgement, ticket);
  const Verdict& verdict = judgement.verdict();
  const std::uint64_t statement = first + judgement.worst;
  held_ = Held{ticket, statement, judgement.whole(text), request, std::nullopt, false};
  pipeline_.notice(context_,
                   held_notice(ticket, verdict, context_.wall + verdict.timeout, request));
  context_.act(
      Ask{ticket, statement, held_->intent, verdict, judgement.statements[judgement.worst].plan});
  return {};
}

Admitted Gate::release(const Judgement& judgement, const std::string& text) {
  const Held held = std::move(*held_);
  held_.reset();
  if (held.cancelled)
    return {Admission::kRefuse, cancelled_while_held(held.ticket), held.request, false};
  const Decision& decision = *held.decision;
  if (decision.kind != DecisionKind::kApproved)
    return {
        Admission::kRefuse,
        refused_after_hold(decision.kind, decision.by, decision.note, held.ticket, held.request),
        held.request, false};
  // Approved: still judged once more, because policy and catalogue may have moved on.
  if (judgement.verdict().kind == VerdictKind::kDeny) {
    const std::string request = request_id(context_.options.session, context_.statements + 1);
    record(judgement, {});
    return {Admission::kRefuse, refused_by_policy(judgement, request), request, false};
  }
  if (!same_intent(held.intent, judgement.whole(text))) {
    context_.remark("ticket " + held.ticket + " was approved, but what would run had changed");
    return {Admission::kRefuse, changed_since_approval(held.ticket, held.request), held.request,
            false};
  }
  return {Admission::kPass, {}, held.request, true};
}

void Gate::decided(const Decision& decision) {
  if (!waiting() || decision.ticket != held_->ticket) return;
  held_->decision = decision;
  context_.record(
      HoldDecided{decision.ticket, held_->statement, decision.kind, decision.by, decision.note});
  // What it names may have become something else while it waited.
  if (decision.kind == DecisionKind::kApproved) pipeline_.need_fresh_catalog(context_);
}

bool Gate::cancel() {
  if (!waiting()) return false;
  withdraw("cancelled by the agent");
  return true;
}

void Gate::withdraw(const std::string& reason) {
  if (!waiting()) return;
  held_->cancelled = true;
  context_.act(Withdraw{held_->ticket, reason});
  context_.record(
      HoldDecided{held_->ticket, held_->statement, DecisionKind::kWithdrawn, "", reason});
}

void Gate::abandon(const std::string& reason) {
  withdraw(reason);
  held_.reset();
}

}  // namespace sluice::session
