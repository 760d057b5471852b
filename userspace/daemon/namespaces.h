// SPDX-License-Identifier: Apache-2.0
// Network namespaces of agents (containers): in each that a living run has a process in, listeners
// and sockets for DNS like those at home. A socket keeps its namespace alive, so they are closed
// once no run has a process there. The keeper opens them and says who is where; the kernel's events
// say where one is missing.
#pragma once

#include <sluice/clock.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/run_registry.h"
#include "daemon/succession.h"
#include "keeper/client.h"
#include "kernel/events.h"
#include "kernel/kernel_maps.h"

namespace sluice::daemon {

class Namespaces {
 public:
  struct Ports {
    keeper::KeeperClient& keeper;
    kernel::KernelMaps& kernel;
    const RunRegistry& runs;
    const Clock& clock;
    // What serves them is given duplicates. Must not wait.
    std::function<void(std::uint64_t cookie, std::vector<UniqueFd>)> accept_on;
    std::function<void(std::uint64_t cookie, std::vector<UniqueFd>, std::vector<kernel::QueryPort>)>
        answer_on;
    std::function<void(std::uint64_t cookie)> leave;
  };
  struct Limits {
    std::size_t spaces_max = 256;
    // Of an outermost run and those in it. An agent that may make user namespaces makes network
    // namespaces as it likes.
    std::size_t spaces_of_run_max = 16;
  };
  explicit Namespaces(Ports ports) : Namespaces(std::move(ports), Limits{}) {}
  Namespaces(Ports ports, Limits limits);

  // A run has begun: the namespaces of its processes, before it connects. Any thread.
  void look_into(const std::string& run_cgroup);
  // Any thread; remembers what the next turn() looks at.
  void note(const kernel::KernelEvent& event);
  // Now and then, of the daemon that serves.
  void turn();
  // Opens what is missing, closes what no run is in any more. At a start, before claim().
  void sweep();
  // Everything to the kernel; those of others, of a daemon that is gone, are forgotten there.
  Result<void> claim();
  std::size_t count() const;

  // Of the daemon before, and for the one after.
  void adopt(std::vector<SocketElsewhere> sockets);
  std::vector<SocketElsewhere> sockets() const;
  // The DNS server is another one.
  void answer_again();
  // All is the new daemon's.
  void let_go();

 private:
  struct Socket {
    UniqueFd fd;
    kernel::QueryPort at;
  };
  struct Space {
    std::uint64_t inode = 0;
    RunId outermost;
    std::vector<Socket> listeners, resolvers;
    int sweeps_without_process = 0;
    bool has(bool v4) const;
    bool whole() const;  // each family that it has is as this daemon opens it
  };
  // When to try a namespace again that had no loopback address of a family.
  struct Patience {
    std::chrono::seconds wait{0};
    SteadyTime next{};
  };
  struct Refusal {
    std::uint32_t pid = 0;
    std::uint64_t cgroup_id = 0;
  };
  struct Found {
    pid_t pid = 0;
    RunId outermost;
  };

  // All with mutex_ held.
  void handle_refusals();
  void sweep_spaces();
  std::map<std::uint64_t, Found> find_processes(std::set<RunId>& not_whole);
  void open_missing(const Found& found, std::uint64_t inode);
  void open_for(const Found& found);
  bool may_open(const RunId& outermost);
  Result<std::vector<Socket>> open_sockets(int pidfd, std::uint32_t ip_version,
                                           keeper::Transport transport, std::size_t count,
                                           std::uint64_t& inode);
  Result<void> add_family(int pidfd, std::uint32_t ip_version, const RunId& outermost);
  Result<void> serve(std::uint64_t cookie, const Space& space, const std::vector<Socket>& listeners,
                     const std::vector<Socket>& resolvers);
  Result<void> tell_kernel(std::uint64_t cookie, const Space& space);
  void close(std::uint64_t cookie);
  std::optional<std::uint64_t> cookie_of(std::uint64_t inode) const;
  void say_once(const std::string& key, const std::string& text);

  Ports ports_;
  Limits limits_;
  std::uint64_t home_cookie_ = 0;

  mutable std::mutex mutex_;                                // guards what follows
  std::map<std::uint64_t, Space> spaces_;                   // by netns cookie
  std::map<std::uint64_t, Patience> patience_;              // by inode
  std::map<std::uint64_t, SteadyTime> refusal_handled_at_;  // by netns cookie
  std::set<std::string> said_;
  SteadyTime next_sweep_{};
  bool claimed_ = false;
  std::mutex refusals_mutex_;                  // guards the next
  std::map<std::uint64_t, Refusal> refusals_;  // by netns cookie
};

}  // namespace sluice::daemon
