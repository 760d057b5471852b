// SPDX-License-Identifier: Apache-2.0
// Accepts from listening sockets on one loop and hands the connections on.
#pragma once

#include "base/unique_fd.h"
#include "net/event_loop.h"

#include <sluice/clock.h>
#include <sluice/result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::net {

class Acceptor {
 public:
  struct Options {
    std::function<void(UniqueFd)> on_connection;         // non-blocking, close-on-exec
    std::function<void(std::string_view)> warn;          // may be empty
    std::atomic<std::uint64_t>* out_of_files = nullptr;  // counts what was reset for want of files
  };
  Acceptor(EventLoop& loop, const Clock& clock, Options options);

  // The loop's thread. Listeners are given up by their group, or all.
  Result<void> start(std::vector<UniqueFd> listeners, std::uint64_t group = 0);
  void stop_group(std::uint64_t group);
  void stop();

 private:
  struct Listener final : EventLoop::Watcher {
    Acceptor* acceptor = nullptr;
    UniqueFd fd;
    std::uint64_t group = 0;
    void on_events(std::uint32_t) override { acceptor->accept_from(fd.get()); }
  };
  void accept_from(int listener);
  void give_up(std::shared_ptr<Listener> listener);
  void refuse_one(int listener, int err);

  EventLoop& loop_;
  const Clock& clock_;
  Options options_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  // Given up for a moment when there is no other file: without it the waiting connection could not
  // even be accepted to be reset, and the listener would spin.
  UniqueFd reserve_;
  SteadyTime warned_at_{};
  std::uint64_t refused_unsaid_ = 0;
};

}  // namespace sluice::net
