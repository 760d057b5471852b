// SPDX-License-Identifier: Apache-2.0
#include "policy/held_by_all.h"

#include "policy/enough_people.h"

#include <algorithm>
#include <utility>

namespace sluice::policy {
namespace {

bool is_enough_for_all(const Verdict& one, const std::vector<Verdict>& holds) {
  return std::all_of(holds.begin(), holds.end(), [&](const Verdict& other) {
    return is_enough_for(one.approvers, other.approvers);
  });
}

void keep_named(std::vector<std::string>& names, const std::vector<std::string>& also) {
  std::erase_if(names, [&](const std::string& name) {
    return std::find(also.begin(), also.end(), name) == also.end();
  });
}

Approvers named_by_all(const std::vector<Verdict>& holds) {
  Approvers common = holds.front().approvers;
  for (const Verdict& hold : holds) {
    keep_named(common.users, hold.approvers.users);
    keep_named(common.groups, hold.approvers.groups);
    common.count = std::max(common.count, hold.approvers.count);
  }
  return common;
}

bool may_be_enough(const Approvers& approvers) {
  return !approvers.groups.empty() || approvers.users.size() >= approvers.count;
}

}  // namespace

Verdict held_by_all(std::vector<Verdict> holds) {
  for (Verdict& hold : holds)
    if (is_enough_for_all(hold, holds)) return std::move(hold);
  Approvers common = named_by_all(holds);
  Verdict verdict = holds.front();
  if (may_be_enough(common)) {
    verdict.approvers = std::move(common);
    for (const Verdict& hold : holds) verdict.timeout = std::min(verdict.timeout, hold.timeout);
    return verdict;
  }
  verdict.kind = VerdictKind::kDeny;
  verdict.message = "the runs of this lineage need the approval of different people:";
  for (const Verdict& hold : holds)
    verdict.message += " agent '" + hold.agent + "' by rule '" + hold.rule + "',";
  verdict.message.back() = ';';
  verdict.message += " name people whom all of these rules may ask";
  return verdict;
}

}  // namespace sluice::policy
