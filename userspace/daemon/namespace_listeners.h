// SPDX-License-Identifier: Apache-2.0
// A listener in each network namespace, other than the daemon's own, that a process of a run is in.
// They are opened when a run starts or is enrolled, and when a connect was refused for want of one;
// they are closed when no process of a run is left in the namespace, which a listener keeps alive.
#pragma once

#include <sluice/clock.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/run_registry.h"
#include "keeper/client.h"
#include "kernel/events.h"
#include "kernel/kernel_maps.h"

namespace sluice::daemon {

class NamespaceListeners {
 public:
  struct Ports {
    keeper::KeeperClient& keeper;
    kernel::KernelMaps& kernel;
    const RunRegistry& runs;
    const Clock& clock;
    // Accepts from it until stop() with the same number, which is never 0.
    std::function<void(std::uint64_t number, UniqueFd listener)> listen;
    std::function<void(std::uint64_t number)> stop;
    std::function<void(const std::string&)> warn;  // a line for the log
  };
  explicit NamespaceListeners(Ports ports) : ports_(std::move(ports)) {}

  // Opens one where the process is, unless that is our own namespace. Any thread. A failure is said
  // in the log: connects from there are refused.
  void open_for(int pidfd);
  // Opens what is missing for all runs.
  void look_at_runs();
  // Remembers a connect that was refused for want of a listener, for open_wanted().
  void note(const kernel::KernelEvent& event);
  void open_wanted();
  // Closes what no run needs any more. Looks once in a while, however often it is called.
  void sweep();

 private:
  struct Place {
    std::uint64_t netns_cookie = 0;
    std::uint64_t number = 0;  // of its listeners
    int missed = 0;            // looks at the runs that did not find it
  };
  using Opened = std::pair<std::uint64_t, std::uint64_t>;  // inode, cookie; inode 0: our own

  Result<Opened> open_at(int pidfd);
  Result<kernel::NamespaceListeners> open_both(int pidfd, std::uint64_t inode,
                                               keeper::OpenedListener first, std::uint64_t number);
  // Inode and a process of each namespace; false where it cannot be said which there are.
  bool list(std::map<std::uint64_t, pid_t>& found);
  void say(const std::string& text);

  Ports ports_;
  std::mutex mutex_;
  std::map<std::uint64_t, Place> places_;  // by inode, which our listener keeps from being reused
  std::map<std::uint64_t, pid_t> wanted_;  // by cookie
  std::map<std::uint64_t, SteadyTime> tried_;  // by cookie
  std::map<std::string, SteadyTime> said_;
  std::uint64_t next_number_ = 1;
  SteadyTime swept_at_{};
};

}  // namespace sluice::daemon
