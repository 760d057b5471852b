// SPDX-License-Identifier: Apache-2.0
// Counts the verdicts that go through a recording, so that the numbers of `sluice status` are those
// of what was recorded, and remembers the last ones of the run.
#pragma once

#include <sluice/ports.h>

#include <memory>

#include "daemon/run_registry.h"

namespace sluice::daemon {

class CountingWriter final : public SessionWriter {
 public:
  CountingWriter(std::unique_ptr<SessionWriter> inner, std::shared_ptr<RunCounters> run,
                 std::shared_ptr<RunCounters> all)
      : inner_(std::move(inner)), run_(std::move(run)), all_(std::move(all)) {}

  Result<void> append(WallTime at, const Event& event) override {
    SLUICE_TRY_VOID(inner_->append(at, event));
    if (const auto* judged = std::get_if<StatementJudged>(&event)) {
      for (RunCounters* counters : {run_.get(), all_.get()}) {
        counters->statements.fetch_add(1, std::memory_order_relaxed);
        if (judged->verdict.kind == VerdictKind::kHold)
          counters->held.fetch_add(1, std::memory_order_relaxed);
        if (judged->verdict.kind == VerdictKind::kDeny)
          counters->refused.fetch_add(1, std::memory_order_relaxed);
      }
      run_->recent.add(at, judged->intent.statement, judged->verdict.kind);
    }
    return {};
  }
  Result<void> commit() override { return inner_->commit(); }
  Result<void> close() override { return inner_->close(); }

 private:
  std::unique_ptr<SessionWriter> inner_;
  std::shared_ptr<RunCounters> run_;
  std::shared_ptr<RunCounters> all_;
};

}  // namespace sluice::daemon
