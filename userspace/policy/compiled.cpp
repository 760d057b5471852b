// SPDX-License-Identifier: Apache-2.0
#include "policy/compiled.h"

#include "policy/protocols.h"

#include <tuple>

namespace sluice::policy {
namespace {

std::optional<std::uint32_t> number_in(const NumberOf& numbers, std::string_view name) {
  const auto found = numbers.find(name);
  if (found == numbers.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Approvers default_approvers() { return {.users = {"root"}, .groups = {"sluice"}, .count = 1}; }

bool is_stronger(const Rule& a, const Rule& b) {
  return std::tie(b.kind, b.approvers.count, a.name) < std::tie(a.kind, a.approvers.count, b.name);
}

std::optional<std::uint32_t> Compiled::agent_number(std::string_view name) const {
  return number_in(agent_numbers, name);
}

std::optional<std::uint32_t> Compiled::resource_number(std::string_view name) const {
  return number_in(resource_numbers, name);
}

bool Compiled::reaches(std::uint32_t agent, std::uint32_t resource) const {
  // Entries stand strongest first, so what permits, if anything does, is the last of its cell.
  for (const RuleIndex::Entries& cell : enforced.cells(agent, resource))
    if (!cell.empty() && cell.back().kind != VerdictKind::kDeny) return true;
  return false;
}

bool Compiled::guards_nothing(std::uint32_t agent, std::uint32_t resource) const {
  const Resource& asked = *resources[resource];
  if (!asked.sensitive.empty()) return false;
  for (const RuleIndex::Entries& cell : observed.cells(agent, resource))
    if (!cell.empty()) return false;
  const std::uint64_t all = actions_of(asked.protocol).bits() & ~switched_actions().bits();
  std::uint64_t allowed = 0;
  for (const RuleIndex::Entries& cell : enforced.cells(agent, resource)) {
    for (const RuleEntry& entry : cell) {
      if (entry.kind != VerdictKind::kAllow && (entry.actions & all) != 0) return false;
      if (entry.kind == VerdictKind::kAllow && !entry.conditional) allowed |= entry.actions;
    }
  }
  return all != 0 && (allowed & all) == all;
}

}  // namespace sluice::policy
