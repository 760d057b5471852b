// SPDX-License-Identifier: Apache-2.0
// Asks a PostgreSQL upstream's planner. One connection a question: what is held is rare, and waits
// for people.
#pragma once

#include "net/plan_source.h"
#include "net/postgres_login.h"
#include "net/task_threads.h"

#include <chrono>
#include <cstddef>

namespace sluice::net {

class PostgresPlanService final : public PlanSource {
 public:
  struct Options {
    std::chrono::milliseconds timeout{5'000};  // for the whole of one question
    std::size_t waiting_max = 64;              // questions above it are not asked
    std::size_t answer_bytes_max = 1u << 20;
  };
  PostgresPlanService(Options options, const Clock& clock, PostgresLogin::ReadSecret read_secret);
  ~PostgresPlanService() override;

  void rows(PlanRequest request, Callback callback) override;

 private:
  Result<std::uint64_t> ask(const PlanRequest& request);

  const Options options_;
  const Clock& clock_;
  PostgresLogin login_;
  TaskThreads threads_;
};

}  // namespace sluice::net
