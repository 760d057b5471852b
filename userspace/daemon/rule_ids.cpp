// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_ids.h"

namespace sluice::daemon {
namespace {

std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

std::uint32_t RuleIds::id_of(std::string_view name) {
  const std::lock_guard lock{mutex_};
  for (std::uint32_t id = fnv1a(name);; ++id) {
    if (id == 0) continue;
    const auto [found, added] = names_.try_emplace(id, name);
    if (added || found->second == name) return id;
  }
}

std::string RuleIds::name_of(std::uint32_t id) const {
  const std::lock_guard lock{mutex_};
  const auto found = names_.find(id);
  return found == names_.end() ? "" : found->second;
}

}  // namespace sluice::daemon
