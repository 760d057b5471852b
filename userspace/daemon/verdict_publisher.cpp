// SPDX-License-Identifier: Apache-2.0
#include "daemon/verdict_publisher.h"

#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <algorithm>
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

// All of them, also those that stand in no entry now: an event of an earlier daemon may name one.
void VerdictPublisher::learn_rules(const policy::Policy& policy) {
  std::set<std::uint32_t> ids;
  for (std::uint32_t number = 1; number <= policy.rule_count(); ++number)
    ids.insert(rules_.id_of(policy.rule_name(number)));
  if (const auto counted = kernel_.count_rules(ids); !counted)
    spdlog::warn("hits of rules: {}; not all are counted", counted.error().text());
}

Result<void> VerdictPublisher::publish(std::uint32_t subject, const AgentNames& agents,
                                       const PolicyState& state) {
  SLUICE_TRY_VOID(subject_rules_.set(subject, inbound_of(state.policy->inbound(agents))));
  auto entries = state.policy->connect_entries(agents, *state.book);
  // The narrower first: a wider one that stands alone for a moment would answer for it.
  std::stable_sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) {
    if ((one.port == 0) != (other.port == 0)) return other.port == 0;
    return one.prefix_length > other.prefix_length;
  });
  for (const policy::ConnectEntry& entry : entries) {
    VerdictEntry written;
    written.subject = subject;
    written.network = entry.network;
    written.prefix_length = entry.prefix_length;
    written.port = entry.port;
    written.ip_protocol = entry.ip_protocol;
    written.verdict = entry.verdict;
    written.denied_errno = entry.denied_errno;
    if (entry.rule != 0) written.rule = rules_.id_of(state.policy->rule_name(entry.rule));
    SLUICE_TRY_VOID(kernel_.set_verdict(written));
  }
  return {};
}

Result<void> VerdictPublisher::publish_unix(std::uint32_t subject, const AgentNames& agents,
                                            const policy::Policy& policy, InForce from) {
  for (const policy::UnixEntry& entry : policy.unix_entries(agents)) {
    const std::uint32_t rule = entry.rule == 0 ? 0 : rules_.id_of(policy.rule_name(entry.rule));
    SLUICE_TRY_VOID(unix_.set_unix_verdict(
        {subject, entry.name, entry.verdict, entry.denied_errno, rule}, from));
  }
  // Subagents are started through it, and it asks the kernel who calls.
  return unix_.set_unix_verdict({subject, control_socket_, UnixVerdict::kDirect, 0, 0}, from);
}

Result<std::uint32_t> VerdictPublisher::subject_of(const Lineage& lineage) {
  return subject_of(agents_of(lineage));
}

Result<std::uint32_t> VerdictPublisher::subject_of(const AgentNames& agents) {
  const std::lock_guard lock{mutex_};
  const std::uint32_t subject = subjects_.number_of(agents);
  if (published_.contains(subject)) return subject;
  const PolicyState state = policies_.state();
  SLUICE_TRY_VOID(publish_unix(subject, agents, *state.policy, InForce::kNow));
  SLUICE_TRY_VOID(publish(subject, agents, state));
  published_.insert(subject);
  return subject;
}

Result<void> VerdictPublisher::change(
    const std::shared_ptr<const policy::Policy>& next,
    const std::function<Result<void>(const PolicyHolder::Flip&)>& replace) {
  const std::lock_guard lock{mutex_};
  const auto coming = next ? next : policies_.policy();
  learn_rules(*coming);
  // What a change that failed has left would be in force without belonging to this one.
  SLUICE_TRY_VOID(unix_.drop_prepared_unix_verdicts());
  for (const std::uint32_t subject : published_)
    if (const auto agents = subjects_.agents_of(subject))
      SLUICE_TRY_VOID(publish_unix(subject, *agents, *coming, InForce::kFromNextEpoch));
  SLUICE_TRY_VOID(replace([this] { return kernel_.next_epoch(); }));
  const PolicyState state = policies_.state();
  for (const std::uint32_t subject : published_)
    if (const auto agents = subjects_.agents_of(subject))
      SLUICE_TRY_VOID(publish(subject, *agents, state));
  return {};
}

Result<void> VerdictPublisher::deny(const Lineage& lineage, const Endpoint& destination,
                                    const PolicyState& judged) {
  const std::lock_guard lock{mutex_};
  const PolicyState now = policies_.state();
  if (now.policy != judged.policy || now.book != judged.book) return {};
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
