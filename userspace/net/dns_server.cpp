// SPDX-License-Identifier: Apache-2.0
#include "net/dns_server.h"

#include "net/address.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

namespace sluice::net {
namespace {

// Queries taken from one socket before the others get a turn.
constexpr int kQueriesPerTurn = 32;

}  // namespace

Result<UniqueFd> bind_udp(const Endpoint& at) {
  const SocketAddress address = socket_address(at);
  UniqueFd fd{::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return Error::sys(errno, "make a socket");
  const int on = 1;
  if (address.family() == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return Error::sys(errno, "bind to " + at.text());
  return fd;
}

Result<void> DnsServer::start(std::vector<UniqueFd> sockets, std::size_t query_bytes_max,
                              Answer answer) {
  wake_ = UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!wake_) return Error::sys(errno, "make an event descriptor");
  groups_[0] = Group{std::move(sockets), std::move(answer)};
  query_bytes_max_ = query_bytes_max;
  const std::lock_guard lock{mutex_};
  runs_ = true;
  thread_ = std::thread{[this] { run(); }};
  return {};
}

namespace {

// An event descriptor takes one unless it has been given 2^64.
void wake(const UniqueFd& event) {
  const std::uint64_t one = 1;
  (void)!::write(event.get(), &one, sizeof one);
}

}  // namespace

void DnsServer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    runs_ = false;
    wake(wake_);
  }
  thread_.join();
  groups_.clear();
}

void DnsServer::change(std::function<void()> task) {
  const std::lock_guard lock{mutex_};
  if (!runs_) return;
  posted_.push_back(std::move(task));
  wake(wake_);
}

void DnsServer::add(std::uint64_t group, std::vector<UniqueFd> sockets, Answer answer) {
  // A std::function must be copyable, a UniqueFd is not.
  auto added = std::make_shared<Group>(Group{std::move(sockets), std::move(answer)});
  change([this, group, added] {
    groups_[group] = std::move(*added);
    groups_changed_ = true;
  });
}

void DnsServer::remove(std::uint64_t group) {
  change([this, group] { groups_changed_ |= groups_.erase(group) != 0; });
}

void DnsServer::post(std::function<void()> task) {
  {
    const std::lock_guard lock{mutex_};
    if (runs_) {
      posted_.push_back(std::move(task));
      wake(wake_);
      return;
    }
  }
  task();
}

// What was posted; false: the thread shall end.
bool DnsServer::take_turn() {
  std::uint64_t woken = 0;
  (void)!::read(wake_.get(), &woken, sizeof woken);
  std::vector<std::function<void()>> tasks;
  bool goes_on = false;
  {
    const std::lock_guard lock{mutex_};
    tasks.swap(posted_);
    goes_on = runs_;
  }
  for (const auto& task : tasks) task();
  return goes_on;
}

void DnsServer::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::vector<pollfd> waits;
  std::vector<std::pair<const Group*, std::size_t>> places;
  const auto list = [&] {
    waits.assign(1, {wake_.get(), POLLIN, 0});
    places.assign(1, {});
    for (const auto& [id, group] : groups_)
      for (std::size_t i = 0; i < group.sockets.size(); ++i) {
        waits.push_back({group.sockets[i].get(), POLLIN, 0});
        places.emplace_back(&group, i);
      }
    groups_changed_ = false;
  };
  list();
  while (waits.front().revents == 0 || take_turn()) {
    if (groups_changed_) list();
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;  // EINTR: no signal comes here
    for (std::size_t i = 1; i < waits.size(); ++i)
      if (waits[i].revents != 0) serve(*places[i].first, places[i].second);
  }
}

void DnsServer::serve(const Group& group, std::size_t socket) {
  const int fd = group.sockets[socket].get();
  Bytes buffer(query_bytes_max_ + 1);  // one more, so that a longer one is seen to be longer
  for (int turn = 0; turn < kQueriesPerTurn; ++turn) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&from), &length);
    // An error that an earlier answer came back with is one of the asker, who is gone.
    if (size < 0 && (errno == ECONNREFUSED || errno == EINTR)) continue;
    if (size < 0) return;
    const auto source = endpoint_of(reinterpret_cast<const sockaddr*>(&from));
    if (!source) continue;
    const Bytes reply =
        group.answer(socket, *source, ByteView{buffer.data(), static_cast<std::size_t>(size)});
    if (!reply.empty() && ::sendto(fd, reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                   reinterpret_cast<const sockaddr*>(&from), length) < 0)
      ++unsent_;
  }
}

}  // namespace sluice::net
