// SPDX-License-Identifier: Apache-2.0
#include "policy/enough_people.h"

#include <algorithm>

namespace sluice::policy {
namespace {

using Names = std::vector<std::string>;

std::size_t missing_from(const Names& known, const Names& names) {
  return static_cast<std::size_t>(
      std::count_if(names.begin(), names.end(), [&](const std::string& name) {
        return std::find(known.begin(), known.end(), name) == known.end();
      }));
}

}  // namespace

bool is_enough_for(const Approvers& given, const Approvers& wanted) {
  // Anybody of a group that `wanted` does not name may approve, and they may be many.
  if (missing_from(wanted.groups, given.groups) != 0) return false;
  const std::size_t strangers = missing_from(wanted.users, given.users);
  const std::size_t approve = std::max<std::size_t>(1, given.count);
  return approve >= strangers + std::max<std::size_t>(1, wanted.count);
}

}  // namespace sluice::policy
