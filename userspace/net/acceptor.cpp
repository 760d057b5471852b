// SPDX-License-Identifier: Apache-2.0
#include "net/acceptor.h"

#include "net/socket.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

namespace sluice::net {

namespace {

constexpr std::chrono::seconds kWarnInterval{10};
// Connections taken per event before the thread's flows get a turn; the listener is
// level-triggered and asks again.
constexpr int kAcceptsPerTurn = 64;

UniqueFd open_reserve() { return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

Acceptor::Acceptor(EventLoop& loop, const Clock& clock, Options options)
    : loop_(loop), clock_(clock), options_(std::move(options)), reserve_(open_reserve()) {}

Result<void> Acceptor::start(std::vector<UniqueFd> listeners, std::uint64_t group) {
  for (UniqueFd& fd : listeners) {
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
      return Error::sys(errno, "prepare a listener");
    auto listener = std::make_shared<Listener>();
    listener->acceptor = this;
    listener->fd = std::move(fd);
    listener->group = group;
    SLUICE_TRY_VOID(loop_.watch(listener->fd.get(), *listener, true));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

void Acceptor::give_up(std::shared_ptr<Listener> listener) {
  loop_.unwatch(listener->fd.get());
  listener->fd.reset();
  loop_.retire(std::move(listener));
}

void Acceptor::stop_group(std::uint64_t group) {
  for (auto& listener : listeners_)
    if (listener->group == group) give_up(std::exchange(listener, nullptr));
  std::erase(listeners_, nullptr);
}

void Acceptor::stop() {
  for (auto& listener : listeners_) give_up(std::move(listener));
  listeners_.clear();
}

void Acceptor::accept_from(int listener) {
  for (int count = 0; count < kAcceptsPerTurn && listener >= 0; ++count) {
    UniqueFd connection{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (connection) {
      options_.on_connection(std::move(connection));
      continue;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: refuse_one(listener, errno); return;
      case EINTR:
      case ECONNABORTED: continue;
      default: return;  // EAGAIN, and what accept4(2) says is to be treated like it
    }
  }
}

void Acceptor::refuse_one(int listener, int err) {
  reserve_.reset();
  Socket refused;
  refused.open(UniqueFd{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)});
  refused.reset();
  reserve_ = open_reserve();
  if (options_.out_of_files != nullptr) options_.out_of_files->fetch_add(1);
  ++refused_unsaid_;
  const SteadyTime now = clock_.steady();
  if (!options_.warn || (warned_at_ != SteadyTime{} && now - warned_at_ < kWarnInterval)) return;
  warned_at_ = now;
  options_.warn(Error::sys(err, "accept a connection").text() + "; " +
                std::to_string(refused_unsaid_) +
                " reset since the last such line; raise LimitNOFILE or lower the number of flows");
  refused_unsaid_ = 0;
}

}  // namespace sluice::net
