// SPDX-License-Identifier: Apache-2.0
// Does each rule fit the resources that it names?
#include "policy/draft.h"
#include "policy/protocols.h"

#include <algorithm>

namespace sluice::policy {
namespace {

std::vector<std::string> names_of(const ActionSet& actions) {
  std::vector<std::string> names;
  for (const Action action : actions.list()) names.emplace_back(name_of(action));
  return names;
}

const Resource* described(const Draft& draft, const Word& word) {
  const auto found = draft.resources.find(word.text);
  return found == draft.resources.end() ? nullptr : &found->second.resource;
}

bool overlap(const ActionSet& a, std::uint64_t bits) { return (a.bits() & bits) != 0; }

void check_actions(const Draft& draft, const RuleDraft& rule, Findings& findings) {
  if (rule.any_action || !rule.resources) return;
  ActionSet had;
  for (const Word& word : *rule.resources) {
    const Resource* resource = described(draft, word);
    if (resource == nullptr) return;
    const ActionSet own = actions_of(resource->protocol);
    had.add(own);
    if (!overlap(own, rule.rule.actions))
      findings.error(word.place,
                     "resource " + quoted(word.text) + " speaks " +
                         std::string{name_of(resource->protocol)} +
                         ", which has none of the actions of this rule",
                     "its actions are " + one_of(names_of(own)));
  }
  for (const auto& [action, place] : rule.actions)
    if (!had.has(action))
      findings.error(
          place, "no resource of this rule has the action " + quoted(std::string{name_of(action)}),
          "their actions are " + one_of(names_of(had)));
}

void check_conditions(const Draft& draft, const RuleDraft& rule, Findings& findings) {
  const Conditions& when = rule.rule.when;
  if (!when.is_sql()) return;
  if (rule.resources)
    for (const Word& word : *rule.resources) {
      const Resource* resource = described(draft, word);
      if (resource != nullptr && resource->protocol != Protocol::kPostgres)
        findings.error(rule.when_place,
                       "unbounded, tables, functions and databases narrow statements of a "
                       "database, but resource " +
                           quoted(word.text) + " speaks " +
                           std::string{name_of(resource->protocol)},
                       "use on_behalf_of or hours, or a rule of its own for " + quoted(word.text));
    }
  if (!rule.any_action)
    for (const auto& [action, place] : rule.actions)
      if (action == Action::kConnect)
        findings.error(place, "a connect cannot be narrowed by what a statement does",
                       "give connect a rule of its own");
  const bool changes = overlap({Action::kUpdate, Action::kDelete}, rule.rule.actions);
  if (when.unbounded == true && !changes)
    findings.error(rule.when_place,
                   "'unbounded' is about update and delete, which this rule does not have: it can "
                   "never match",
                   "add update or delete to 'actions', or remove 'unbounded'");
}

// A name server is reached by datagrams, which the kernel lets through or not: nobody can be asked.
void check_dns(const Draft& draft, const RuleDraft& rule, Findings& findings) {
  if (!rule.resources || rule.rule.observe) return;
  for (const Word& word : *rule.resources) {
    const Resource* resource = described(draft, word);
    if (resource == nullptr || resource->protocol != Protocol::kDns) continue;
    if (rule.rule.kind == VerdictKind::kHold)
      findings.error(rule.verdict_place,
                     "a connect to the dns resource " + quoted(word.text) + " cannot be held",
                     "write verdict: allow or deny");
    if (!rule.rule.when.empty())
      findings.error(
          rule.when_place,
          "a connect to the dns resource " + quoted(word.text) + " cannot depend on a condition",
          "remove 'when'");
  }
}

void warn_of_unused(const Draft& draft, const Compiled& compiled, Findings& findings) {
  std::vector<bool> agents(compiled.agents.size()), resources(compiled.resources.size());
  for (const RuleDraft& rule : draft.rules) {
    if (rule.rule.kind == VerdictKind::kDeny) continue;
    for_each_number(rule.agent_numbers, agents.size(), [&](std::uint32_t i) { agents[i] = true; });
    for_each_number(rule.resource_numbers, resources.size(),
                    [&](std::uint32_t i) { resources[i] = true; });
  }
  for (std::uint32_t i = 0; i < agents.size(); ++i)
    if (!agents[i])
      findings.warning(draft.agents.at(compiled.agents[i].name).place,
                       "no rule allows agent " + quoted(compiled.agents[i].name) + " anything",
                       "add a rule with verdict: allow or hold, or remove the agent");
  for (std::uint32_t i = 0; i < resources.size(); ++i)
    if (!resources[i])
      findings.warning(
          draft.resources.at(compiled.resources[i]->name).place,
          "no rule allows anybody to use resource " + quoted(compiled.resources[i]->name),
          "add a rule with verdict: allow or hold, or remove the resource");
}

}  // namespace

void check_rules(const Draft& draft, const Compiled& compiled, Findings& findings) {
  for (const RuleDraft& rule : draft.rules) {
    check_actions(draft, rule, findings);
    check_conditions(draft, rule, findings);
    check_dns(draft, rule, findings);
  }
  warn_of_unused(draft, compiled, findings);
}

}  // namespace sluice::policy
