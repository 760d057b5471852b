// SPDX-License-Identifier: Apache-2.0
// From an accepted connection to a flow: the kernel's record says which run it is and where it
// wanted to go, the policy says which resource that is, and the recording is opened before anything
// is read.
#pragma once

#include <sluice/clock.h>
#include <sluice/ports.h>
#include <sluice/unix_socket.h>

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/dns_desk.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "daemon/verdict_publisher.h"
#include "keeper/client.h"
#include "kernel/kernel_maps.h"
#include "mask/detectors.h"
#include "net/flow_setup.h"
#include "session/postgres/options.h"

namespace sluice::daemon {

class FlowFactory {
 public:
  struct Ports {
    kernel::KernelMaps& kernel;
    RunRegistry& runs;
    const PolicyHolder& policies;
    VerdictPublisher& verdicts;
    keeper::KeeperClient& keeper;
    Recorder& recorder;
    const Clock& clock;
    DnsDesk& dns;
    std::shared_ptr<CatalogNews> news;  // of all flows
  };
  // `mask_key` makes hash masks; the same for the life of the host, so that equal values stay
  // equal.
  static Result<std::unique_ptr<FlowFactory>> make(Ports ports, const Secret& mask_key);

  // Any worker thread. An Error: the connection is reset, and the text says why.
  Result<net::FlowSetup> accept(int accepted_fd);
  const std::shared_ptr<RunCounters>& totals() const { return totals_; }
  // "unix:/run/x.sock" for a living session that came over a Unix socket.
  std::optional<std::string> unix_name_of(const SessionId& session) const;

 private:
  explicit FlowFactory(Ports ports) : ports_(std::move(ports)) {}
  // Shared by the sessions of one worker thread.
  struct ThreadTools {
    session::MaskTools mask;
    std::shared_ptr<PolicyReader> policies;
  };
  Result<ThreadTools> tools_of_this_thread();
  struct Arrival;
  Result<Arrival> arrival_of(int accepted_fd);
  Result<net::FlowSetup> set_up(const Arrival& arrival);
  const Resource* resource_of(const PolicyState& state, const LiveRun& run, const Arrival& arrival);
  void aim(net::FlowSetup& setup, const Arrival& arrival, const PolicyState& state);
  void remember_unix_name(net::FlowSetup& setup, const Arrival& arrival);
  Result<std::unique_ptr<FlowSession>> make_session(const net::FlowSetup& setup,
                                                    const std::string& where);
  Result<net::FlowSetup> dns_setup(net::FlowSetup setup, const SessionOpened& opened,
                                   const Arrival& arrival, const LiveRun& run);
  Error refuse(const LiveRun& run, const SessionOpened& opened, const Arrival& arrival,
               const std::string& why);

  Ports ports_;
  std::shared_ptr<const mask::Detectors> detectors_;
  std::shared_ptr<RunCounters> totals_ = std::make_shared<RunCounters>();
  mutable std::mutex mutex_;  // guards the three below
  std::map<SessionId, std::string> unix_names_;
  std::optional<mask::KeyedHash> hash_;
  std::map<std::thread::id, ThreadTools> tools_;
};

}  // namespace sluice::daemon
