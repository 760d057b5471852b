// SPDX-License-Identifier: Apache-2.0
#include "daemon/namespaces.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "daemon/gone.h"
#include "kernel/netns_cookie.h"

namespace sluice::daemon {
namespace {

constexpr std::chrono::seconds kSweepEvery{1};
// So many times what the last sweep took: it must not take the daemon's time.
constexpr int kSweepRest = 20;
// A process may be overlooked that is just made, or moves.
constexpr int kSweepsBeforeClosing = 2;
constexpr std::chrono::seconds kPatienceMax{10};
constexpr std::chrono::seconds kRefusalEvery{1};
constexpr std::size_t kRefusalsMax = 1024;
constexpr std::size_t kRefusalsPerTurn = 16;

UniqueFd pidfd_of(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

template <class Sockets>
Result<std::vector<UniqueFd>> duplicates_of(const Sockets& sockets) {
  std::vector<UniqueFd> copies;
  for (const auto& socket : sockets) {
    copies.emplace_back(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!copies.back()) return Error::sys(errno, "duplicate a socket in a network namespace");
  }
  return copies;
}

}  // namespace

Namespaces::Namespaces(Ports ports, Limits limits) : ports_(std::move(ports)), limits_(limits) {
  if (const auto home = kernel::own_netns_cookie()) home_cookie_ = *home;
}

bool Namespaces::Space::has(bool v4) const {
  return std::any_of(listeners.begin(), listeners.end(),
                     [&](const Socket& socket) { return socket.at.address.ip.is_v4() == v4; });
}

bool Namespaces::Space::whole() const {
  for (const bool v4 : {true, false}) {
    const auto of_family = [&](const Socket& socket) { return socket.at.address.ip.is_v4() == v4; };
    const auto listening = std::count_if(listeners.begin(), listeners.end(), of_family);
    const auto answering = std::count_if(resolvers.begin(), resolvers.end(), of_family);
    if (listening == 0 && answering == 0) continue;
    if (listening != kernel::kListenerPorts || answering != kernel::kResolverPorts) return false;
  }
  return true;
}

std::size_t Namespaces::count() const {
  const std::lock_guard lock{mutex_};
  return spaces_.size();
}

std::optional<std::uint64_t> Namespaces::cookie_of(std::uint64_t inode) const {
  for (const auto& [cookie, space] : spaces_)
    if (space.inode == inode) return cookie;
  return std::nullopt;
}

void Namespaces::say_once(const std::string& key, const std::string& text) {
  if (said_.insert(key).second) spdlog::warn("{}", text);
}

// --- opening ---

bool Namespaces::may_open(const RunId& outermost) {
  if (spaces_.size() >= limits_.spaces_max) {
    say_once("", "agents are in more than " + std::to_string(limits_.spaces_max) +
                     " network namespaces; connects from the others are refused "
                     "(netns_without_listener)");
    return false;
  }
  const auto of_run =
      static_cast<std::size_t>(std::count_if(spaces_.begin(), spaces_.end(), [&](const auto& each) {
        return each.second.outermost == outermost;
      }));
  if (of_run < limits_.spaces_of_run_max) return true;
  say_once(outermost, "run " + outermost + " and those in it are in more than " +
                          std::to_string(limits_.spaces_of_run_max) +
                          " network namespaces; connects from the others are refused "
                          "(netns_without_listener)");
  return false;
}

// None where the namespace has no loopback address of that family. The process may go to another
// namespace in between, so what comes is looked at.
Result<std::vector<Namespaces::Socket>> Namespaces::open_sockets(int pidfd,
                                                                 std::uint32_t ip_version,
                                                                 keeper::Transport transport,
                                                                 std::size_t count,
                                                                 std::uint64_t& inode) {
  std::vector<Socket> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    SLUICE_TRY(auto opened, ports_.keeper.open_in_namespace(pidfd, ip_version, transport));
    const bool first = inode == 0;
    if (first) inode = opened.inode;
    if (opened.inode != inode) return Error::sys(EAGAIN, "the process went to another namespace");
    if (!opened.fd && sockets.empty()) return sockets;
    if (!opened.fd) return Error::sys(EAGAIN, "the namespace's loopback device went down");
    SLUICE_TRY(const kernel::QueryPort at, kernel::query_port_of(opened.fd.get()));
    if (!sockets.empty() && at.netns_cookie != sockets.front().at.netns_cookie)
      return Error::sys(EAGAIN, "the process went to another namespace");
    sockets.push_back({std::move(opened.fd), at});
  }
  return sockets;
}

Result<void> Namespaces::add_family(int pidfd, std::uint32_t ip_version, const RunId& outermost) {
  std::uint64_t inode = 0;
  SLUICE_TRY(auto listeners, open_sockets(pidfd, ip_version, keeper::Transport::kTcpListener,
                                          kernel::kListenerPorts, inode));
  if (listeners.empty()) return Error::sys(EADDRNOTAVAIL, "no loopback address");
  SLUICE_TRY(auto resolvers, open_sockets(pidfd, ip_version, keeper::Transport::kUdp,
                                          kernel::kResolverPorts, inode));
  const std::uint64_t cookie = listeners.front().at.netns_cookie;
  if (resolvers.empty() || resolvers.front().at.netns_cookie != cookie)
    return Error::sys(EAGAIN, "the process went to another namespace");
  const auto known = spaces_.find(cookie);
  if (known != spaces_.end() && known->second.has(ip_version == 4)) return {};
  // The kernel last: nothing is steered to a port that nobody serves.
  const Space none;
  SLUICE_TRY_VOID(
      serve(cookie, known == spaces_.end() ? none : known->second, listeners, resolvers));
  if (known == spaces_.end())
    spdlog::info("agents of run {} are in the network namespace net:[{}]; the daemon listens there",
                 outermost, inode);
  Space& space = spaces_[cookie];
  space.inode = inode;
  space.outermost = outermost;
  std::move(listeners.begin(), listeners.end(), std::back_inserter(space.listeners));
  std::move(resolvers.begin(), resolvers.end(), std::back_inserter(space.resolvers));
  if (!claimed_) return {};
  auto told = tell_kernel(cookie, space);
  if (!told) close(cookie);  // a sweep tries all of it again
  return told;
}

// Error: no descriptor is left, and nothing is served that was not before.
Result<void> Namespaces::serve(std::uint64_t cookie, const Space& space,
                               const std::vector<Socket>& listeners,
                               const std::vector<Socket>& resolvers) {
  // The resolvers of a namespace are one group: all of them are named anew.
  SLUICE_TRY(auto accepting, duplicates_of(listeners));
  SLUICE_TRY(auto answering, duplicates_of(space.resolvers));
  SLUICE_TRY(auto more, duplicates_of(resolvers));
  std::vector<kernel::QueryPort> ports;
  for (const auto* sockets : {&space.resolvers, &resolvers})
    for (const Socket& socket : *sockets) ports.push_back(socket.at);
  std::move(more.begin(), more.end(), std::back_inserter(answering));
  ports_.accept_on(cookie, std::move(accepting));
  ports_.answer_on(cookie, std::move(answering), std::move(ports));
  return {};
}

void Namespaces::open_for(const Found& found) {
  const UniqueFd pidfd = pidfd_of(found.pid);
  if (!pidfd) return;
  std::uint64_t inode = 0;
  for (const std::uint32_t version : {4u, 6u}) {
    const auto first =
        ports_.keeper.open_in_namespace(pidfd.get(), version, keeper::Transport::kUdp);
    if (!first) return;  // it ended, or the keeper said why not
    inode = first->inode;
    const auto cookie = cookie_of(inode);
    if (!first->fd || (cookie && spaces_[*cookie].has(version == 4))) continue;
    if (!cookie && !may_open(found.outermost)) return;
    const auto added = add_family(pidfd.get(), version, found.outermost);
    if (!added && !is_gone(added.error()) && added.error().code() != EAGAIN)
      spdlog::warn("network namespace net:[{}] of run {}: {}; connects from there are refused",
                   inode, found.outermost, added.error().text());
  }
  const auto cookie = cookie_of(inode);
  if (cookie && spaces_[*cookie].has(true) && spaces_[*cookie].has(false)) {
    patience_.erase(inode);
    return;
  }
  Patience& patience = patience_[inode];
  patience.wait = std::min(std::max(2 * patience.wait, kSweepEvery), kPatienceMax);
  patience.next = ports_.clock.steady() + patience.wait;
}

void Namespaces::open_missing(const Found& found, std::uint64_t inode) {
  const auto cookie = cookie_of(inode);
  if (cookie && spaces_[*cookie].has(true) && spaces_[*cookie].has(false)) return;
  const auto waits = patience_.find(inode);
  if (waits != patience_.end() && waits->second.next > ports_.clock.steady()) return;
  open_for(found);
}

void Namespaces::look_into(const std::string& run_cgroup) {
  const auto listed = ports_.keeper.list_namespaces(run_cgroup);
  if (!listed || listed->entries.empty()) return;
  const Lineage lineage = ports_.runs.lineage_of(run_cgroup);
  if (lineage.empty()) return;
  const std::lock_guard lock{mutex_};
  for (const keeper::NamespaceEntry& entry : listed->entries)
    open_missing({entry.pid, lineage.front().id}, entry.inode);
}

// --- what the kernel refused ---

void Namespaces::note(const kernel::KernelEvent& event) {
  if (event.netns_cookie == 0 || event.netns_cookie == home_cookie_) return;
  if (event.reason != "netns_without_listener" && event.reason != "no_resolver") return;
  const std::lock_guard lock{refusals_mutex_};
  if (refusals_.size() < kRefusalsMax || refusals_.contains(event.netns_cookie))
    refusals_[event.netns_cookie] = {event.pid, event.cgroup_id};
}

void Namespaces::handle_refusals() {
  std::map<std::uint64_t, Refusal> refusals;
  {
    const std::lock_guard lock{refusals_mutex_};
    refusals.swap(refusals_);
  }
  const SteadyTime now = ports_.clock.steady();
  std::erase_if(refusal_handled_at_,
                [&](const auto& each) { return now - each.second >= kRefusalEvery; });
  std::size_t handled = 0;
  for (const auto& [cookie, refusal] : refusals) {
    if (refusal_handled_at_.contains(cookie) || handled == kRefusalsPerTurn) continue;
    const auto run = ports_.runs.by_cgroup(refusal.cgroup_id);
    if (!run) continue;
    ++handled;
    refusal_handled_at_[cookie] = now;
    open_for({static_cast<pid_t>(refusal.pid), run->lineage->front().id});
  }
}

void Namespaces::turn() {
  const std::lock_guard lock{mutex_};
  handle_refusals();
  if (ports_.clock.steady() >= next_sweep_) sweep_spaces();
}

// --- closing ---

// By inode. In `not_whole`: outermost runs of which not all processes could be looked at.
std::map<std::uint64_t, Namespaces::Found> Namespaces::find_processes(std::set<RunId>& not_whole) {
  std::map<std::uint64_t, Found> found;
  for (const LiveRun& live : ports_.runs.list()) {
    if (live.lineage->size() != 1) continue;
    const auto listed = ports_.keeper.list_namespaces(live.run.cgroup_path);
    if (!listed && is_gone(listed.error())) continue;
    if (!listed || !listed->whole) not_whole.insert(live.run.id);
    if (!listed) continue;
    for (const keeper::NamespaceEntry& entry : listed->entries)
      found.emplace(entry.inode, Found{entry.pid, live.run.id});
  }
  return found;
}

void Namespaces::sweep() {
  const std::lock_guard lock{mutex_};
  sweep_spaces();
}

void Namespaces::sweep_spaces() {
  const SteadyTime began = ports_.clock.steady();
  std::set<RunId> not_whole;
  const auto found = find_processes(not_whole);
  std::vector<std::uint64_t> without_process;
  for (auto& [cookie, space] : spaces_) {
    const auto process = found.find(space.inode);
    if (process != found.end()) {
      space.outermost = process->second.outermost;
      space.sweeps_without_process = 0;
    } else if (!not_whole.contains(space.outermost) &&
               ++space.sweeps_without_process >= kSweepsBeforeClosing) {
      without_process.push_back(cookie);
    }
  }
  for (const std::uint64_t cookie : without_process) close(cookie);
  if (!without_process.empty()) said_.clear();
  std::erase_if(patience_, [&](const auto& each) { return !found.contains(each.first); });
  for (const auto& [inode, process] : found) open_missing(process, inode);
  const SteadyTime ended = ports_.clock.steady();
  next_sweep_ = ended + std::max<SteadyTime::duration>(kSweepEvery, kSweepRest * (ended - began));
}

// The kernel first: from then on nothing is steered to a port that somebody else may take.
void Namespaces::close(std::uint64_t cookie) {
  if (const auto forgotten = ports_.kernel.forget_namespace(cookie); !forgotten) {
    spdlog::error("verdict map: {}", forgotten.error().text());
    return;
  }
  ports_.leave(cookie);
  spdlog::info("no run has a process in the network namespace net:[{}] any more",
               spaces_[cookie].inode);
  spaces_.erase(cookie);
}

// --- the kernel, and other daemons ---

Result<void> Namespaces::tell_kernel(std::uint64_t cookie, const Space& space) {
  std::vector<Endpoint> listening;
  for (const Socket& socket : space.listeners) listening.push_back(socket.at.address);
  SLUICE_TRY_VOID(ports_.kernel.set_listeners_in(cookie, listening));
  for (const bool v4 : {true, false}) {
    std::vector<kernel::QueryPort> ports;
    for (const Socket& socket : space.resolvers)
      if (socket.at.address.ip.is_v4() == v4) ports.push_back(socket.at);
    if (!ports.empty()) SLUICE_TRY_VOID(ports_.kernel.set_resolver(ports));
  }
  return {};
}

Result<void> Namespaces::claim() {
  const std::lock_guard lock{mutex_};
  std::set<std::uint64_t> cookies;
  for (const auto& [cookie, space] : spaces_) {
    SLUICE_TRY_VOID(tell_kernel(cookie, space));
    cookies.insert(cookie);
  }
  claimed_ = true;
  return ports_.kernel.forget_namespaces_except(cookies);
}

void Namespaces::adopt(std::vector<SocketElsewhere> sockets) {
  const std::lock_guard lock{mutex_};
  std::map<std::uint64_t, Space> adopted;
  for (SocketElsewhere& socket : sockets) {
    const auto at = kernel::query_port_of(socket.fd.get());
    if (!at || at->netns_cookie == home_cookie_) continue;
    Space& space = adopted[at->netns_cookie];
    space.inode = socket.inode;
    (socket.listener ? space.listeners : space.resolvers).push_back({std::move(socket.fd), *at});
  }
  for (auto& [cookie, space] : adopted) {
    // What is left out a sweep opens anew.
    if (space.whole() && serve(cookie, Space{}, space.listeners, space.resolvers))
      spaces_[cookie] = std::move(space);
  }
}

std::vector<SocketElsewhere> Namespaces::sockets() const {
  const std::lock_guard lock{mutex_};
  std::vector<SocketElsewhere> given;
  for (const auto& [cookie, space] : spaces_)
    for (const bool listener : {true, false}) {
      auto copies = duplicates_of(listener ? space.listeners : space.resolvers);
      if (!copies) continue;  // the new daemon opens its own
      for (UniqueFd& fd : *copies) given.push_back({space.inode, listener, std::move(fd)});
    }
  return given;
}

void Namespaces::answer_again() {
  const std::lock_guard lock{mutex_};
  for (const auto& [cookie, space] : spaces_)
    if (const auto served = serve(cookie, space, {}, {}); !served)
      spdlog::error("names in the network namespace net:[{}]: {}", space.inode,
                    served.error().text());
}

void Namespaces::let_go() {
  const std::lock_guard lock{mutex_};
  claimed_ = false;
  spaces_.clear();
}

}  // namespace sluice::daemon
