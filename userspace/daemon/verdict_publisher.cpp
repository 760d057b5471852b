// SPDX-License-Identifier: Apache-2.0
#include "daemon/verdict_publisher.h"

#include <netinet/in.h>

#include <cerrno>

namespace sluice::daemon {

std::vector<std::string> agents_of(const Lineage& lineage) {
  std::vector<std::string> agents;
  agents.reserve(lineage.size());
  for (const Run& run : lineage) agents.push_back(run.agent);
  return agents;
}

namespace {

kernel::Inbound inbound_of(policy::Inbound inbound) {
  switch (inbound) {
    case policy::Inbound::kNone: return kernel::Inbound::kNone;
    case policy::Inbound::kOwnRun: return kernel::Inbound::kOwnRun;
    case policy::Inbound::kLoopback: return kernel::Inbound::kLoopback;
  }
  return kernel::Inbound::kNone;
}

}  // namespace

Result<void> VerdictPublisher::publish(std::uint32_t subject, const AgentNames& agents,
                                       const PolicyState& state) {
  SLUICE_TRY_VOID(rules_.set(subject, inbound_of(state.policy->inbound(agents))));
  for (const policy::ConnectEntry& entry : state.policy->connect_entries(agents, *state.book)) {
    VerdictEntry written;
    written.subject = subject;
    written.network = entry.network;
    written.prefix_length = entry.prefix_length;
    written.port = entry.port;
    written.ip_protocol = entry.ip_protocol;
    written.verdict = entry.verdict;
    written.denied_errno = entry.denied_errno;
    written.rule = entry.rule;
    SLUICE_TRY_VOID(kernel_.set_verdict(written));
  }
  return {};
}

Result<std::uint32_t> VerdictPublisher::subject_of(const Lineage& lineage) {
  return subject_of(agents_of(lineage));
}

Result<std::uint32_t> VerdictPublisher::subject_of(const AgentNames& agents) {
  const std::lock_guard lock{mutex_};
  const std::uint32_t subject = subjects_.number_of(agents);
  if (published_.contains(subject)) return subject;
  SLUICE_TRY_VOID(publish(subject, agents, policies_.state()));
  published_.insert(subject);
  return subject;
}

Result<void> VerdictPublisher::republish() {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY_VOID(kernel_.next_epoch());
  const PolicyState state = policies_.state();
  for (const std::uint32_t subject : published_)
    if (const auto agents = subjects_.agents_of(subject))
      SLUICE_TRY_VOID(publish(subject, *agents, state));
  return {};
}

Result<void> VerdictPublisher::deny(const Lineage& lineage, const Endpoint& destination) {
  const std::lock_guard lock{mutex_};
  VerdictEntry entry;
  entry.subject = subjects_.number_of(agents_of(lineage));
  entry.network = destination.ip;
  entry.prefix_length = 128;
  entry.port = destination.port;
  entry.ip_protocol = IPPROTO_TCP;
  entry.verdict = ConnectVerdict::kDeny;
  entry.denied_errno = EACCES;
  return kernel_.set_verdict(entry);
}

}  // namespace sluice::daemon
