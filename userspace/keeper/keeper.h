// SPDX-License-Identifier: Apache-2.0
// The privileged half: answers the worker's requests until one of the two ends. One thread, no
// allocation that grows with what is asked, nothing from the network.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/socket_census.h"

namespace sluice::keeper {

struct KeeperConfig {
  std::string cgroup_root;  // directory of cgroup2 under which runs live; "" is the mount itself
  std::vector<std::string> secrets_dirs;  // absolute; only files below one of them are read out
  // Ends the open sockets of a run, which is given as the directory of its cgroup, and of the runs
  // below it; returns how many. Empty where the kernel cannot.
  std::function<Result<std::uint64_t>(const std::string& cgroup_directory)> destroy_sockets;
  // Lists what its processes are connected to, and ends it where `kill` says so. Empty where the
  // kernel cannot.
  std::function<Result<kernel::Census>(const std::string& cgroup_directory, bool kill)> take_census;
};

// How the worker ended.
struct WorkerEnd {
  int exit_status = 0;       // fit for exit(): the worker's own, or 128 + the signal that killed it
  std::string text;          // "exited with status 0", "killed by signal 9 (Killed)"
  bool handed_over = false;  // another daemon serves; the kernel is its
};

class HandOver;

class Keeper {
 public:
  // Opens the cgroup root and the secrets directories and makes the directory of runs. Fails with
  // one sentence that says what is missing.
  static Result<std::unique_ptr<Keeper>> open(KeeperConfig config);
  ~Keeper();

  // What a later daemon may take over while this one serves.
  void offer(std::unique_ptr<HandOver> hand_over);

  // Serves until the worker ends or closes its end (then it is killed), and reaps it. SIGTERM,
  // SIGINT and SIGHUP are passed on to the worker while serving.
  WorkerEnd serve(UniqueFd socket, pid_t worker);

  // Takes the directory of runs away again where it is empty: for a start that is refused before
  // serve(), which does it at its end.
  void withdraw();

  // Cgroup path of the directory that holds all runs, below the cgroup2 mount.
  const std::string& runs_path() const;

 private:
  struct State;
  explicit Keeper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Two processes joined by a socketpair. The worker side returns with worker = true.
struct Split {
  bool worker = false;
  UniqueFd socket;
  pid_t other = 0;  // the keeper's pid in the worker, the worker's in the keeper
};
// Must be called while the process has one thread.
Result<Split> split_process();

}  // namespace sluice::keeper
