// SPDX-License-Identifier: Apache-2.0
// One daemon replaces another: this side and that (daemon/succession.h).
#include <spdlog/spdlog.h>

#include "daemon/worker.h"

namespace sluice::daemon {

void Worker::meet_successor() {
  auto channel = keeper_.take_successor();
  if (!channel || role_ != Role::kServing) return;  // it sees the channel's end
  Successor::Orders orders;
  orders.yield = [this] { yield(); };
  orders.sockets = [this] { return namespaces_->sockets(); };
  orders.drain = [this](std::chrono::seconds timeout) { drain(timeout); };
  orders.end_run = [this](const RunId& run, const std::string& reason) {
    flows_->flows().terminate_run(run, reason);
    end_run_there(run, reason);
  };
  orders.cancel = [this](ByteView key, const std::string& owner) {
    static_cast<void>(flows_->cancels().forward(key, owner, nullptr));
  };
  orders.reload = [this] { reload_for_successor(); };
  orders.count = [this] { return counted(); };
  successor_ = std::make_unique<Successor>(*std::move(channel), std::move(orders));
}

void Worker::yield() {
  if (role_ != Role::kServing) return;
  spdlog::info("a new daemon takes over");
  role_ = Role::kYielded;
  publishing_ = false;
  runs_->enrol_no_more(true);
  approvals_->on_change({});
  control_.reset();
  end_dns();
  resolver_.reset();
  approvals_->end_everything("a new daemon takes over: ask again");
  static_cast<void>(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
  audit_.reset();
  recorder_->hand_over();
  store_->release();
}

void Worker::drain(std::chrono::seconds timeout) {
  if (role_ != Role::kYielded) return;
  heartbeat_->stop();  // from here on the new daemon's counts
  if (const auto told = keeper_.handed_over(); !told)
    spdlog::error("hand over: {}", told.error().text());
  flows_->stop_accepting();
  namespaces_->let_go();
  unix_listener_.reset();  // in its queue nobody may wait for this daemon when the new one has died
  role_ = Role::kDraining;
  drain_until_ = clock_.steady() + timeout;
  spdlog::info("the new daemon serves; {} connections go on here for at most {} s", flows_->live(),
               timeout.count());
}

bool Worker::drained() const {
  if (role_ != Role::kDraining) return false;
  if (clock_.steady() >= drain_until_) return true;
  return flows_->live() == 0 && (!predecessor_ || !predecessor_->lives());
}

void Worker::end_run_there(const RunId& run, const std::string& reason) {
  if (predecessor_) predecessor_->end_run(run, reason);
}

void Worker::lose_successor() {
  successor_.reset();
  if (role_ == Role::kDraining) return;
  claim_until_ = clock_.steady() + kClaimFor;
  if (role_ == Role::kServing) return;
  spdlog::warn("the new daemon could not start; this one goes on");
  if (const auto resumed = resume(); !resumed) failure_ = resumed.error().within("resume");
}

Result<void> Worker::resume() {
  SLUICE_TRY_VOID(store_->take_back());
  SLUICE_TRY_VOID(recorder_->take_back());
  SLUICE_TRY(const auto finished, recorder_->finish_abandoned());
  for (const std::string& what : finished) spdlog::warn("recordings: {}", what);
  SLUICE_TRY_VOID(open_audit());
  role_ = Role::kServing;
  // The one that could not start may have numbered some of the runs anew.
  SLUICE_TRY_VOID(runs_->publish_again());
  SLUICE_TRY_VOID(runs_->await_matches());
  SLUICE_TRY(const std::size_t adopted, runs_->adopt_living());
  if (adopted != 0) spdlog::info("adopted {} runs that it had started", adopted);
  publishing_ = true;
  runs_->enrol_no_more(false);
  open_resolver();
  SLUICE_TRY_VOID(serve_dns());
  namespaces_->answer_again();
  return serve_control();
}

void Worker::bury_predecessor() {
  claim_until_ = clock_.steady() + kClaimFor;
  const auto finished = recorder_->finish_abandoned();
  if (!finished) spdlog::error("recordings: {}", finished.error().text());
  if (finished)
    for (const std::string& what : *finished) spdlog::warn("recordings: {}", what);
  spdlog::info("the daemon before this one has ended");
}

CountedSoFar Worker::counted() const {
  CountedSoFar sum = predecessor_ ? predecessor_->counted() : CountedSoFar{};
  const RunCounters& totals = *factory_->totals();
  const net::FlowServerCounters flows = flows_->counters();
  sum.statements += totals.statements.load();
  sum.statements_held += totals.held.load();
  sum.statements_refused += totals.refused.load();
  sum.flows_accepted += flows.accepted;
  sum.flows_refused += flows.refused;
  sum.flows_over_limit += flows.over_limit + flows.out_of_files;
  sum.recorder_failures += flows.recorder_failures;
  sum.flows_open += flows_->live();
  return sum;
}

}  // namespace sluice::daemon
