// SPDX-License-Identifier: Apache-2.0
#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace sluice::net {

namespace {
// More than a turn needs; what is left over comes at once in the next one.
constexpr int kEventsPerTurn = 128;
// A timer is never further away than this for epoll_wait(), whose argument is an int of
// milliseconds.
constexpr std::chrono::milliseconds kWaitMax{60'000};
}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::create(const Clock& clock) {
  std::unique_ptr<EventLoop> loop{new EventLoop(clock)};
  loop->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!loop->epoll_) return Error::sys(errno, "make an epoll instance");
  loop->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_) return Error::sys(errno, "make an eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (::epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_.get(), &event) != 0)
    return Error::sys(errno, "watch the eventfd");
  return loop;
}

void EventLoop::post(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock{mutex_};
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (!first) return;
  const std::uint64_t one = 1;
  // It cannot fail but for a full counter, and then the loop is awake anyway.
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void EventLoop::stop() {
  stopped_.store(true);
  post([] {});
}

int EventLoop::wait_ms() const {
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - clock_.steady();
  if (left <= left.zero()) return 0;
  // Rounded up: to wake early would mean to spin until the deadline.
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left);
  return static_cast<int>(std::min(rounded, kWaitMax).count());
}

void EventLoop::run_posted() {
  {
    const std::lock_guard lock{mutex_};
    running_.swap(posted_);
  }
  for (auto& task : running_) task();
  running_.clear();
}

void EventLoop::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= clock_.steady()) {
    auto node = timers_.extract(timers_.begin());
    node.mapped()();
  }
}

void EventLoop::run() {
  std::array<epoll_event, kEventsPerTurn> events{};
  while (!stopped_.load()) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, wait_ms());
    bool woken = false;
    for (int index = 0; index < count; ++index) {
      const epoll_event& event = events[static_cast<std::size_t>(index)];
      if (event.data.ptr == nullptr)
        woken = true;
      else
        static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
    }
    if (woken) {
      std::uint64_t ignored = 0;
      static_cast<void>(!::read(wake_.get(), &ignored, sizeof ignored));
      run_posted();
    }
    if (!timers_.empty()) fire_timers();
    if (!retired_.empty()) retired_.clear();
  }
  run_posted();
  retired_.clear();
}

Result<void> EventLoop::watch(int fd, Watcher& watcher, bool level) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (!level) event.events |= EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return Error::sys(errno, "watch a socket");
  return {};
}

void EventLoop::unwatch(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

EventLoop::TimerKey EventLoop::start_timer(SteadyTime at, std::function<void()> fire) {
  const TimerKey key{at, next_timer_++};
  timers_.emplace(key, std::move(fire));
  return key;
}

void EventLoop::cancel_timer(const TimerKey& key) { timers_.erase(key); }

void EventLoop::retire(std::shared_ptr<void> object) { retired_.push_back(std::move(object)); }

}  // namespace sluice::net
