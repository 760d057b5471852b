// SPDX-License-Identifier: Apache-2.0
// One thread's epoll: edge-triggered watchers, timers, and inputs that other threads post. Bare
// epoll and not Asio: one epoll_ctl per connection instead of one per wait, and no heavy header
// (see ARCHITECTURE.md, Dependencies).
#pragma once

#include "base/unique_fd.h"

#include <sluice/clock.h>
#include <sluice/result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::net {

class EventLoop {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void on_events(std::uint32_t events) = 0;  // EPOLL* bits
  };
  using TimerKey = std::pair<SteadyTime, std::uint64_t>;

  static Result<std::unique_ptr<EventLoop>> create(const Clock& clock);

  // Any thread. Tasks run in the order posted; those posted after the loop ended are destroyed
  // unrun with it.
  void post(std::function<void()> task);
  void stop();

  // The loop's own thread.
  void run();
  // Edge-triggered for EPOLLIN, EPOLLOUT and EPOLLRDHUP; level-triggered for EPOLLIN alone if
  // `level`. The watcher must stay until the end of the turn in which it is removed: see retire().
  Result<void> watch(int fd, Watcher& watcher, bool level = false);
  void unwatch(int fd);
  TimerKey start_timer(SteadyTime at, std::function<void()> fire);
  void cancel_timer(const TimerKey& key);
  // Keeps it until the end of this turn, when no pending event can point to it any more.
  void retire(std::shared_ptr<void> object);

 private:
  explicit EventLoop(const Clock& clock) : clock_(clock) {}
  int wait_ms() const;
  void run_posted();
  void fire_timers();

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // guards posted_
  std::vector<std::function<void()>> posted_;
  std::vector<std::function<void()>> running_;
  std::map<TimerKey, std::function<void()>> timers_;
  std::uint64_t next_timer_ = 1;
  std::vector<std::shared_ptr<void>> retired_;
};

}  // namespace sluice::net
