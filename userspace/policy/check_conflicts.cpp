// SPDX-License-Identifier: Apache-2.0
// Do rules contradict each other, or hide each other? Do two resources claim one address?
#include "policy/draft.h"
#include "policy/protocols.h"
#include "policy/unix_names.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_map>

namespace sluice::policy {
namespace {

std::string_view verb_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kAllow: return "allows";
    case VerdictKind::kHold: return "holds";
    case VerdictKind::kDeny: return "denies";
  }
  return "?";
}

// Equal for rules that match exactly the same.
std::string match_text(const RuleDraft& rule) {
  std::string text = rule.rule.observe ? "observe " : "enforce ";
  for (const std::uint32_t agent : rule.agent_numbers) text += std::to_string(agent) + ",";
  text += ";";
  for (const std::uint32_t resource : rule.resource_numbers) text += std::to_string(resource) + ",";
  return text + ";" + std::to_string(rule.rule.actions) + ";" + rule.rule.when.text();
}

bool same_answer(const Rule& a, const Rule& b) {
  const auto people = [](const Approvers& approvers) {
    auto users = approvers.users;
    auto groups = approvers.groups;
    std::sort(users.begin(), users.end());
    std::sort(groups.begin(), groups.end());
    return std::make_tuple(users, groups, approvers.count);
  };
  return a.kind == b.kind && people(a.approvers) == people(b.approvers) && a.timeout == b.timeout;
}

// Of two rules that match the same, the one that stands later in the files is reported.
void check_pairs(const Draft& draft, Findings& findings) {
  std::vector<const RuleDraft*> in_order;
  for (const RuleDraft& rule : draft.rules) in_order.push_back(&rule);
  std::sort(in_order.begin(), in_order.end(), [](const RuleDraft* a, const RuleDraft* b) {
    return std::tie(a->place.file, a->place.line, a->place.column) <
           std::tie(b->place.file, b->place.line, b->place.column);
  });
  std::unordered_map<std::string, const RuleDraft*> first;
  for (const RuleDraft* rule : in_order) {
    const auto [known, is_new] = first.emplace(match_text(*rule), rule);
    if (is_new) continue;
    const RuleDraft& other = *known->second;
    const std::string where = quoted(other.rule.name) + " at " + findings.at(other.place);
    if (same_answer(rule->rule, other.rule))
      findings.error(rule->place,
                     "rule " + quoted(rule->rule.name) + " says the same as rule " + where,
                     "remove one");
    else
      findings.error(rule->place,
                     "rule " + quoted(rule->rule.name) + " contradicts rule " + where +
                         ": both match the same, and answer differently",
                     "remove one, or narrow the stricter one with 'when'");
  }
}

// Finds rules of which nothing is left, because stricter ones match all that they match.
class ShadowSearch {
 public:
  ShadowSearch(const Draft& draft, const Compiled& compiled, std::size_t steps_max)
      : compiled_(compiled), steps_left_(steps_max) {
    for (const RuleDraft& rule : draft.rules)
      when_hashes_.push_back(std::hash<std::string>{}(rule.rule.when.text()));
  }

  bool gave_up() const { return steps_left_ == 0; }

  // The strictest of the rules that hide rule `number`; null where something of it is left.
  const Rule* hides(const RuleDraft& draft, std::uint32_t number) {
    const Rule* found = nullptr;
    for (const std::uint32_t agent : expand(draft.agent_numbers, compiled_.agents.size())) {
      for (const std::uint32_t resource :
           expand(draft.resource_numbers, compiled_.resources.size())) {
        const ActionSet had = actions_of(compiled_.resources[resource]->protocol);
        const auto actions = static_cast<std::uint16_t>(draft.rule.actions & had.bits());
        if (actions == 0) continue;
        const Rule* here = hides_in_cells(agent, resource, number, actions);
        if (here == nullptr) return nullptr;
        if (found == nullptr) found = here;
      }
    }
    return found;
  }

 private:
  static std::vector<std::uint32_t> expand(const std::vector<std::uint32_t>& numbers,
                                           std::size_t count) {
    std::vector<std::uint32_t> all;
    for_each_number(numbers, count, [&all](std::uint32_t number) { all.push_back(number); });
    return all;
  }

  // It matches whenever rule `number` does.
  bool always_with(const RuleEntry& entry, std::uint32_t number) const {
    return !entry.conditional ||
           (when_hashes_[entry.rule] == when_hashes_[number] &&
            compiled_.rules[entry.rule].when.text() == compiled_.rules[number].when.text());
  }

  const Rule* hides_in_cells(std::uint32_t agent, std::uint32_t resource, std::uint32_t number,
                             std::uint16_t actions) {
    const Rule* found = nullptr;
    const VerdictKind kind = compiled_.rules[number].kind;
    for (const RuleIndex::Entries& cell : compiled_.enforced.cells(agent, resource)) {
      for (const RuleEntry& entry : cell) {
        if (entry.kind <= kind) break;
        if (steps_left_ == 0) return nullptr;
        --steps_left_;
        if ((entry.actions & actions) == 0 || !always_with(entry, number)) continue;
        actions &= static_cast<std::uint16_t>(~entry.actions);
        if (found == nullptr) found = &compiled_.rules[entry.rule];
        if (actions == 0) return found;
      }
    }
    return nullptr;
  }

