// SPDX-License-Identifier: Apache-2.0
// Which cgroups are runs, and what may be done with them. The rules that keep the ceiling falling
// (invariant 2) are here, in the privileged half, so that a worker that was taken over cannot lift
// an agent out of its run.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "keeper/cgroups.h"

namespace sluice::keeper {

class Runs {
 public:
  // Makes the directory of runs, `cgroup_root`/sluice, where it is not there.
  static Result<Runs> open(const std::string& cgroup_root);

  const std::string& path() const { return path_; }
  const CgroupTree& tree() const { return tree_; }

  Result<std::uint64_t> make(std::string_view run_cgroup);
  Result<std::uint64_t> enrol(std::string_view cgroup);
  Result<void> move(int pidfd, std::string_view run_cgroup) const;
  Result<void> remove(std::string_view run_cgroup) const;
  Result<void> kill(std::string_view run_cgroup) const;
  // The file system path of a run or an enrolled cgroup that is there.
  Result<std::string> directory_of(std::string_view cgroup) const;

  // Of any process, below the mount.
  Result<std::string> cgroup_of(pid_t pid) const { return cgroup_of_process(tree_.mount(), pid); }

  // These processes are never moved (the keeper's own and the worker's).
  void never_move(pid_t pid) { never_moved_.insert(pid); }

  // A run that this keeper would make: run ids all the way up to the directory of runs or to an
  // enrolled cgroup.
  bool is_run(std::string_view cgroup) const;
  bool is_enrolled(std::string_view cgroup) const;
  // The innermost run or enrolled cgroup that `cgroup` is or lies below.
  std::optional<std::string> innermost_run(std::string_view cgroup) const;
  // Removes the directory of runs, if nothing is in it.
  void remove_if_empty() const;

 private:
  explicit Runs(CgroupTree tree) : tree_(std::move(tree)) {}
  Result<void> check_run(std::string_view cgroup) const;
  Result<void> check_move(pid_t pid, std::string_view run_cgroup) const;

  CgroupTree tree_;
  std::string path_;
  std::set<std::string, std::less<>> enrolled_;
  std::set<pid_t> never_moved_;
};

}  // namespace sluice::keeper
