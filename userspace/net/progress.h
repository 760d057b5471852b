// SPDX-License-Identifier: Apache-2.0
// Whether all threads make progress: each is asked a question again and again, and answers it when
// it comes to it. One that hangs does not answer.
#pragma once

#include <sluice/clock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::net {

// Runs a task on one thread, after what that thread has to do before; from any thread, never waits.
using PostTask = std::function<void(std::function<void()>)>;

class ProgressMonitor {
 public:
  explicit ProgressMonitor(std::vector<PostTask> threads) : threads_(std::move(threads)) {}

  // The last moment at which every thread is known to have been at work: when the last question was
  // put that all have answered. Then it puts the next one; a thread that owes an answer is not
  // asked again. nullopt: none yet. One thread at a time; never waits.
  std::optional<SteadyTime> proven(SteadyTime now);

 private:
  struct Question {
    SteadyTime asked;
    std::atomic<std::size_t> answers{0};
  };

  std::vector<PostTask> threads_;
  std::shared_ptr<Question> open_;
  std::optional<SteadyTime> proven_;
};

}  // namespace sluice::net
