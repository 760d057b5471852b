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
#include "kernel/subject_rules.h"
#include "kernel/subjects.h"

namespace sluice::daemon {

class VerdictPublisher {
 public:
  using AgentNames = kernel::Subjects::AgentNames;  // of a lineage, outermost first

  // `last_subject`: the highest that an earlier daemon left in the kernel.
  VerdictPublisher(KernelPlane& kernel, kernel::SubjectRules rules, const PolicyHolder& policies,
                   std::uint32_t last_subject)
      : kernel_(kernel), rules_(std::move(rules)), policies_(policies), subjects_(last_subject) {}

  // The lineage's number in the kernel. Publishes its entries the first time.
  Result<std::uint32_t> subject_of(const Lineage& lineage);
  Result<std::uint32_t> subject_of(const AgentNames& agents);
  // Policy or addresses changed: everything published before is void, and all is written anew.
  Result<void> republish();
  // The daemon refused this destination to this lineage: from now on the kernel does.
  Result<void> deny(const Lineage& lineage, const Endpoint& destination);

 private:
  Result<void> publish(std::uint32_t subject, const AgentNames& agents, const PolicyState& state);

  KernelPlane& kernel_;
  kernel::SubjectRules rules_;
  const PolicyHolder& policies_;
  kernel::Subjects subjects_;
  std::mutex mutex_;  // one publication at a time
  std::set<std::uint32_t> published_;
};

std::vector<std::string> agents_of(const Lineage& lineage);

}  // namespace sluice::daemon
