// SPDX-License-Identifier: Apache-2.0
#include "policy/judge.h"

#include <algorithm>
#include <array>

namespace sluice::policy {
namespace {

using Cells = std::array<RuleIndex::Entries, 4>;

constexpr std::uint16_t bit(Action action) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(action));
}
constexpr std::uint16_t kSwitched = bit(Action::kSensitiveSearch) | bit(Action::kSensitiveCopy);

// One member's rules against one intent.
class Matcher {
 public:
  Matcher(const Compiled& compiled, const Asked& asked, const Run& member)
      : compiled_(compiled), asked_(asked), member_(member) {}

  std::uint16_t asked() const { return static_cast<std::uint16_t>(asked_.intent.actions.bits()); }

  bool matches(const RuleEntry& entry, std::uint16_t actions) const {
    if ((entry.actions & actions) == 0) return false;
    if (!entry.conditional) return true;
    const Intent& intent = entry.kind == VerdictKind::kAllow ? asked_.intent : asked_.with_kin;
    return compiled_.rules[entry.rule].when.hold_for(intent, member_, entry.kind);
  }

  // The strongest rule of this kind that matches, as an index into the rules; kAny where none does.
  // Adds the actions of all that match to `covered`; stops when everything is.
  std::uint32_t strongest(const Cells& cells, VerdictKind kind, std::uint16_t& covered) const {
    std::uint32_t best = kAny;
    for (const RuleIndex::Entries& cell : cells) {
      for (const RuleEntry& entry : cell) {
        if (entry.kind > kind) continue;  // stronger kinds stand in front
        if (entry.kind < kind) break;
        // Nothing weaker than what is known can change the answer once all is covered.
        if ((covered & asked()) == asked() && entry.rule > best) break;
        if (!matches(entry, asked())) continue;
        covered |= entry.actions;
        best = std::min(best, entry.rule);
      }
    }
    return best;
  }

 private:
  const Compiled& compiled_;
  const Asked& asked_;
  const Run& member_;
};

VerdictKind switch_of(const Resource& resource, Action action) {
  return action == Action::kSensitiveSearch ? resource.on_sensitive_search
                                            : resource.on_sensitive_copy;
}

Judgement by_rule(const Rule& rule) {
  Judgement judgement;
  judgement.kind = rule.kind;
  judgement.rule = &rule;
  return judgement;
}

}  // namespace

std::uint32_t Judgement::approver_count() const {
  if (kind != VerdictKind::kHold) return 0;
  return rule != nullptr ? rule->approvers.count : 1;
}

bool is_more_restrictive(const Judgement& a, const Judgement& b) {
  if (a.kind != b.kind) return a.kind > b.kind;
  return a.approver_count() > b.approver_count();
}

Judgement judge_member(const Compiled& compiled, const Asked& what, const Run& member,
                       std::uint32_t agent, std::uint32_t resource) {
  const Matcher matcher{compiled, what, member};
  const Cells cells = compiled.enforced.cells(agent, resource);
  const std::uint16_t asked = matcher.asked();

  // One deny is enough, so nothing needs to be covered by it.
  std::uint16_t covered = asked;
  std::uint32_t rule = matcher.strongest(cells, VerdictKind::kDeny, covered);
  if (rule != kAny) return by_rule(compiled.rules[rule]);

  covered = 0;
  const std::uint32_t hold = matcher.strongest(cells, VerdictKind::kHold, covered);
  const std::uint32_t allow = matcher.strongest(cells, VerdictKind::kAllow, covered);
  const auto uncovered = static_cast<std::uint16_t>(asked & ~covered);
  if (asked == 0 || (uncovered & ~kSwitched) != 0) {
    Judgement judgement;
    judgement.uncovered = static_cast<std::uint16_t>(uncovered & ~kSwitched);
    return judgement;
  }
  rule = hold != kAny ? hold : allow;
  Judgement judgement;
  judgement.kind = VerdictKind::kAllow;
  if (rule != kAny) judgement = by_rule(compiled.rules[rule]);
  for (const Action action : {Action::kSensitiveSearch, Action::kSensitiveCopy}) {
    if ((uncovered & bit(action)) == 0) continue;
    Judgement switched;
    switched.kind = switch_of(*compiled.resources[resource], action);
    switched.by_switch = action;
    const bool undecided = judgement.rule == nullptr && !judgement.by_switch;
    if (undecided || is_more_restrictive(switched, judgement)) judgement = switched;
  }
  return judgement;
}

void observe_member(const Compiled& compiled, const Asked& what, const Run& member,
                    std::uint32_t agent, std::uint32_t resource, VerdictKind decided,
                    std::vector<Observation>& observed) {
  const Matcher matcher{compiled, what, member};
  std::uint16_t covered = 0;
  const Cells enforced = compiled.enforced.cells(agent, resource);
  for (const VerdictKind kind : {VerdictKind::kDeny, VerdictKind::kHold, VerdictKind::kAllow})
    matcher.strongest(enforced, kind, covered);
  const auto open = static_cast<std::uint16_t>(matcher.asked() & ~covered);
  for (const RuleIndex::Entries& cell : compiled.observed.cells(agent, resource)) {
    for (const RuleEntry& entry : cell) {
      const bool differs =
          entry.kind == VerdictKind::kAllow ? (entry.actions & open) != 0 : entry.kind > decided;
      if (!differs || !matcher.matches(entry, matcher.asked())) continue;
      const std::string& name = compiled.rules[entry.rule].name;
      const bool known = std::any_of(observed.begin(), observed.end(),
                                     [&](const Observation& one) { return one.rule == name; });
      if (!known) observed.push_back({name, entry.kind});
    }
  }
}

}  // namespace sluice::policy
