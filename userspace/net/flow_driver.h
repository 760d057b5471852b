// SPDX-License-Identifier: Apache-2.0
// Runs one flow on one worker thread: gives the session what arrives and performs its actions in
// order (include/sluice/flow.h). Nothing that follows a record is sent before the record is
// committed; if it cannot be, nothing more is sent at all.
#pragma once

#include "net/flow_leg.h"
#include "net/flow_setup.h"
#include "net/flow_table.h"
#include "net/worker.h"

#include <sluice/flow.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::net {

class CancelRegistry;
class CancelSender;
class CatalogSource;
class HostCa;
class PlanSource;
class UpstreamTlsContexts;

// What every flow of a server uses.
struct DriverPorts {
  const Clock& clock;
  Approvals& approvals;
  CatalogSource& catalogs;
  PlanSource& plans;
  HostCa& host_ca;
  UpstreamTlsContexts& upstream_tls;
  CancelRegistry& cancels;
  CancelSender& cancel_sender;
  FlowTable& flows;
  FlowLimits limits;
  std::function<void(std::string_view)> warn;
  std::function<void(const FlowSummary&)> flow_ended;
};

class FlowDriver final : public std::enable_shared_from_this<FlowDriver> {
 public:
  FlowDriver(Worker& worker, const DriverPorts& ports, FlowSetup setup, UniqueFd agent);
  ~FlowDriver();
  FlowDriver(const FlowDriver&) = delete;
  FlowDriver& operator=(const FlowDriver&) = delete;

  void start();                           // the flow's thread, once
  void post(Input input);                 // any thread
  void abort(const std::string& reason);  // the flow's thread: seals the recording, resets both

 private:
  enum class CloseKind : std::uint8_t { kInOrder, kResetAgent, kResetBoth };
  struct Watcher final : EventLoop::Watcher {
    FlowDriver* flow = nullptr;
    Side side = Side::kAgent;
    void on_events(std::uint32_t events) override { flow->on_events(side, events); }
  };

  // flow_driver.cpp: the turn
  void on_events(Side side, std::uint32_t events);
  void deliver(Input input);
  void run();
  void run_turn();
  bool handle_inbox();
  bool offer_all();
  void offer(Side side);
  bool may_offer(Side side) const;
  bool turn_is_over(SteadyTime began) const;
  bool receive(Side side);
  bool has_room(Side side);
  void side_broken(Side side);
  std::size_t handle(const Input& input);
  void settle();
  void failed_inside(const char* what);

  // flow_actions.cpp: what a session asks for
  void perform(const Record& action);
  void perform(const Send& action);
  void perform(const Ask& action);
  void perform(const Withdraw& action);
  void perform(const StartTls& action);
  void perform(const ConnectUpstream& action);
  void perform(const NeedCatalog& action);
  void perform(const OfferCancelKey& action);
  void perform(const ForwardCancel& action);
  void perform(const SendCancelUpstream& action);
  void perform(const SetTimer& action);
  void perform(const FinishSending& action);
  void perform(const Close& action);
  void record(const Event& event);
  void flush_staged();
  void note_queue(FlowLeg& leg);

  // flow_upstream.cpp: connecting and TLS on either side
  void connect_finished(std::uint32_t events);
  void upstream_connected();
  void upstream_failed(const std::string& reason);
  bool step_handshake(Side side);
  void tls_failed(Side side, const std::string& reason);

  // flow_close.cpp: the end
  void record_failed_close();
  void begin_close(const std::string& reason, CloseKind kind);
  void seal_recording();
  void drain();
  bool drained(FlowLeg& leg);
  void finish();

  FlowLeg& leg(Side side) { return legs_[static_cast<std::size_t>(side)]; }
  const std::string& owner() const { return setup_.lineage->back().id; }
  void set_timer(std::optional<EventLoop::TimerKey>& timer, std::chrono::nanoseconds after,
                 void (FlowDriver::*fire)());
  void clear_timer(std::optional<EventLoop::TimerKey>& timer);
  void session_timer_fired();
  void agent_handshake_timed_out();
  void upstream_timed_out();
  void drain_timed_out();

  Worker& worker_;
  // What other threads post to; it may have to outlive the worker for one last post.
  std::shared_ptr<EventLoop> loop_;
  const DriverPorts& ports_;
  FlowSetup setup_;
  std::array<FlowLeg, 2> legs_;
  std::array<Watcher, 2> watchers_;
  std::shared_ptr<FlowCounters> counters_ = std::make_shared<FlowCounters>();
  std::uint64_t table_number_ = 0;

  std::vector<Input> inbox_;         // inputs that came up during a turn
  std::array<bool, 2> offer_due_{};  // pending bytes that the session has not seen in this state
  std::array<bool, 2> had_turn_{};   // no more is offered before others of the thread had theirs
  bool running_ = false;
  bool run_again_posted_ = false;

  bool uncommitted_ = false;       // records appended since the last commit
  bool recording_failed_ = false;  // from then on nothing is sent
  std::string recording_failure_;
  bool session_closed_recorded_ = false;
  ByteView received_;            // bytes of the input that is handled now
  bool sends_volatile_ = false;  // staged views that die with the next handle()

  std::set<TicketId> tickets_;  // asked and unanswered
  Bytes cancel_key_;
  bool agent_broken_ = false;  // reset by the peer, or its TLS failed
  bool upstream_broken_ = false;
  bool output_overflow_ = false;
  bool closing_ = false;
  bool ended_ = false;
  std::string close_reason_;

  std::optional<EventLoop::TimerKey> session_timer_;
  std::optional<EventLoop::TimerKey> agent_timer_;
  std::optional<EventLoop::TimerKey> upstream_timer_;
  std::optional<EventLoop::TimerKey> drain_timer_;
};

}  // namespace sluice::net
