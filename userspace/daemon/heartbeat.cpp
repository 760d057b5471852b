// SPDX-License-Identifier: Apache-2.0
#include "daemon/heartbeat.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

// Often enough that one late question does not matter, seldom enough to cost nothing.
constexpr int kQuestionsInLimit = 20;
constexpr std::chrono::milliseconds kAtLeastEvery{500};

std::uint64_t ns(SteadyTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

}  // namespace

Heartbeat::Heartbeat(kernel::KernelMaps& kernel, const Clock& clock,
                     std::chrono::milliseconds limit, std::vector<net::PostTask> threads)
    : kernel_(kernel),
      clock_(clock),
      limit_(limit),
      every_(std::min(limit / kQuestionsInLimit, kAtLeastEvery)),
      monitor_(std::move(threads)) {}

Result<void> Heartbeat::start() {
  at_work_ = clock_.steady();
  SLUICE_TRY_VOID(tell(at_work_));
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void Heartbeat::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> Heartbeat::beat_again() {
  const std::lock_guard lock{mutex_};
  return tell(at_work_);
}

void Heartbeat::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{mutex_};
  while (!stopped_.wait_for(lock, every_, [this] { return stopping_; })) beat();
}

// With the mutex: once stop() has returned, nothing is told any more.
void Heartbeat::beat() {
  const SteadyTime now = clock_.steady();
  if (const auto proven = monitor_.proven(now)) at_work_ = *proven;
  const bool late = now - at_work_ >= limit_;
  if (late && !late_)
    spdlog::error(
        "heartbeat: not all threads have answered for {} ms (heartbeat_limit_ms: {}); until they "
        "do, connects of runs are refused",
        std::chrono::duration_cast<std::chrono::milliseconds>(now - at_work_).count(),
        limit_.count());
  if (late_ && !late) spdlog::warn("heartbeat: all threads answer again");
  late_ = late;
  if (const auto told = tell(at_work_); !told)
    spdlog::error("heartbeat: {}; the kernel refuses soon", told.error().text());
}

Result<void> Heartbeat::tell(SteadyTime at_work) {
  return kernel_.set_alive_until(ns(at_work + limit_));
}

}  // namespace sluice::daemon
