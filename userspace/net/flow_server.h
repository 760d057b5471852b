// SPDX-License-Identifier: Apache-2.0
// The data plane: listeners, worker threads and the flows on them. The daemon makes one, starts it
// once its listeners are there, and stops it before anything that it was given goes away.
#pragma once

#include "base/unique_fd.h"
#include "net/cancel_registry.h"
#include "net/catalog_source.h"
#include "net/flow_setup.h"
#include "net/flow_table.h"
#include "net/plan_source.h"
#include "net/progress.h"

#include <sluice/clock.h>
#include <sluice/ports.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::net {

class HostCa;

struct FlowServerOptions {
  std::size_t threads = 0;  // 0: one per CPU
  // Connections that the daemon carries at once; above it new ones are reset.
  std::size_t flow_count_max = 20'000;
  std::chrono::milliseconds stop_timeout{5'000};  // for flows to say goodbye at stop()
  FlowLimits limits;
  std::function<void(std::string_view)> warn;  // one line for the log; any thread; may be empty
};

struct FlowServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;       // on_accept gave an Error: reset
  std::uint64_t over_limit = 0;    // reset because of flow_count_max
  std::uint64_t out_of_files = 0;  // reset because of EMFILE or ENFILE
  std::uint64_t recorder_failures = 0;
};

class FlowServer {
 public:
  // Everything referred to must outlive the server.
  struct Ports {
    const Clock& clock;
    Approvals& approvals;
    CatalogSource& catalogs;
    PlanSource& plans;
    HostCa& host_ca;
  };
  FlowServer(FlowServerOptions options, Ports ports);
  ~FlowServer();  // stops

  // `listeners`: bound and listening TCP and Unix sockets, inherited or opened by the caller.
  Result<void> start(std::vector<UniqueFd> listeners, OnAccept on_accept);
  // More listeners, and their end; of a group that is not 0. Any thread; neither waits until it is
  // done. None are added once it accepts no more.
  void add_listeners(std::uint64_t group, std::vector<UniqueFd> listeners);
  void remove_listeners(std::uint64_t group);
  // Accepts no more; the flows go on. Returns when the listeners are closed here.
  void stop_accepting();
  // Accepts no more, ends every flow with `reason`, waits for stop_timeout, resets what is left and
  // joins the threads. Idempotent.
  void stop(std::string_view reason);

  // Runs a connection that did not come through a listener (a Unix socket, a test). Any thread.
  void adopt(UniqueFd connected);

  // Connections that were taken and have not ended, also those that are closing.
  std::size_t live() const;
  // One for each thread that serves flows. After start().
  std::vector<PostTask> threads() const;
  FlowTable& flows();
  CancelRegistry& cancels();
  FlowServerCounters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A listening TCP socket on `at` (port 0: any) for tests and for a daemon that was given none.
Result<UniqueFd> listen_tcp(const Endpoint& at, int backlog = 1024);
// The address a socket is bound to, IPv4 in its mapped form.
Result<Endpoint> local_endpoint(int fd);
Result<Endpoint> peer_endpoint(int fd);

}  // namespace sluice::net
