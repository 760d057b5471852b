// SPDX-License-Identifier: Apache-2.0
// Tells the kernel how long it may believe that this daemon answers. A thread of its own asks each
// of the threads that agents wait for whether it is at work; one that hangs does not answer, and so
// does none of a process that is stopped. Then the time runs out, and the kernel refuses.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kernel/kernel_maps.h"
#include "net/progress.h"

namespace sluice::daemon {

class Heartbeat {
 public:
  // `limit`: how long after the last question that all answered the kernel may believe it. Whom it
  // refers to must outlive it.
  Heartbeat(kernel::KernelMaps& kernel, const Clock& clock, std::chrono::milliseconds limit,
            std::vector<net::PostTask> threads);
  ~Heartbeat() { stop(); }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  Result<void> start();  // believed from here on
  void stop();           // no longer put off; what the kernel was told last stands. Idempotent.
  // Somebody else may have taken the mark away.
  Result<void> beat_again();

 private:
  void run();
  void beat();
  Result<void> tell(SteadyTime at_work);

  kernel::KernelMaps& kernel_;
  const Clock& clock_;
  const std::chrono::milliseconds limit_, every_;
  net::ProgressMonitor monitor_;  // the thread's own
  bool late_ = false;             // the thread's own
  std::mutex mutex_;              // guards the two below
  bool stopping_ = false;
  SteadyTime at_work_{};
  std::condition_variable stopped_;
  std::thread thread_;
};

}  // namespace sluice::daemon
