// SPDX-License-Identifier: Apache-2.0
#include "net/task_threads.h"

#include <csignal>

namespace sluice::net {

bool TaskThreads::run(std::function<void()> task) {
  const std::lock_guard lock{mutex_};
  if (stopped_ || waiting_.size() >= waiting_max_) return false;
  waiting_.push_back(std::move(task));
  if (idle_ < waiting_.size() && threads_.size() < thread_count_)
    threads_.emplace_back([this] { work(); });
  changed_.notify_one();
  return true;
}

// What is thrown (memory that is not there) costs this task alone, and not the daemon.
void TaskThreads::run_one(const std::function<void()>& task) noexcept {
  try {
    task();
  } catch (...) {  // whoever waits for an answer has to see to that in the task
  }
}

void TaskThreads::work() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{mutex_};
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    --idle_;
    if (stopped_) return;
    const std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    run_one(task);
    lock.lock();
  }
}

void TaskThreads::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace sluice::net