  const Compiled& compiled_;
  std::size_t steps_left_;
  std::vector<std::size_t> when_hashes_;  // by rule number
};

void check_shadows(const Draft& draft, const Compiled& compiled, std::size_t steps_max,
                   Findings& findings) {
  ShadowSearch search{draft, compiled, steps_max};
  for (std::uint32_t i = 0; i < draft.rules.size(); ++i) {
    const RuleDraft& rule = draft.rules[i];
    if (rule.rule.observe || rule.rule.kind == VerdictKind::kDeny) continue;
    const Rule* stricter = search.hides(rule, i);
    if (search.gave_up()) {
      findings.error(rule.place, "there are too many rules to check them against each other",
                     "join rules that differ in their tables only into one with a longer list");
      return;
    }
    if (stricter != nullptr)
      findings.error(rule.place,
                     "rule " + quoted(rule.rule.name) + " can never decide: rule " +
                         quoted(stricter->name) + " " + std::string{verb_of(stricter->kind)} +
                         " what it " + std::string{verb_of(rule.rule.kind)},
                     "remove it, or narrow " + quoted(stricter->name) + " with 'when'");
  }
}

// Per resource, the agents that some rule allows or holds something of it.
std::vector<std::vector<std::uint32_t>> reaching_agents(const Draft& draft,
                                                        const Compiled& compiled) {
  std::vector<std::vector<std::uint32_t>> reaching(compiled.resources.size());
  for (const RuleDraft& rule : draft.rules) {
    if (rule.rule.observe || rule.rule.kind == VerdictKind::kDeny) continue;
    for_each_number(rule.resource_numbers, reaching.size(), [&](std::uint32_t i) {
      if ((rule.rule.actions & actions_of(compiled.resources[i]->protocol).bits()) == 0) return;
      reaching[i].insert(reaching[i].end(), rule.agent_numbers.begin(), rule.agent_numbers.end());
    });
  }
  for (auto& agents : reaching) {
    std::sort(agents.begin(), agents.end());
    agents.erase(std::unique(agents.begin(), agents.end()), agents.end());
  }
  return reaching;
}

}  // namespace

void check_conflicts(const Draft& draft, const Compiled& compiled, std::size_t steps_max,
                     Findings& findings) {
  check_pairs(draft, findings);
  if (!findings.has_errors()) check_shadows(draft, compiled, steps_max, findings);
}

namespace {

struct Claim {
  std::uint32_t resource;
  Place place;
};
using Claims = std::vector<Claim>;  // of one address, grouped by resource

std::map<std::string, Claims> claims_by_address(const Draft& draft, const Compiled& compiled,
                                                Findings& findings) {
  std::map<std::string, Claims> claims;
  for (const auto& [name, drafted] : draft.resources) {
    const std::uint32_t number = compiled.resource_numbers.at(name);
    for (std::size_t i = 0; i < drafted.resource.addresses.size(); ++i) {
      const ResourceAddress& address = drafted.resource.addresses[i];
      const std::string key = address.host + "|" + address.network.text() + "|" +
                              std::to_string(address.prefix_length) + "|" +
                              std::to_string(address.port) + "|" +
                              canonical_unix_path(address.path);
      Claims& same = claims[key];
      const Place place = drafted.address_places[i];
      if (!same.empty() && same.back().resource == number)
        findings.error(place, "this address is in resource " + quoted(name) + " twice",
                       "remove one");
      else
        same.push_back({number, place});
    }
  }
  return claims;
}

// Two claims that one agent reaches both of, and that agent; kAny where every agent does.
struct Clash {
  const Claim* first = nullptr;
  const Claim* second = nullptr;
  std::uint32_t agent = kAny;
};

std::optional<Clash> find_clash(const Claims& claims,
                                const std::vector<std::vector<std::uint32_t>>& reaching) {
  std::map<std::uint32_t, const Claim*> reached;  // by agent, of the claims before this one
  for (const Claim& claim : claims) {
    const auto& agents = reaching[claim.resource];
    for (const std::uint32_t agent : agents) {
      auto other = reached.find(agent);
      if (other == reached.end()) other = reached.find(kAny);
      if (other == reached.end() && agent == kAny) other = reached.begin();
      if (other != reached.end())
        return Clash{other->second, &claim, agent != kAny ? agent : other->first};
    }
    for (const std::uint32_t agent : agents) reached.emplace(agent, &claim);
  }
  return std::nullopt;
}

}  // namespace

void check_addresses(const Draft& draft, const Compiled& compiled, Findings& findings) {
  const auto reaching = reaching_agents(draft, compiled);
  for (const auto& [key, claims] : claims_by_address(draft, compiled, findings)) {
    const auto clash = find_clash(claims, reaching);
    if (!clash) continue;
    const std::string who = clash->agent == kAny
                                ? "every agent"
                                : "agent " + quoted(compiled.agents[clash->agent].name);
    findings.error(clash->second->place,
                   "resources " + quoted(compiled.resources[clash->first->resource]->name) +
                       " and " + quoted(compiled.resources[clash->second->resource]->name) +
                       " have the same address, and " + who +
                       " reaches both: which one is meant cannot be told",
                   "the other is at " + findings.at(clash->first->place) +
                       "; join them, or let each agent reach one of them");
  }
}

}  // namespace sluice::policy
