// SPDX-License-Identifier: Apache-2.0
#include "net/cancel_registry.h"
#include "net/flow_driver.h"

namespace sluice::net {

namespace {
// Reads of a closing leg, thrown away, before other flows of the thread get a turn.
constexpr int kDiscardsPerTurn = 16;
}  // namespace

// The session is told once, so that it can let go of what it holds; what it answers is not sent.
void FlowDriver::record_failed_close() {
  worker_.staged().clear();
  FlowActions ignored;
  const std::string reason = "the recording cannot be written: " + recording_failure_;
  setup_.session->handle(Terminate{reason}, ports_.clock.steady(), ports_.clock.wall(), ignored);
  if (ports_.warn) ports_.warn("session " + setup_.session_id + " was cut: " + reason);
  begin_close(reason, CloseKind::kResetBoth);
}

void FlowDriver::begin_close(const std::string& reason, CloseKind kind) {
  if (closing_) return;
  closing_ = true;
  close_reason_ = reason;
  for (auto* timer : {&session_timer_, &agent_timer_, &upstream_timer_}) clear_timer(*timer);
  for (const TicketId& ticket : tickets_) ports_.approvals.withdraw(ticket, "the connection ended");
  tickets_.clear();
  counters_->held.store(0, std::memory_order_relaxed);
  if (!cancel_key_.empty()) ports_.cancels.withdraw(cancel_key_);
  cancel_key_.clear();
  seal_recording();
  ports_.flows.remove(table_number_);
  if (kind != CloseKind::kInOrder || upstream_broken_ || recording_failed_)
    leg(Side::kAgent).socket.reset();
  if (kind == CloseKind::kResetBoth || recording_failed_) leg(Side::kUpstream).socket.reset();
  set_timer(drain_timer_, ports_.limits.drain_timeout, &FlowDriver::drain_timed_out);
}

void FlowDriver::seal_recording() {
  // A session whose recording failed stays unsealed: that is how a reader knows it was cut off.
  if (recording_failed_) return;
  if (!session_closed_recorded_)
    record(SessionClosed{close_reason_, counters_->bytes_from_agent.load(),
                         counters_->bytes_to_agent.load(), counters_->statements.load()});
  if (!recording_failed_ && uncommitted_) {
    uncommitted_ = false;
    if (auto done = setup_.writer->commit(); !done) {
      recording_failed_ = true;
      recording_failure_ = done.error().text();
    }
  }
  if (!recording_failed_) {
    if (auto done = setup_.writer->close(); !done) {
      recording_failed_ = true;
      recording_failure_ = done.error().text();
    }
  }
  if (recording_failed_ && ports_.warn)
    ports_.warn("session " + setup_.session_id + " could not be sealed: " + recording_failure_);
}

// Delivers what is queued, says goodbye, and waits for the peer's: a close() with unread bytes
// would be a reset, which can destroy what the peer has not read yet.
bool FlowDriver::drained(FlowLeg& closing) {
  Socket& socket = closing.socket;
  if (!socket.is_open()) return true;
  if (closing.is_open()) {
    closing.finish_wanted = true;
    closing.finish_if_due();
  } else if (socket.queued() == 0 && !closing.finished) {
    closing.finished = true;
    socket.shut_down_writing();
  }
  if (socket.write_broken() || (closing.finished && closing.read_ended)) {
    socket.close();
    return true;
  }
  for (int count = 0; count < kDiscardsPerTurn && socket.readable(); ++count) {
    const IoResult got = socket.receive(worker_.scratch().span());
    if (got.status == IoStatus::kAgain) return false;
    if (got.status == IoStatus::kBytes) continue;
    closing.read_ended = true;
    if (got.status == IoStatus::kEnd && !closing.finished) return false;
    socket.close();
    return true;
  }
  if (socket.readable() && !run_again_posted_) {
    run_again_posted_ = true;
    worker_.loop().post([weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        self->run_again_posted_ = false;
        self->run();
      }
    });
  }
  return false;
}

void FlowDriver::drain() {
  if (ended_) return;
  // An upstream that was not reached yet has nothing to be told.
  FlowLeg& upstream = leg(Side::kUpstream);
  if (upstream.state == FlowLeg::State::kConnecting) upstream.socket.close();
  const bool agent_done = drained(leg(Side::kAgent));
  const bool upstream_done = drained(upstream);
  if (agent_done && upstream_done) finish();
}

void FlowDriver::drain_timed_out() {
  for (FlowLeg& each : legs_) each.socket.reset();
  drain();
}

void FlowDriver::finish() {
  ended_ = true;
  clear_timer(drain_timer_);
  FlowSummary summary;
  summary.flow = setup_.flow;
  summary.session = setup_.session_id;
  summary.reason = close_reason_;
  summary.bytes_from_agent = counters_->bytes_from_agent.load();
  summary.bytes_to_agent = counters_->bytes_to_agent.load();
  summary.statements = counters_->statements.load();
  summary.recorded = !recording_failed_;
  if (setup_.on_closed) setup_.on_closed(summary);
  if (ports_.flow_ended) ports_.flow_ended(summary);
  worker_.disown(this);
}

}  // namespace sluice::net
