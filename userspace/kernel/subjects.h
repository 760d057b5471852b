// SPDX-License-Identifier: Apache-2.0
// Numbers for the verdict map's `subject`: one for each lineage of agents (outermost first),
// because a verdict depends on all of them. Numbers mean something in one process only: after a
// restart every run is added again and next_epoch() is called, before the listeners are set. Until
// then the maps hold numbers of the earlier process, so this one begins after them: no run is ever
// judged by the entries of another lineage.
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

  // `last_used`: the highest number that an earlier process left in the maps.
  explicit Subjects(std::uint32_t last_used = 0) : last_used_(last_used) {}

  // The number of this lineage, a new one if it was not seen before. Never 0.
  std::uint32_t number_of(const AgentNames& agents);
  std::optional<AgentNames> agents_of(std::uint32_t number) const;

 private:
  const std::uint32_t last_used_;
  mutable std::mutex mutex_;
  std::map<AgentNames, std::uint32_t> numbers_;
  std::vector<AgentNames> agents_;  // number - last_used - 1 is the index
};

}  // namespace sluice::kernel
