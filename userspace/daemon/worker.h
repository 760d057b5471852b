// SPDX-License-Identifier: Apache-2.0
// The unprivileged half: its objects, and what it does from start to end. wire.cpp builds it.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "approval/book.h"
#include "base/system_clock.h"
#include "control/server.h"
#include "daemon/audit_log.h"
#include "daemon/backend.h"
#include "daemon/dns_desk.h"
#include "daemon/flow_factory.h"
#include "daemon/heartbeat.h"
#include "daemon/namespaces.h"
#include "daemon/policy_holder.h"
#include "daemon/privileged.h"
#include "daemon/run_registry.h"
#include "daemon/succession.h"
#include "daemon/verdict_publisher.h"
#include "kernel/kernel_maps.h"
#include "net/dns_server.h"
#include "net/flow_server.h"
#include "net/host_ca.h"
#include "net/postgres_catalog.h"
#include "net/postgres_plan.h"
#include "net/resolver.h"
#include "record/recorder.h"
#include "store/store.h"

namespace sluice::daemon {

class Worker {
 public:
  Worker(const control::Config& config, Prepared prepared, UniqueFd keeper_socket)
      : config_(config),
        prepared_(std::move(prepared)),
        keeper_(std::move(keeper_socket)),
        policies_(config.policy_dir, clock_) {}

  Result<void> start();
  Result<void> run_until_stopped();
  void stop();

 private:
  // wire.cpp
  Result<void> open_host_ca();
  void open_resolver();
  Result<void> open_state();
  Result<void> open_audit();
  Result<void> open_runs();
  Result<void> open_flows();
  Result<void> claim_unix_listener();
  bool has_feature(std::string_view id) const;
  Result<void> open_control();
  Result<void> serve_control();
  Result<std::vector<control::Counter>> rule_hits() const;
  Result<void> open_heartbeat();
  Result<void> claim_listeners();

  // worker_dns.cpp
  Result<void> open_dns();
  Result<void> serve_dns();
  Bytes answer(const kernel::QueryPort& at, const Endpoint& source, ByteView query);
  void end_dns();
  Result<void> claim_resolvers();

  // worker_namespaces.cpp
  void open_namespaces();
  void answer_in(std::uint64_t cookie, std::vector<UniqueFd> sockets,
                 std::vector<kernel::QueryPort> ports);

  // worker.cpp
  Result<void> turn();
  Result<void> write_found_open();

  // worker_policy.cpp
  Result<void> check_secrets(const policy::Policy& policy);
  Result<std::shared_ptr<const policy::Policy>> read_policy(bool secrets);
  Result<bool> reload();
  void reload_for_successor();

  // worker_hand_over.cpp: as the one that is replaced, and as the one that replaces
  // (daemon/succession.h).
  void meet_successor();
  void yield();
  void drain(std::chrono::seconds timeout);
  void lose_successor();
  void bury_predecessor();
  Result<void> resume();
  CountedSoFar counted() const;
  bool drained() const;
  void end_run_there(const RunId& run, const std::string& reason);

  // How late an ended run, a new cgroup or an expired request may be seen.
  static constexpr int kTurnMs = 100;
  static constexpr std::chrono::milliseconds kReportEvery{500};
  // Longer than a keeper takes from its worker's death to its own end.
  static constexpr std::chrono::seconds kClaimFor{3};

  const control::Config& config_;
  Prepared prepared_;
  SystemClock clock_;
  keeper::KeeperClient keeper_;
  PolicyHolder policies_;
  UniqueFd signals_;

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<record::DirectoryRecorder> recorder_;
  std::unique_ptr<approval::ApprovalBook> approvals_;
  std::unique_ptr<kernel::KernelMaps> kernel_;
  std::optional<kernel::AwaitedCgroups> awaited_;
  std::unique_ptr<VerdictPublisher> verdicts_;
  std::unique_ptr<RunRegistry> runs_;
  std::unique_ptr<net::HostCa> host_ca_;
  std::shared_ptr<CatalogNews> news_ = std::make_shared<CatalogNews>();
  std::unique_ptr<net::PostgresCatalogService> catalogs_;
  std::unique_ptr<net::PostgresPlanService> plans_;
  std::unique_ptr<FlowFactory> factory_;
  std::unique_ptr<net::FlowServer> flows_;
  UniqueFd unix_listener_;  // beside the flow server's, to tell the kernel its name; may be none
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<DnsDesk> dns_;
  std::vector<kernel::QueryPort> dns_ports_;  // of prepared_.resolver_sockets
  net::DnsServer dns_server_;
  std::unique_ptr<Namespaces> namespaces_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::optional<AuditLog> audit_;
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<control::ControlServer> control_;
  std::unique_ptr<Predecessor> predecessor_;
  std::unique_ptr<Successor> successor_;
  // Serving; waiting for the new daemon to serve; ending the flows that are left.
  enum class Role { kServing, kYielded, kDraining } role_ = Role::kServing;
  bool serving_since_start_ = false;  // false: the predecessor is still the one in force
  SteadyTime drain_until_{};
  SteadyTime report_at_{};
  SteadyTime claim_until_{};
  std::atomic<bool> publishing_{false};
  std::optional<Error> failure_;
  std::mutex reload_mutex_;
  std::string enrol_error_;
};

}  // namespace sluice::daemon
