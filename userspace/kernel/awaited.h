// SPDX-License-Identifier: Apache-2.0
// The cgroups that the policy enrols, by path, in the kernel: a task in one of them is in a run
// before anybody in userspace has seen that the cgroup is there. Works through map descriptors;
// needs no capability.
#pragma once

#include <sluice/result.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "kernel/descriptors.h"

namespace sluice::kernel {

struct AwaitedCgroup {
  std::string path;           // from the root of cgroup2: "/system.slice/nightly.service"
  std::uint32_t subject = 0;  // of the whole lineage that a task in there has; never 0
};

class AwaitedCgroups {
 public:
  static Result<AwaitedCgroups> adopt(const MapDescriptors& maps);

  // From now on exactly these. What was awaited before and still is stays so at every moment, and
  // what an earlier daemon awaited is taken over. Not for two threads at once. Gives the paths that
  // were not awaited before: what is in there may be connected to what nobody judged.
  Result<std::set<std::string>> set(const std::vector<AwaitedCgroup>& wanted);

 private:
  AwaitedCgroups(UniqueFd map, UniqueFd settings)
      : map_(std::move(map)), settings_(std::move(settings)) {}
  Result<void> set_depth(std::uint64_t depth) const;

  UniqueFd map_;
  UniqueFd settings_;
};

}  // namespace sluice::kernel
