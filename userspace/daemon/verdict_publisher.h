// SPDX-License-Identifier: Apache-2.0
// Writes into the kernel's verdict map what the policy says of each lineage of agents that has a
// living run. What is not written yet is steered to the daemon, which judges by the same policy; so
// while the map is being refilled no connection meets another policy than the one in force.
#pragma once

#include <sluice/ports.h>
#include <sluice/unix_socket.h>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/policy_holder.h"
#include "daemon/rule_ids.h"
#include "kernel/subject_rules.h"
#include "kernel/subjects.h"

namespace sluice::daemon {

class VerdictPublisher {
 public:
  // A policy must be in force. `before_first`: see kernel::Subjects.
  VerdictPublisher(KernelPlane& kernel, UnixPlane& unix_plane, kernel::SubjectRules subject_rules,
                   const PolicyHolder& policies, std::string control_socket,
                   std::uint32_t before_first)
      : kernel_(kernel),
        unix_(unix_plane),
        subject_rules_(std::move(subject_rules)),
        policies_(policies),
        control_socket_(std::move(control_socket)),
        subjects_(before_first) {
    learn_rules(*policies.policy());
  }

  using AgentNames = kernel::Subjects::AgentNames;  // of a lineage, outermost first

  // The lineage's number in the kernel. Publishes its entries the first time.
  Result<std::uint32_t> subject_of(const Lineage& lineage);
  Result<std::uint32_t> subject_of(const AgentNames& agents);
  // Policy or addresses change: `replace` puts them in force with the flip that it is given, by
  // which everything published before is void; then all is written anew. `next`: the policy that
  // will be in force; null: the one that is. Its entries for Unix sockets are there before, because
  // what has none is refused.
  Result<void> change(const std::shared_ptr<const policy::Policy>& next,
                      const std::function<Result<void>(const PolicyHolder::Flip&)>& replace);
  // The daemon refused this destination to this lineage by `judged`: from now on the kernel does,
  // unless something else is in force by now.
  Result<void> deny(const Lineage& lineage, const Endpoint& destination, const PolicyState& judged);
  // Names of the rules in the kernel's events.
  const RuleIds& rules() const { return rules_; }

 private:
  void learn_rules(const policy::Policy& policy);
  Result<void> publish(std::uint32_t subject, const AgentNames& agents, const PolicyState& state);

  Result<void> publish_unix(std::uint32_t subject, const AgentNames& agents,
                            const policy::Policy& policy, InForce from);

  KernelPlane& kernel_;
  UnixPlane& unix_;
  kernel::SubjectRules subject_rules_;
  const PolicyHolder& policies_;
  std::string control_socket_;
  kernel::Subjects subjects_;
  RuleIds rules_;
  std::mutex mutex_;  // one publication at a time
  std::set<std::uint32_t> published_;
};

std::vector<std::string> agents_of(const Lineage& lineage);

}  // namespace sluice::daemon
