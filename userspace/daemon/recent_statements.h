// SPDX-License-Identifier: Apache-2.0
// The last statements of a run, for people who decide about the next one.
#pragma once

#include <sluice/clock.h>
#include <sluice/verdict.h>

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

struct RecentStatement {
  std::string statement;
  VerdictKind verdict = VerdictKind::kDeny;
  WallTime at{};
};

// Any thread. Adding one is a short copy: what a statement begins with, into memory of an earlier
// one.
class RecentStatements {
 public:
  static constexpr std::size_t kCount = 8;
  static constexpr std::size_t kBytesMax = 200;

  void add(WallTime at, std::string_view statement, VerdictKind verdict);
  std::vector<RecentStatement> list() const;  // oldest first

 private:
  mutable std::mutex mutex_;
  std::array<RecentStatement, kCount> ring_;
  std::size_t added_ = 0;
};

}  // namespace sluice::daemon
