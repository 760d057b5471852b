// SPDX-License-Identifier: Apache-2.0
// What a policy is made of once it is compiled. Names have become numbers: the index into `agents`,
// `resources` and `rules`.
#pragma once

#include "policy/conditions.h"
#include "policy/policy.h"
#include "policy/rule_index.h"

#include <sluice/resource.h>
#include <sluice/verdict.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

// Who approves, and how long is waited, where a rule does not say: also for the switches
// on_sensitive_search and on_sensitive_copy of a resource.
Approvers default_approvers();
inline constexpr std::chrono::seconds kDefaultHoldTimeout = std::chrono::minutes{10};

struct Rule {
  std::string name;
  VerdictKind kind = VerdictKind::kDeny;
  bool observe = false;
  std::uint16_t actions = 0;  // ActionSet::bits(), `any` written out
  Conditions when;
  Approvers approvers;
  std::chrono::seconds timeout{0};
  std::string message;
};

// Deny before hold before allow; of holds the one that needs more approvers; then by name.
bool is_stronger(const Rule& a, const Rule& b);

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};
using NumberOf = std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>>;

// One address of one resource, ready to be compared.
struct AddressEntry {
  std::uint16_t port = 0;
  IpAddress network{};
  std::uint8_t prefix_length = 128;
  std::string host;  // not empty: ask the address book instead of `network`
  std::uint32_t resource = 0;
};

struct Compiled {
  std::vector<Agent> agents;  // sorted by name
  NumberOf agent_numbers;
  std::vector<std::shared_ptr<const Resource>> resources;  // sorted by name
  NumberOf resource_numbers;
  std::vector<AddressEntry> addresses;                                        // sorted by port
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> unix_paths;  // canonical
  std::vector<Rule> rules;                                                    // strongest first
  RuleIndex enforced;
  RuleIndex observed;  // rules in `mode: observe`
  std::vector<std::string> require;
  std::uint64_t version = 0;

  std::optional<std::uint32_t> agent_number(std::string_view name) const;
  std::optional<std::uint32_t> resource_number(std::string_view name) const;
  // Some rule that is enforced allows or holds something of this resource for this agent.
  bool reaches(std::uint32_t agent, std::uint32_t resource) const;
  // No rule could do anything but allow, and some allow each action of the resource's protocol
  // without a condition. The resource has nothing sensitive.
  bool guards_nothing(std::uint32_t agent, std::uint32_t resource) const;
};

}  // namespace sluice::policy
