// SPDX-License-Identifier: Apache-2.0
// A few threads for work that blocks: connections of the daemon's own. Threads start with the first
// task.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::net {

class TaskThreads {
 public:
  TaskThreads(std::size_t thread_count, std::size_t waiting_max)
      : thread_count_(thread_count), waiting_max_(waiting_max) {}
  ~TaskThreads() { stop(); }

  // False: stopped, or as many as may wait are waiting.
  bool run(std::function<void()> task);
  // Drops what waits, waits for what runs. Idempotent.
  void stop();

 private:
  void work();
  static void run_one(const std::function<void()>& task) noexcept;

  const std::size_t thread_count_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::net
