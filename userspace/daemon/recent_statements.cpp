// SPDX-License-Identifier: Apache-2.0
#include "daemon/recent_statements.h"

#include <algorithm>

namespace sluice::daemon {

void RecentStatements::add(WallTime at, std::string_view statement, VerdictKind verdict) {
  std::string_view shown = statement.substr(0, kBytesMax);
  // Not in the middle of a character (UTF-8).
  while (shown.size() < statement.size() && !shown.empty() &&
         (statement[shown.size()] & 0xC0) == 0x80)
    shown.remove_suffix(1);
  const std::lock_guard lock{mutex_};
  RecentStatement& entry = ring_[added_++ % kCount];
  entry.statement.assign(shown);
  if (shown.size() < statement.size()) entry.statement += "...";
  entry.verdict = verdict;
  entry.at = at;
}

std::vector<RecentStatement> RecentStatements::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<RecentStatement> listed;
  for (std::size_t i = added_ - std::min(added_, kCount); i < added_; ++i)
    listed.push_back(ring_[i % kCount]);
  return listed;
}

}  // namespace sluice::daemon
