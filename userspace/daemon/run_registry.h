// SPDX-License-Identifier: Apache-2.0
// The living runs: started, enrolled, nested, revoked, ended, and adopted again after a restart.
// The order of steps is what makes a run safe: the kernel knows the cgroup before a process is in
// it, and forgets it after the last one left.
#pragma once

#include <sluice/clock.h>
#include <sluice/identity.h>
#include <sluice/ports.h>
#include <sluice/result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/cgroup_mount.h"
#include "daemon/policy_holder.h"
#include "daemon/recent_statements.h"
#include "daemon/verdict_publisher.h"
#include "keeper/client.h"
#include "kernel/awaited.h"
#include "kernel/socket_census.h"
#include "store/store.h"

namespace sluice::daemon {

struct RunCounters {
  std::atomic<std::uint64_t> statements{0};
  std::atomic<std::uint64_t> held{0};
  std::atomic<std::uint64_t> refused{0};
  RecentStatements recent;
};

struct LiveRun {
  Run run;
  RunId parent;  // "" for an outermost run
  std::shared_ptr<const Lineage> lineage;
  bool enrolled = false;
  bool revoked = false;
  bool moved = false;  // its first process is in it; from then on an empty run has ended
  WallTime started_at{};
  SteadyTime since{};
  std::shared_ptr<RunCounters> counters = std::make_shared<RunCounters>();
};

struct LaunchedRun {
  Run run;
  std::shared_ptr<const Lineage> lineage;
};

// What an enrolled process was connected to before.
struct FoundOpen {
  LiveRun run;
  std::optional<kernel::OpenConnection> connection;  // none: not listed, and `why` says why
  std::string why;                                   // what went wrong; "" if nothing did
};

class RunRegistry {
 public:
  struct Ports {
    keeper::KeeperClient& keeper;
    KernelPlane& kernel;
    VerdictPublisher& verdicts;
    store::RunStore& store;
    const PolicyHolder& policies;
    const Clock& clock;
    CgroupMount mount;
    kernel::AwaitedCgroups& awaited;
    std::string runs_directory;  // below the mount, as the next
    std::string own_cgroup;      // of the daemon, whose connections would be steered to itself
  };
  // `ended` is told, without a lock, of each run that is over.
  RunRegistry(Ports ports, std::function<void(const RunId&, const std::string& reason)> ended);

  // Runs of an earlier daemon that still live. A run whose agent the policy lost stays, and may do
  // nothing.
  Result<std::size_t> adopt_living();
  // Writes the number of each living run into the kernel again.
  Result<void> publish_again();
  // Tells the kernel which cgroups the policy matches, so that it takes tasks in them for runs
  // before enrol() has seen the cgroup. Called when a policy comes into force; enrol() or
  // enrol_living() follows.
  Result<void> await_matches();
  // As enrol(), where no daemon was there to judge: processes of any cgroup may be connected to
  // what nobody judged.
  Result<std::size_t> enrol_living();
  // await_matches() and that, for a policy that came into force while `held` kept everybody else
  // from enrolling.
  std::unique_lock<std::mutex> hold_enrolment() { return std::unique_lock{enrol_mutex_}; }
  Result<std::size_t> await_and_enrol(const std::unique_lock<std::mutex>& held);
  // Found while enrolling since the last call, for the audit.
  std::vector<FoundOpen> take_found_open();
  // Cgroups that the policy matches and that are there: called at start and then again and again.
  // What processes are connected to in one that is awaited only now is listed, and ended unless the
  // policy keeps it. An Error names the first that could not be enrolled; the others are.
  Result<std::size_t> enrol();
  // While another daemon takes over it is the one to enrol, and enrol() here finds nothing.
  void enrol_no_more(bool so) { enrol_no_more_ = so; }
  // Makes the run below `parent` (null: outermost) and moves the process into it.
  Result<LaunchedRun> launch(Run run, const Lineage* parent, int pidfd);
  // No new connection of the run or below it; the caller ends what is open. ENOENT: no such run.
  Result<LiveRun> revoke(const RunId& run);
  // Ends runs that hold no process any more.
  void sweep();

  std::optional<LiveRun> by_cgroup(std::uint64_t cgroup_id) const;
  // The same for a connection that the kernel steered: its cgroup may be one that is awaited and
  // not enrolled yet, and is then enrolled now.
  std::optional<LiveRun> by_cgroup_of_flow(std::uint64_t cgroup_id);
  // Also a run that ended a while ago: the kernel reports the end of its last connections later.
  std::optional<LiveRun> living_or_ended(std::uint64_t cgroup_id) const;
  std::optional<LiveRun> by_id(const RunId& run) const;
  // Runs that a cgroup (path below the mount) lies in, outermost first.
  Lineage lineage_of(const std::string& cgroup_path) const;
  std::vector<LiveRun> list() const;

 private:
  // ENOENT: its cgroup is gone.
  Result<void> insert(const LiveRun& live);
  Result<bool> adopt_one(const store::RunEntry& entry);  // false: its cgroup is gone
  void remove(const LiveRun& live, const std::string& reason);
  std::optional<LiveRun> innermost_around(const std::string& cgroup_path) const;
  bool has_child(const RunId& run) const;
  std::optional<std::uint64_t> cgroup_id(const std::string& cgroup_path) const;
  bool populated(const std::string& cgroup_path) const;
  bool enrolled_already(const std::string& cgroup_path, std::uint64_t id) const;
  Result<void> check_match(const policy::Agent& agent) const;
  Result<std::size_t> enrol_matches(bool look_at_all);
  Result<bool> enrol_one(const policy::Agent& agent, bool unjudged);
  bool is_unlooked_at(const policy::Agent& agent) const;
  void note_looked_at(const policy::Agent& agent, bool so);
  std::string awaited_path(const policy::Agent& agent) const;
  void take_census(const LiveRun& live, bool kill);
  using Matches = std::map<std::string_view, const policy::Agent*>;  // by cgroup
  VerdictPublisher::AgentNames awaited_lineage(const Matches& matches,
                                               const policy::Agent& agent) const;

  Ports ports_;
  std::function<void(const RunId&, const std::string&)> ended_;
  std::atomic<bool> enrol_no_more_{false};
  std::mutex enrol_mutex_;    // one enrolment at a time, so that no cgroup becomes two runs
  mutable std::mutex mutex_;  // guards what follows
  std::set<std::string> unlooked_at_;  // awaited, and nobody has looked at what lives there yet
  std::map<std::uint64_t, LiveRun> by_cgroup_;
  std::vector<FoundOpen> found_open_;
  std::map<std::uint64_t, LiveRun> ended_runs_;  // `since`: when it ended
};

}  // namespace sluice::daemon
