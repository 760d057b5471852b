// SPDX-License-Identifier: Apache-2.0
// What the control socket can ask for and do. Who may is decided in control/; what may is decided
// here and below.
#pragma once

#include <sluice/clock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "approval/book.h"
#include "control/backend.h"
#include "control/config.h"
#include "daemon/audit_log.h"
#include "daemon/flow_factory.h"
#include "daemon/namespaces.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "daemon/succession.h"
#include "kernel/attachments.h"
#include "kernel/guarantees.h"
#include "kernel/kernel_maps.h"
#include "kernel/probe.h"
#include "net/flow_server.h"

namespace sluice::daemon {

class Backend final : public control::ControlBackend {
 public:
  struct Ports {
    const control::Config& config;
    PolicyHolder& policies;
    RunRegistry& runs;
    approval::ApprovalBook& approvals;
    net::FlowServer& flows;
    kernel::KernelMaps& kernel;
    keeper::KeeperClient& keeper;
    const FlowFactory& factory;
    const DnsDesk& dns;
    const Clock& clock;
    std::vector<kernel::Feature> features;         // probed while there were privileges
    const std::vector<kernel::PinnedLink>& links;  // of the programs that were attached
    std::vector<std::string> listeners;
    std::string ca_file;      // for agents
    std::string bundle_file;  // for agents
    std::function<Result<bool>()> reload;
    Namespaces& namespaces;
    // How often each rule of the policy decided in the kernel, by its name.
    std::function<Result<std::vector<control::Counter>>()> rule_hits;
    std::function<Result<kernel::Books>()> books;  // after all that waits was written down
    // Of the daemon that this one replaced, while it drains and after.
    std::function<CountedSoFar()> counted_before;
    std::function<void(const RunId&, const std::string& reason)> end_run_there;
  };
  explicit Backend(Ports ports);

  control::Answer<Lineage> lineage_of(const std::string& cgroup_path) override;
  bool is_launcher(const control::Caller& caller) override;
  bool is_approver(const control::Caller& caller) override;

  control::Answer<control::StatusReport> status(const control::Asking& asking) override;
  control::Answer<std::vector<control::AgentRow>> agents(const control::Asking& asking) override;
  control::Answer<std::vector<control::FlowRow>> flows(const control::Asking& asking) override;
  control::Answer<control::DoctorReport> doctor(const control::Asking& asking) override;
  control::Answer<control::ApprovalsReport> approvals(const control::Asking& asking,
                                                      bool decided) override;
  std::uint64_t approvals_version() override;
  control::Answer<std::vector<control::SessionRow>> sessions(
      const control::Asking& asking) override;

  control::Answer<control::VoteReply> vote(const control::Asking& asking,
                                           const control::VoteRequest& request) override;
  control::Answer<control::RevokeReply> revoke(const control::Asking& asking,
                                               const control::RevokeRequest& request) override;
  control::Answer<control::RunReply> run(const control::Asking& asking,
                                         const control::RunRequest& request) override;
  control::Answer<control::ReloadReply> reload(const control::Asking& asking) override;

 private:
  std::vector<control::Counter> counters(const kernel::Books& books) const;
  control::RunRow row_of(const LiveRun& live, const std::vector<net::FlowInfo>& flows) const;
  std::vector<control::RecentRow> recent_of(const RunId& run) const;

  Ports ports_;
  WallTime started_at_;
};

// Whether the asker may see something of this lineage.
bool may_see(const control::Asking& asking, const Lineage& lineage);

}  // namespace sluice::daemon
