// SPDX-License-Identifier: Apache-2.0
#include "daemon/namespace_listeners.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/netns_cookie.h"
#include "net/flow_server.h"

namespace sluice::daemon {
namespace {

// Each costs five descriptors; an agent can make namespaces as fast as it likes.
constexpr std::size_t kNamespacesMax = 256;
constexpr std::size_t kPortsOfIpv6 = 4;
constexpr std::uint32_t kSpreadBits = 16;
// Twice missed, so that a namespace whose process is just being moved into its run is not closed.
constexpr int kMissedMax = 2;
constexpr std::chrono::seconds kSweepEvery{2};
constexpr std::chrono::milliseconds kTryEvery{500};  // one namespace
constexpr std::chrono::seconds kSayEvery{60};        // the same words
constexpr std::size_t kRememberedMax = 1024;

UniqueFd pidfd_of(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

}  // namespace

void NamespaceListeners::say(const std::string& text) {
  const SteadyTime now = ports_.clock.steady();
  const auto [said, first] = said_.try_emplace(text, now);
  if (!first && now - said->second < kSayEvery) return;
  if (said_.size() > kRememberedMax) said_.clear();
  said_[text] = now;
  ports_.warn(text);
}

Result<kernel::NamespaceListeners> NamespaceListeners::open_both(int pidfd, std::uint64_t inode,
                                                                 keeper::OpenedListener first,
                                                                 std::uint64_t number) {
  kernel::NamespaceListeners listeners;
  SLUICE_TRY(listeners.netns_cookie, kernel::netns_cookie_of(first.fd.get()));
  const IpAddress v4 = *parse_ip("127.0.0.1");
  const IpAddress v6 = *parse_ip("::1");
  SLUICE_TRY(const Endpoint bound, net::local_endpoint(first.fd.get()));
  listeners.v4 = kernel::SteeringListener{v4, {bound.port}, kSpreadBits};
  std::vector<keeper::OpenedListener> all;
  all.push_back(std::move(first));
  kernel::SteeringListener several{v6, {}, 0};
  while (several.ports.size() < kPortsOfIpv6) {
    auto opened = ports_.keeper.open_listener({v6, 0}, pidfd);
    if (!opened) break;  // a namespace without IPv6 has nothing to steer there
    if (opened->netns_inode != inode)
      return Error{"the process went into another network namespace meanwhile"};
    SLUICE_TRY(const Endpoint at, net::local_endpoint(opened->fd.get()));
    several.ports.push_back(at.port);
    all.push_back(*std::move(opened));
  }
  if (several.ports.size() == kPortsOfIpv6) listeners.v6 = several;
  for (keeper::OpenedListener& each : all) ports_.listen(number, std::move(each.fd));
  return listeners;
}

Result<NamespaceListeners::Opened> NamespaceListeners::open_at(int pidfd) {
  SLUICE_TRY(auto first, ports_.keeper.open_listener({*parse_ip("127.0.0.1"), 0}, pidfd));
  SLUICE_TRY(const std::uint64_t cookie, kernel::netns_cookie_of(first.fd.get()));
  SLUICE_TRY(const std::uint64_t home, ports_.kernel.home_netns());
  if (cookie == home) return Opened{0, home};
  const std::uint64_t inode = first.netns_inode;
  if (const auto place = places_.find(inode); place != places_.end()) {
    place->second.missed = 0;
    return Opened{inode, cookie};
  }
  if (places_.size() >= kNamespacesMax)
    return Error{"there are listeners in " + std::to_string(kNamespacesMax) +
                 " network namespaces already; end runs that are not needed"};
  if (!first.loopback_up)
    say("the loopback device of a run's network namespace is down (inode " + std::to_string(inode) +
        "): connects there fail until it is up; `ip link set lo up`");
  const std::uint64_t number = next_number_++;
  auto listeners = open_both(pidfd, inode, std::move(first), number);
  auto done = listeners ? ports_.kernel.set_listeners(*listeners) : listeners.error();
  if (!done) {
    ports_.stop(number);
    return done.error();
  }
  places_[inode] = Place{cookie, number, 0};
  return Opened{inode, cookie};
}

void NamespaceListeners::open_for(int pidfd) {
  const std::lock_guard lock{mutex_};
  if (const auto opened = open_at(pidfd); !opened)
    say("no listener in the network namespace of a run: " + opened.error().text() +
        "; its connects are refused");
}

bool NamespaceListeners::list(std::map<std::uint64_t, pid_t>& found) {
  bool whole = true;
  for (const LiveRun& live : ports_.runs.list()) {
    if (!live.parent.empty()) continue;  // its processes are below those of the outermost run
    const auto namespaces = ports_.keeper.list_namespaces(live.run.cgroup_path);
    if (!namespaces && namespaces.error().code() != ENOENT) whole = false;
    if (!namespaces) continue;
    for (const auto& each : *namespaces) found.emplace(each.inode, each.pid);
  }
  return whole;
}

void NamespaceListeners::look_at_runs() {
  const std::lock_guard lock{mutex_};
  std::map<std::uint64_t, pid_t> found;
  static_cast<void>(list(found));
  for (const auto& [inode, pid] : found) {
    if (places_.contains(inode)) continue;
    const UniqueFd process = pidfd_of(pid);
    if (!process) continue;  // it has ended
    if (const auto opened = open_at(process.get()); !opened)
      say("no listener in the network namespace of a run: " + opened.error().text() +
          "; its connects are refused");
  }
}

void NamespaceListeners::note(const kernel::KernelEvent& event) {
  if (event.reason != "netns_without_listener") return;
  const std::lock_guard lock{mutex_};
  if (wanted_.size() < kNamespacesMax) wanted_[event.netns_cookie] = static_cast<pid_t>(event.pid);
}

// The process that was refused is asked for its namespace. It may be gone, or its pid another's:
// the cookie says whether the listener is where it is wanted.
void NamespaceListeners::open_wanted() {
  const std::lock_guard lock{mutex_};
  const SteadyTime now = ports_.clock.steady();
  for (const auto& [cookie, pid] : std::exchange(wanted_, {})) {
    const auto [tried, first] = tried_.try_emplace(cookie, now);
    if (!first && now - tried->second < kTryEvery) continue;
    if (tried_.size() > kRememberedMax) tried_.clear();
    tried_[cookie] = now;
    const UniqueFd process = pidfd_of(pid);
    if (!process) continue;
    const auto opened = open_at(process.get());
    if (!opened)
      say("no listener in the network namespace of a run: " + opened.error().text() +
          "; its connects are refused");
    else if (opened->second != cookie)
      say("a process of a run uses a socket of a network namespace that it is not in any more; its "
          "connects are refused");
  }
}

void NamespaceListeners::sweep() {
  const std::lock_guard lock{mutex_};
  const SteadyTime now = ports_.clock.steady();
  if (places_.empty() || now - swept_at_ < kSweepEvery) return;
  swept_at_ = now;
  std::map<std::uint64_t, pid_t> found;
  if (!list(found)) return;
  for (auto place = places_.begin(); place != places_.end();) {
    place->second.missed = found.contains(place->first) ? 0 : place->second.missed + 1;
    if (place->second.missed < kMissedMax) {
      ++place;
      continue;
    }
    if (const auto forgotten = ports_.kernel.forget_listeners(place->second.netns_cookie);
        !forgotten)
      say("network namespace: " + forgotten.error().text());
    ports_.stop(place->second.number);
    place = places_.erase(place);
  }
}

}  // namespace sluice::daemon
