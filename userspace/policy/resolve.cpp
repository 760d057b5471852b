// SPDX-License-Identifier: Apache-2.0
// From names to numbers.
#include "policy/draft.h"
#include "policy/protocols.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::policy {
namespace {

template <class Drafts>
std::vector<std::string> names_in(const Drafts& drafts) {
  std::vector<std::string> names;
  for (const auto& [name, draft] : drafts) names.push_back(name);
  return names;
}

std::string missing_hint(const Word& word, const std::string& section,
                         const std::vector<std::string>& names) {
  if (names.empty()) return "describe it under '" + section + ":'";
  return suggestion(word.text, names) + " Or describe it under '" + section + ":'";
}

// Sorted numbers; {kAny} for any. Words that nothing has become findings.
std::vector<std::uint32_t> numbers_of(const std::optional<std::vector<Word>>& words,
                                      const NumberOf& numbers,
                                      const std::vector<std::string>& names,
                                      const std::string& kind, Findings& findings) {
  if (!words) return {kAny};
  std::vector<std::uint32_t> resolved;
  for (const Word& word : *words) {
    const auto found = numbers.find(word.text);
    if (found != numbers.end())
      resolved.push_back(found->second);
    else if (word.text != "any")
      findings.error(word.place, "there is no " + kind + " " + quoted(word.text),
                     missing_hint(word, kind + "s", names));
  }
  std::sort(resolved.begin(), resolved.end());
  return resolved;
}

std::uint16_t bits_of(const RuleDraft& rule) {
  if (rule.any_action) {
    // What speaks of statements of a database must not judge a bare connect. The switches' actions
    // are only meant where they are named.
    const ActionSet all = rule.rule.when.is_sql() ? actions_of(Protocol::kPostgres) : all_actions();
    return static_cast<std::uint16_t>(all.bits() & ~switched_actions().bits());
  }
  ActionSet set;
  for (const auto& [action, place] : rule.actions) set.add(action);
  return static_cast<std::uint16_t>(set.bits());
}

void check_parents(const Draft& draft, const std::vector<std::string>& names, Findings& findings) {
  for (const auto& [name, agent] : draft.agents)
    for (const Word& parent : agent.parents)
      if (!draft.agents.contains(parent.text))
        findings.error(parent.place, "there is no agent " + quoted(parent.text),
                       missing_hint(parent, "agents", names));
}

void check_cgroups(const Draft& draft, Findings& findings) {
  std::map<std::string_view, const AgentDraft*> first;
  for (const auto& [name, agent] : draft.agents) {
    if (agent.agent.cgroup.empty()) continue;
    const auto [known, is_new] = first.emplace(agent.agent.cgroup, &agent);
    if (!is_new)
      findings.error(
          agent.cgroup_place,
          "the cgroup " + quoted(agent.agent.cgroup) + " is already agent " +
              quoted(known->second->agent.name),
          "see " + findings.at(known->second->cgroup_place) + "; one cgroup is one agent");
  }
}

void check_rule_names(const Draft& draft, Findings& findings) {
  std::map<std::string_view, Place> first;
  for (const RuleDraft& rule : draft.rules) {
    if (rule.rule.name.empty()) continue;
    const auto [known, is_new] = first.emplace(rule.rule.name, rule.place);
    if (!is_new)
      findings.error(rule.place, "rule " + quoted(rule.rule.name) + " is there twice",
                     "the first is at " + findings.at(known->second) + "; rename one");
  }
}

}  // namespace

void resolve_names(Draft& draft, Compiled& compiled, Findings& findings) {
  const std::vector<std::string> agents = names_in(draft.agents);
  const std::vector<std::string> resources = names_in(draft.resources);
  for (const auto& [name, agent] : draft.agents) {
    compiled.agent_numbers.emplace(name, static_cast<std::uint32_t>(compiled.agents.size()));
    compiled.agents.push_back(agent.agent);
  }
  for (const auto& [name, resource] : draft.resources) {
    compiled.resource_numbers.emplace(name, static_cast<std::uint32_t>(compiled.resources.size()));
    compiled.resources.push_back(std::make_shared<const Resource>(resource.resource));
  }
  check_parents(draft, agents, findings);
  check_cgroups(draft, findings);
  check_rule_names(draft, findings);
  for (RuleDraft& rule : draft.rules) {
    rule.agent_numbers = numbers_of(rule.agents, compiled.agent_numbers, agents, "agent", findings);
    rule.resource_numbers =
        numbers_of(rule.resources, compiled.resource_numbers, resources, "resource", findings);
    rule.rule.actions = bits_of(rule);
  }
}

}  // namespace sluice::policy
