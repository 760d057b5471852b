// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_registry.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "daemon/gone.h"
#include "daemon/random.h"

namespace sluice::daemon {
namespace {

std::size_t depth_of(const std::string& path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

constexpr const char* kCgroupIsGone = "its cgroup is gone";

}  // namespace

RunRegistry::RunRegistry(Ports ports, std::function<void(const RunId&, const std::string&)> ended)
    : ports_(std::move(ports)), ended_(std::move(ended)) {}

std::optional<std::uint64_t> RunRegistry::cgroup_id(const std::string& cgroup_path) const {
  struct stat status {};
  if (::stat(ports_.mount.file_path(cgroup_path).c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return std::nullopt;
  return status.st_ino;
}

bool RunRegistry::populated(const std::string& cgroup_path) const {
  std::ifstream events{ports_.mount.file_path(cgroup_path) + "/cgroup.events"};
  std::string key;
  int value = 0;
  while (events >> key >> value)
    if (key == "populated") return value != 0;
  return false;
}

Result<void> RunRegistry::insert(const LiveRun& live) {
  const std::uint64_t id = live.run.cgroup_id;
  SLUICE_TRY(const std::uint32_t subject, ports_.verdicts.subject_of(*live.lineage));
  {
    const std::lock_guard lock{mutex_};
    by_cgroup_[id] = live;
  }
  auto added = ports_.kernel.add_run(id, subject);
  if (added && live.revoked) added = ports_.kernel.revoke_run(id);
  if (!added) {
    const std::lock_guard lock{mutex_};
    by_cgroup_.erase(id);
    return added.error();
  }
  return {};
}

Result<bool> RunRegistry::adopt_one(const store::RunEntry& entry) {
  const auto id = cgroup_id(entry.run.cgroup_path);
  if (!id || *id != entry.run.cgroup_id) return false;
  // The keeper is new too and must know the cgroup again before anything is asked about it.
  if (entry.enrolled) SLUICE_TRY_VOID(ports_.keeper.enrol_cgroup(entry.run.cgroup_path));
  auto lineage = std::make_shared<Lineage>(lineage_of(entry.run.cgroup_path));
  lineage->push_back(entry.run);
  LiveRun live;
  live.run = entry.run;
  live.parent = entry.parent;
  live.lineage = std::move(lineage);
  live.enrolled = entry.enrolled;
  live.revoked = entry.revoked;
  live.moved = true;
  live.started_at = entry.started_at;
  live.since = ports_.clock.steady();
  SLUICE_TRY_VOID(insert(live));
  return true;
}

Result<std::size_t> RunRegistry::adopt_living() {
  SLUICE_TRY(const auto entries, ports_.store.list_living());
  std::size_t adopted = 0;
  for (const store::RunEntry& entry : entries) {
    if (by_id(entry.run.id)) continue;  // a daemon that goes on after another could not take over
    const auto one = adopt_one(entry);
    if (!one && !is_gone(one.error())) return one.error();
    if (one && *one)
      ++adopted;
    else
      SLUICE_TRY_VOID(ports_.store.end(entry.run.id, ports_.clock.wall()));
  }
  return adopted;
}

Result<void> RunRegistry::publish_again() {
  for (const LiveRun& live : list()) {
    const auto inserted = insert(live);
    if (!inserted && !is_gone(inserted.error())) return inserted.error();
    if (!inserted) remove(live, kCgroupIsGone);
  }
  return ports_.verdicts.change(nullptr, [](const PolicyHolder::Flip& flip) { return flip(); });
}

bool RunRegistry::enrolled_already(const std::string& cgroup_path, std::uint64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto found = by_cgroup_.find(id);
  return found != by_cgroup_.end() && found->second.run.cgroup_path == cgroup_path;
}

Result<void> RunRegistry::check_match(const policy::Agent& agent) const {
  const auto bad = [&](const std::string& why) {
    return Error{"agent " + agent.name + ": the cgroup '" + agent.cgroup + "' " + why +
                 "; match a cgroup beside it"};
  };
  const std::string& runs = ports_.runs_directory;
  if (is_same_or_below(agent.cgroup, runs) || is_same_or_below(runs, agent.cgroup))
    return bad("holds the directory of runs, '" + runs + "', or lies in it");
  if (is_same_or_below(agent.cgroup, ports_.own_cgroup))
    return bad("holds the daemon itself, which is in '" + ports_.own_cgroup + "'");
  return {};
}

// After the kernel knows the run: no connection can come to be that is in no list and not judged.
// What could not be ended or listed is said in the audit; it is no reason to leave the cgroup
// alone.
void RunRegistry::take_census(const LiveRun& live, bool kill) {
  const auto taken = ports_.keeper.take_census(live.run.cgroup_path, kill);
  const std::lock_guard lock{mutex_};
  if (!taken) {
    found_open_.push_back({live, std::nullopt, taken.error().text()});
    return;
  }
  for (const kernel::OpenConnection& connection : taken->census.connections)
    found_open_.push_back(
        {live, connection, connection.killed ? std::string{} : taken->census.why_kept});
  if (const std::uint64_t listed = taken->census.connections.size(); taken->found > listed)
    found_open_.push_back({live, std::nullopt,
                           "there were " + std::to_string(taken->found) + ", of which " +
                               std::to_string(taken->killed) + " were ended; these are the first " +
                               std::to_string(listed)});
}

std::vector<FoundOpen> RunRegistry::take_found_open() {
  const std::lock_guard lock{mutex_};
  return std::exchange(found_open_, {});
}

Result<bool> RunRegistry::enrol_one(const policy::Agent& agent, bool unjudged) {
  const auto id = cgroup_id(agent.cgroup);
  if (!id || enrolled_already(agent.cgroup, *id)) return false;
  SLUICE_TRY_VOID(check_match(agent));
  const auto cgroup = ports_.keeper.enrol_cgroup(agent.cgroup);
  if (!cgroup && is_gone(cgroup.error())) return false;
  if (!cgroup) return cgroup.error();
  LiveRun live;
  live.run.id = "run-" + random_hex(8);
  live.run.agent = agent.name;
  live.run.cgroup_id = cgroup->id;
  live.run.cgroup_path = cgroup->path;
  // Not what an earlier cgroup of the same name was, and is not swept away yet.
  const auto parent = innermost_around(cgroup->path.substr(0, cgroup->path.rfind('/')));
  auto lineage = std::make_shared<Lineage>(parent ? *parent->lineage : Lineage{});
  lineage->push_back(live.run);
  live.lineage = std::move(lineage);
  live.parent = parent ? parent->run.id : RunId{};
  live.enrolled = true;
  live.started_at = ports_.clock.wall();
  live.since = ports_.clock.steady();
  SLUICE_TRY_VOID(ports_.store.add({live.run, live.parent, true, false, live.started_at}));
  const auto inserted = insert(live);
  if (!inserted && is_gone(inserted.error())) {
    remove(live, kCgroupIsGone);  // remembered for what it may have connected to in its short life
    return false;
  }
  if (!inserted) {
    static_cast<void>(ports_.store.end(live.run.id, ports_.clock.wall()));
    return inserted.error();
  }
  if (unjudged) take_census(live, !agent.keeps_open_connections);
  return true;
}

// A cgroup that was awaited is judged from its first process on, whoever enrols it.
bool RunRegistry::is_unlooked_at(const policy::Agent& agent) const {
  const std::lock_guard lock{mutex_};
  return unlooked_at_.contains(awaited_path(agent));
}

// What could not be enrolled is looked at when a later turn enrols it. What was not there is judged
// from its first process on.
void RunRegistry::note_looked_at(const policy::Agent& agent, bool so) {
  const std::lock_guard lock{mutex_};
  if (so)
    unlooked_at_.erase(awaited_path(agent));
  else
    unlooked_at_.insert(awaited_path(agent));
}

std::string RunRegistry::awaited_path(const policy::Agent& agent) const {
  const std::string& root = ports_.mount.root;
  return root == "/" ? agent.cgroup : root + agent.cgroup;
}

Result<std::size_t> RunRegistry::enrol() {
  const std::lock_guard lock{enrol_mutex_};
  return enrol_matches(false);
}

Result<std::size_t> RunRegistry::enrol_living() {
  const std::lock_guard lock{enrol_mutex_};
  return enrol_matches(true);
}

Result<std::size_t> RunRegistry::await_and_enrol(const std::unique_lock<std::mutex>& held) {
  SLUICE_CHECK(held.owns_lock() && held.mutex() == &enrol_mutex_);
  SLUICE_TRY_VOID(await_matches());
  return enrol_matches(false);
}

Result<std::size_t> RunRegistry::enrol_matches(bool look_at_all) {
  if (enrol_no_more_) return std::size_t{0};
  std::vector<const policy::Agent*> matching;
  const auto policy = ports_.policies.policy();
  for (const policy::Agent& agent : policy->agents())
    if (!agent.cgroup.empty()) matching.push_back(&agent);
  // Outermost first: who lies inside has the other in its lineage.
  std::stable_sort(matching.begin(), matching.end(), [](const auto* a, const auto* b) {
    return depth_of(a->cgroup) < depth_of(b->cgroup);
  });
  std::size_t enrolled = 0;
  Result<void> outcome;
  for (const policy::Agent* agent : matching) {
    const bool unjudged = look_at_all || is_unlooked_at(*agent);
    const auto one = enrol_one(*agent, unjudged);
    if (unjudged) note_looked_at(*agent, one.ok());
    if (one && *one) ++enrolled;
    if (!one && outcome) outcome = one.error();
  }
  if (!outcome) return outcome.error();
  return enrolled;
}

// As enrol() will find it: the matches around this one, and what lives there now under a policy
// that is gone. One more in it can only take rights away.
VerdictPublisher::AgentNames RunRegistry::awaited_lineage(const Matches& matches,
                                                          const policy::Agent& agent) const {
  std::vector<std::pair<std::size_t, std::string>> around;
  for (const Run& run : lineage_of(agent.cgroup))
    if (run.cgroup_path != agent.cgroup) around.emplace_back(depth_of(run.cgroup_path), run.agent);
  const std::string_view path = agent.cgroup;
  for (auto slash = path.rfind('/'); slash != 0; slash = path.rfind('/', slash - 1)) {
    const auto found = matches.find(path.substr(0, slash));
    if (found == matches.end()) continue;
    const std::pair at{depth_of(found->second->cgroup), found->second->name};
    if (std::find(around.begin(), around.end(), at) == around.end()) around.push_back(at);
  }
  std::stable_sort(around.begin(), around.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  VerdictPublisher::AgentNames names;
  for (auto& [depth, name] : around) names.push_back(std::move(name));
  names.push_back(agent.name);
  return names;
}

Result<void> RunRegistry::await_matches() {
  std::vector<kernel::AwaitedCgroup> awaited;
  const auto policy = ports_.policies.policy();
  Matches matches;
  // A wrong match is refused, and said, by enrol().
  for (const policy::Agent& agent : policy->agents())
    if (!agent.cgroup.empty() && check_match(agent)) matches.emplace(agent.cgroup, &agent);
  for (const auto& [cgroup, agent] : matches) {
    SLUICE_TRY(const std::uint32_t subject,
               ports_.verdicts.subject_of(awaited_lineage(matches, *agent)));
    awaited.push_back({awaited_path(*agent), subject});
  }
  SLUICE_TRY(auto fresh, ports_.awaited.set(awaited));
  const std::lock_guard lock{mutex_};
  unlooked_at_.merge(fresh);
  return {};
}

std::optional<LiveRun> RunRegistry::by_cgroup_of_flow(std::uint64_t cgroup_id) {
  if (auto known = by_cgroup(cgroup_id)) return known;
  static_cast<void>(enrol());  // what went wrong is said by the turn that tries it again
  return by_cgroup(cgroup_id);
}

Result<LaunchedRun> RunRegistry::launch(Run run, const Lineage* parent, int pidfd) {
  run.id = "run-" + random_hex(8);
  const std::string parent_path = parent == nullptr ? "" : parent->back().cgroup_path;
  SLUICE_TRY(const auto cgroup, ports_.keeper.make_run_cgroup(parent_path, run.id));
  run.cgroup_id = cgroup.id;
  run.cgroup_path = cgroup.path;

  LiveRun live;
  live.run = run;
  live.parent = parent == nullptr ? RunId{} : parent->back().id;
  auto lineage = std::make_shared<Lineage>(parent == nullptr ? Lineage{} : *parent);
  lineage->push_back(run);
  live.lineage = lineage;
  live.started_at = ports_.clock.wall();
  live.since = ports_.clock.steady();

  auto done = ports_.store.add({run, live.parent, false, false, live.started_at});
  if (done) done = insert(live);
  if (done) done = ports_.keeper.move_process(pidfd, cgroup.path);
  if (!done) {
    remove(live, "could not be started");
    return done.error().within("start run of agent '" + run.agent + "'");
  }
  const std::lock_guard lock{mutex_};
  if (const auto found = by_cgroup_.find(run.cgroup_id); found != by_cgroup_.end())
    found->second.moved = true;
  return LaunchedRun{run, lineage};
}

Result<LiveRun> RunRegistry::revoke(const RunId& run) {
  LiveRun live;
  {
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(by_cgroup_.begin(), by_cgroup_.end(),
                                    [&](const auto& entry) { return entry.second.run.id == run; });
    if (found == by_cgroup_.end()) return Error::sys(ENOENT, "revoke run '" + run + "'");
    found->second.revoked = true;
    live = found->second;
  }
  // The kernel first: it is what makes the revocation true. The store then keeps it over a restart.
  SLUICE_TRY_VOID(ports_.kernel.revoke_run(live.run.cgroup_id));
  SLUICE_TRY_VOID(ports_.store.mark_revoked(run));
  return live;
}

bool RunRegistry::has_child(const RunId& run) const {
  const std::lock_guard lock{mutex_};
  return std::any_of(by_cgroup_.begin(), by_cgroup_.end(),
                     [&](const auto& entry) { return entry.second.parent == run; });
}

void RunRegistry::remove(const LiveRun& live, const std::string& reason) {
  {
    const std::lock_guard lock{mutex_};
    by_cgroup_.erase(live.run.cgroup_id);
    LiveRun& ended = ended_runs_[live.run.cgroup_id] = live;
    ended.since = ports_.clock.steady();
    // An agent can start and end runs as fast as it likes. Cgroup ids only grow, so the first is
    // the oldest.
    constexpr std::size_t kRememberedMax = 4096;
    if (ended_runs_.size() > kRememberedMax) ended_runs_.erase(ended_runs_.begin());
  }
  ended_(live.run.id, reason);
  // A cgroup that holds a process again by now stays a run of the kernel's; without a record of it
  // here the daemon refuses every flow of it.
  if (!live.enrolled && !ports_.keeper.remove_run_cgroup(live.run.cgroup_path)) return;
  static_cast<void>(ports_.kernel.remove_run(live.run.cgroup_id));
  static_cast<void>(ports_.store.end(live.run.id, ports_.clock.wall()));
}

void RunRegistry::sweep() {
  {
    // A TCP connection can outlive its process by the time that its peer takes to close.
    constexpr std::chrono::minutes kRemembered{10};
    const std::lock_guard lock{mutex_};
    std::erase_if(ended_runs_, [&](const auto& entry) {
      return ports_.clock.steady() - entry.second.since > kRemembered;
    });
  }
  for (const LiveRun& live : list()) {
    const auto id = cgroup_id(live.run.cgroup_path);
    if (!id || *id != live.run.cgroup_id) {
      remove(live, kCgroupIsGone);
    } else if (!live.enrolled && !populated(live.run.cgroup_path) && !has_child(live.run.id)) {
      // Between the making of a run and the move of its process it is empty for a moment.
      constexpr std::chrono::seconds kStarting{5};
      if (ports_.clock.steady() - live.since > kStarting || live.moved)
        remove(live, "its last process ended");
    }
  }
}

std::optional<LiveRun> RunRegistry::by_cgroup(std::uint64_t cgroup_id) const {
  const std::lock_guard lock{mutex_};
  const auto found = by_cgroup_.find(cgroup_id);
  if (found == by_cgroup_.end()) return std::nullopt;
  return found->second;
}

std::optional<LiveRun> RunRegistry::living_or_ended(std::uint64_t cgroup_id) const {
  if (auto living = by_cgroup(cgroup_id)) return living;
  const std::lock_guard lock{mutex_};
  const auto found = ended_runs_.find(cgroup_id);
  if (found == ended_runs_.end()) return std::nullopt;
  return found->second;
}

std::optional<LiveRun> RunRegistry::by_id(const RunId& run) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, live] : by_cgroup_)
    if (live.run.id == run) return live;
  return std::nullopt;
}

Lineage RunRegistry::lineage_of(const std::string& cgroup_path) const {
  Lineage lineage;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, live] : by_cgroup_)
      if (is_same_or_below(live.run.cgroup_path, cgroup_path)) lineage.push_back(live.run);
  }
  std::sort(lineage.begin(), lineage.end(), [](const Run& a, const Run& b) {
    return depth_of(a.cgroup_path) < depth_of(b.cgroup_path);
  });
  return lineage;
}

std::optional<LiveRun> RunRegistry::innermost_around(const std::string& cgroup_path) const {
  const Lineage lineage = lineage_of(cgroup_path);
  return lineage.empty() ? std::nullopt : by_id(lineage.back().id);
}

std::vector<LiveRun> RunRegistry::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<LiveRun> runs;
  runs.reserve(by_cgroup_.size());
  for (const auto& [id, live] : by_cgroup_) runs.push_back(live);
  std::sort(runs.begin(), runs.end(), [](const LiveRun& a, const LiveRun& b) {
    return std::tie(a.started_at, a.run.id) < std::tie(b.started_at, b.run.id);
  });
  return runs;
}

}  // namespace sluice::daemon
