// SPDX-License-Identifier: Apache-2.0
// Numbers for the verdict map's `subject`: one for each lineage of agents (outermost first),
// because a verdict depends on all of them. Numbers mean something in one process only: after a
// restart every run is added again and next_epoch() is called, before the listeners are set.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice::kernel {

class Subjects {
 public:
  using AgentNames = std::vector<std::string>;

  // `before_first`: the largest number that an earlier daemon used. None of its numbers is used
  // again: while its runs are added anew one by one, no run may meet entries of another lineage.
  explicit Subjects(std::uint32_t before_first = 0) : before_first_(before_first) {}

  // The number of this lineage, a new one if it was not seen before. Never 0.
  std::uint32_t number_of(const AgentNames& agents);
  std::optional<AgentNames> agents_of(std::uint32_t number) const;

 private:
  const std::uint32_t before_first_;
  mutable std::mutex mutex_;
  std::map<AgentNames, std::uint32_t> numbers_;
  std::vector<AgentNames> agents_;  // number - before_first_ - 1 is the index
};

}  // namespace sluice::kernel
