// SPDX-License-Identifier: Apache-2.0
#include "policy/compiled.h"

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

}  // namespace sluice::policy
