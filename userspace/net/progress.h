// SPDX-License-Identifier: Apache-2.0
// Whether all threads make progress: each is asked a question again and again, and answers it when
// it comes to it. One that hangs does not answer.
#pragma once

#include <sluice/clock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::net {

class ProgressMonitor {
 public:
  // Runs a task on one thread, after what that thread has to do before.
  using Post = std::function<void(std::function<void()>)>;
  // `every`: how long after the last question the next one is put, once all have answered.
  ProgressMonitor(std::vector<Post> threads, std::chrono::milliseconds every)
      : threads_(std::move(threads)), every_(every) {}

  // The last moment at which every thread is known to have been at work: when the last question was
  // put that all have answered. nullopt: none yet. One thread at a time; never waits.
  std::optional<SteadyTime> proven(SteadyTime now);

 private:
  struct Question {
    SteadyTime asked;
    std::atomic<std::size_t> answers{0};
  };

  std::vector<Post> threads_;
  std::chrono::milliseconds every_;
  std::shared_ptr<Question> open_;
  std::optional<SteadyTime> proven_;
};

}  // namespace sluice::net
