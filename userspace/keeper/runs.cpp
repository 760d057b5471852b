// SPDX-License-Identifier: Apache-2.0
#include "keeper/runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "keeper/processes.h"

namespace sluice::keeper {
namespace {

// One entry per `match: cgroup` that has appeared since start; far above what a policy names.
constexpr std::size_t kEnrolledMax = 4096;

std::string quoted(std::string_view path) { return "'" + std::string(path) + "'"; }

}  // namespace

Result<Runs> Runs::open(const std::string& cgroup_root) {
  SLUICE_TRY(CgroupTree tree, CgroupTree::open(cgroup_root));
  Runs runs{std::move(tree)};
  const std::string& root = runs.tree_.root();
  runs.path_ = (root == "/" ? "" : root) + "/sluice";
  const auto made = runs.tree_.make(runs.path_);
  if (!made && made.error().code() != EEXIST) return made.error().within("directory of runs");
  SLUICE_TRY(const UniqueFd readable, runs.tree_.open_cgroup(runs.path_));
  return runs;
}

bool Runs::is_enrolled(std::string_view cgroup) const { return enrolled_.contains(cgroup); }

bool Runs::is_run(std::string_view cgroup) const {
  if (!check_cgroup_path(cgroup)) return false;
  while (is_run_id(last_component(cgroup))) {
    cgroup = parent_of(cgroup);
    if (cgroup == path_ || is_enrolled(cgroup)) return true;
  }
  return false;
}

std::optional<std::string> Runs::innermost_run(std::string_view cgroup) const {
  for (; cgroup != "/" && !cgroup.empty(); cgroup = parent_of(cgroup))
    if (is_enrolled(cgroup) || is_run(cgroup)) return std::string(cgroup);
  return std::nullopt;
}

Result<void> Runs::check_run(std::string_view cgroup) const {
  SLUICE_TRY_VOID(check_cgroup_path(cgroup));
  if (is_run(cgroup)) return {};
  return Error::sys(EPERM, quoted(cgroup) + " is not a run below " + quoted(path_) +
                               " or below an enrolled cgroup");
}

Result<std::uint64_t> Runs::make(std::string_view run_cgroup) {
  SLUICE_TRY_VOID(check_run(run_cgroup));
  auto made = tree_.make(run_cgroup);
  if (made || made.error().code() != ENOENT || parent_of(run_cgroup) != path_) return made;
  // Another daemon of the same cgroup_root that stopped has removed the directory while it was
  // empty (remove_if_empty).
  const auto directory = tree_.make(path_);
  if (!directory && directory.error().code() != EEXIST)
    return directory.error().within("directory of runs");
  return tree_.make(run_cgroup);
}

Result<std::uint64_t> Runs::enrol(std::string_view cgroup) {
  SLUICE_TRY_VOID(check_cgroup_path(cgroup));
  if (is_same_or_below(cgroup, path_) || is_same_or_below(path_, cgroup))
    return Error::sys(EPERM, quoted(cgroup) +
                                 " holds the directory of runs or lies in it; only a " +
                                 "cgroup beside it can be enrolled");
  SLUICE_TRY(const std::uint64_t id, tree_.id_of(cgroup));
  if (!is_enrolled(cgroup) && enrolled_.size() >= kEnrolledMax)
    return Error::sys(ENOSPC, "more than " + std::to_string(kEnrolledMax) +
                                  " enrolled cgroups; restart sluiced to forget those that ended");
  enrolled_.emplace(cgroup);
  return id;
}

Result<void> Runs::check_move(pid_t pid, std::string_view run_cgroup) const {
  const std::string process = "process " + std::to_string(pid);
  if (pid == 1 || never_moved_.contains(pid))
    return Error::sys(EPERM, process + " is init or a part of sluiced; it is never moved");
  SLUICE_TRY(const bool kernel_thread, is_kernel_thread(pid));
  if (kernel_thread) return Error::sys(EPERM, process + " is a kernel thread");
  SLUICE_TRY(const std::string now, cgroup_of_process(tree_.mount(), pid));
  const auto ceiling = innermost_run(now);
  if (ceiling && !is_same_or_below(*ceiling, run_cgroup))
    return Error::sys(EPERM, process + " is in the run " + quoted(*ceiling) +
                                 " and may only go further down, not to " + quoted(run_cgroup));
  // A process that belongs to no run starts an outermost one. It has no business among the
  // processes of an enrolled unit.
  if (!ceiling && !is_same_or_below(path_, run_cgroup))
    return Error::sys(EPERM, process + " is outside the enrolled cgroup of " + quoted(run_cgroup));
  return {};
}

Result<void> Runs::move(int pidfd, std::string_view run_cgroup) const {
  SLUICE_TRY_VOID(check_run(run_cgroup));
  SLUICE_TRY(const pid_t pid, pid_of(pidfd));
  SLUICE_TRY_VOID(check_move(pid, run_cgroup));
  SLUICE_TRY_VOID(tree_.move(run_cgroup, pid));
  // cgroup.procs takes a number. If the pidfd still answers with it, the number meant this process
  // all along.
  const auto same = pid_of(pidfd);
  if (!same || *same != pid)
    return Error::sys(ESRCH, "process " + std::to_string(pid) + " ended while it was moved");
  return {};
}

Result<void> Runs::remove(std::string_view run_cgroup) const {
  SLUICE_TRY_VOID(check_run(run_cgroup));
  return tree_.remove(run_cgroup);
}

Result<void> Runs::kill(std::string_view run_cgroup) const {
  SLUICE_TRY_VOID(check_run(run_cgroup));
  return tree_.kill(run_cgroup);
}

Result<std::string> Runs::directory_of(std::string_view cgroup) const {
  SLUICE_TRY_VOID(check_cgroup_path(cgroup));
  if (!is_enrolled(cgroup)) SLUICE_TRY_VOID(check_run(cgroup));
  SLUICE_TRY(const UniqueFd exists, tree_.open_cgroup(cgroup));
  return tree_.mount().file_path(cgroup);
}

void Runs::remove_if_empty() const {
  const auto parent = tree_.open_cgroup(parent_of(path_));
  // Only rmdir, and only of the directory itself: runs that outlive the keeper stay.
  if (parent) ::unlinkat(parent->get(), "sluice", AT_REMOVEDIR);
}

}  // namespace sluice::keeper
