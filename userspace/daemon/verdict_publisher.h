// SPDX-License-Identifier: Apache-2.0
// Writes into the kernel's verdict map what the policy says of each lineage of agents that has a
// living run. What is not written is steered to the daemon, which judges; so a moment in which the
// map is being refilled is never open.
#pragma once

#include <sluice/ports.h>

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/policy_holder.h"
#include "kernel/subjects.h"

namespace sluice::daemon {

class VerdictPublisher {
 public:
  // `before_first`: see kernel::Subjects.
  VerdictPublisher(KernelPlane& kernel, const PolicyHolder& policies, std::uint32_t before_first)
      : kernel_(kernel), policies_(policies), subjects_(before_first) {}

  // The lineage's number in the kernel. Publishes its entries the first time.
  Result<std::uint32_t> subject_of(const Lineage& lineage);
  // Policy or addresses changed: everything published before is void, and all is written anew.
  Result<void> republish();
  // The daemon refused this destination to this lineage: from now on the kernel does.
  Result<void> deny(const Lineage& lineage, const Endpoint& destination);

 private:
  using AgentNames = kernel::Subjects::AgentNames;
  Result<void> publish(std::uint32_t subject, const AgentNames& agents, const PolicyState& state);

  KernelPlane& kernel_;
  const PolicyHolder& policies_;
  kernel::Subjects subjects_;
  std::mutex mutex_;  // one publication at a time
  std::set<std::uint32_t> published_;
};

std::vector<std::string> agents_of(const Lineage& lineage);

}  // namespace sluice::daemon
