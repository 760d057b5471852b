// SPDX-License-Identifier: Apache-2.0
// A policy as it was written: everything that was read from all files, each with its place, before
// names are resolved and rules are checked against each other.
#pragma once

#include "policy/compiled.h"
#include "policy/findings.h"
#include "policy/reader.h"

#include <sluice/action.h>
#include <sluice/resource.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::policy {

struct AgentDraft {
  Agent agent;
  Place place;
  Place cgroup_place;
  std::vector<Word> parents;
};

struct ResourceDraft {
  Resource resource;
  Place place;
  std::vector<Place> address_places;  // one per resource.addresses
};

struct RuleDraft {
  Rule rule;
  Place place;
  Place agents_place, resources_place, actions_place, verdict_place, when_place;
  std::optional<std::vector<Word>> agents;     // nothing = any
  std::optional<std::vector<Word>> resources;  // nothing = any
  std::vector<std::pair<Action, Place>> actions;
  bool any_action = true;
  // Filled when names are resolved; sorted. {kAny} = any.
  std::vector<std::uint32_t> agent_numbers;
  std::vector<std::uint32_t> resource_numbers;
};

struct Draft {
  std::map<std::string, AgentDraft> agents;
  std::map<std::string, ResourceDraft> resources;
  std::vector<RuleDraft> rules;
  std::vector<Word> require;
};

// Calls `each` with every number meant by a rule's list, of `count` that there are.
template <class Each>
void for_each_number(const std::vector<std::uint32_t>& numbers, std::size_t count, Each each) {
  if (numbers.empty() || numbers.front() != kAny) {
    for (const std::uint32_t number : numbers) each(number);
    return;
  }
  for (std::uint32_t number = 0; number < count; ++number) each(number);
}

// Reads one file's document into the draft.
void read_file(const Node& root, Draft& draft, Findings& findings);

void read_agent(const Node& name, const Node& value, Draft& draft, Findings& findings);
void read_resource(const Node& name, const Node& value, Draft& draft, Findings& findings);
void read_rule(const Node& value, Draft& draft, Findings& findings);
Conditions read_conditions(const Node& node, const std::string& what, Findings& findings);
Approvers read_approvers(const Node& node, const std::string& what, Findings& findings);
// users and groups; at least one of them. Empty after a finding.
People read_people(const Node& node, const std::string& what, Findings& findings);
// A list of users or groups, whose names must be possible ones.
std::vector<std::string> read_accounts(const Node& node, const std::string& what,
                                       Findings& findings);

// "a name of letters, digits, '.', '_' and '-'" for agents and resources.
bool check_name(const Node& name, const std::string& what, Findings& findings);

// Numbers in place of names; findings for names that nothing has.
void resolve_names(Draft& draft, Compiled& compiled, Findings& findings);
// Rules that ask a resource for what its protocol does not have; agents and resources without any.
void check_rules(const Draft& draft, const Compiled& compiled, Findings& findings);
// Rules that say the same, contradict each other, or can never decide. `draft.rules` stand in the
// order of `compiled.rules`, and the index is built.
void check_conflicts(const Draft& draft, const Compiled& compiled, std::size_t steps_max,
                     Findings& findings);
// Two resources at one address for one agent.
void check_addresses(const Draft& draft, const Compiled& compiled, Findings& findings);

}  // namespace sluice::policy
