// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/hold.h"

#include <utility>

#include "base/check.h"
#include "policy/enough_people.h"
#include "session/postgres/reach_digest.h"
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

Admitted refusing(pg::Report refusal, std::string request) {
  return {Admission::kRefuse, std::make_unique<pg::Report>(std::move(refusal)), std::move(request)};
}

}  // namespace

bool same_intent(const Intent& a, const Intent& b) {
  return a.lineage == b.lineage && a.resource == b.resource && a.database == b.database &&
         a.statement == b.statement && a.actions == b.actions && a.objects == b.objects &&
         a.columns == b.columns && a.parameters == b.parameters &&
         a.unshown_digest == b.unshown_digest && a.unbounded == b.unbounded;
}

bool approved_by_enough(const Approvers& asked, const Verdict& verdict) {
  return verdict.kind == VerdictKind::kAllow ||
         (verdict.kind == VerdictKind::kHold && policy::is_enough_for(asked, verdict.approvers));
}

Intent Gate::whole(const Judgement& judgement, const std::string& text) const {
  Intent whole = judgement.whole(text);
  whole.unshown_digest = judgement.parameters_digest + '/' +
                         reach_digest(judgement, whole, context_, pipeline_.names.acts());
  return whole;
}

std::string Gate::next_request() const {
  return request_id(context_.options.session, context_.statements + 1);
}

void Gate::record(Judgement judgement, const TicketId& ticket) {
  for (Judged& judged : judgement.statements) {
    auto& event = context_.record<StatementJudged>();
    event.statement = ++context_.statements;
    if (judged.verdict.kind == VerdictKind::kHold) event.ticket = ticket;
    event.intent = std::move(judged.intent);
    event.verdict = std::move(judged.verdict);
  }
}

Admitted Gate::admit(Judgement judgement, const std::string& text) {
  if (held_) {
    if (waiting()) return {};
    return release(std::move(judgement), text);
  }
  switch (judgement.verdict().kind) {
    case VerdictKind::kAllow:
      looked_ = false;
      record(std::move(judgement), {});
      return {Admission::kPass};
    case VerdictKind::kHold:
      if (looks_first()) return {};
      return hold(std::move(judgement), text);
    case VerdictKind::kDeny: break;
  }
  return refuse(std::move(judgement));
}

// People are asked, and grants compared, by the catalogue of now. True: ask again when it is there.
bool Gate::looks_first() {
  looked_ = !looked_;
  if (looked_) pipeline_.need_fresh_catalog(context_);
  return looked_;
}

Admitted Gate::refuse(Judgement judgement) {
  looked_ = false;
  std::string request = next_request();
  pg::Report refusal = refused_by_policy(judgement, request);
  record(std::move(judgement), {});
  return refusing(std::move(refusal), std::move(request));
}

Admitted Gate::hold(Judgement judgement, const std::string& text) {
  const std::uint64_t first = context_.statements + 1;
  const std::string request = next_request();
  const TicketId ticket = ticket_of(context_.options.session, first);
  const std::uint64_t statement = first + judgement.worst;
  held_ = Held{ticket,  statement,    {whole(judgement, text), judgement.verdict().approvers},
               request, std::nullopt, false};
  Ask ask{ticket, statement, held_->asked_for.intent, judgement.verdict(),
          std::move(judgement.statements[judgement.worst].plan)};
  record(std::move(judgement), ticket);
  pipeline_.notice(context_,
                   held_notice(ticket, ask.verdict, context_.wall + ask.verdict.timeout, request));
  context_.act(std::move(ask));
  return {};
}

Admitted Gate::release(Judgement judgement, const std::string& text) {
  Held held = std::move(*held_);
  held_.reset();
  if (held.cancelled) return refusing(cancelled_while_held(held.ticket), held.request);
  const Decision& decision = *held.decision;
  if (decision.kind != DecisionKind::kApproved)
    return refusing(
        refused_after_hold(decision.kind, decision.by, decision.note, held.ticket, held.request),
        held.request);
  // Approved: still judged once more, because policy and catalogue may have moved on.
  if (judgement.verdict().kind == VerdictKind::kDeny) return refuse(std::move(judgement));
  if (!same_intent(held.asked_for.intent, whole(judgement, text))) {
    context_.remark("ticket " + held.ticket + " was approved, but what would run had changed");
    return refusing(changed_since_approval(held.ticket, held.request), held.request);
  }
  // Others have to be asked by now.
  if (!approved_by_enough(held.asked_for.asked, judgement.verdict()))
    return hold(std::move(judgement), text);
  return {Admission::kPass, {}, {}, std::move(held.asked_for)};
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
