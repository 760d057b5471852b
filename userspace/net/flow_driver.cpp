// SPDX-License-Identifier: Apache-2.0
#include "net/flow_driver.h"

#include "base/check.h"

#include <sys/epoll.h>

#include <algorithm>
#include <exception>

namespace sluice::net {

namespace {

// Reads per side before other flows of the thread get a turn, and how long these may take.
constexpr int kRoundsPerTurn = 16;
constexpr std::chrono::milliseconds kTurnMax{20};
// What is kept of a side that the session takes nothing of: enough to see that it has closed; and
// where it waits for a moment, enough to go on at once.
constexpr std::size_t kUnwantedBytes = 8U << 10;
constexpr std::size_t kWaitingBytes = 256U << 10;

constexpr Side kBothSides[] = {Side::kAgent, Side::kUpstream};

Side other(Side side) { return side == Side::kAgent ? Side::kUpstream : Side::kAgent; }
const char* name_of(Side side) { return side == Side::kAgent ? "the agent" : "the upstream"; }

}  // namespace

FlowDriver::FlowDriver(Worker& worker, const DriverPorts& ports, FlowSetup setup, UniqueFd agent)
    : worker_(worker), loop_(worker.shared_loop()), ports_(ports), setup_(std::move(setup)) {
  for (const Side side : kBothSides) {
    watchers_[static_cast<std::size_t>(side)].flow = this;
    watchers_[static_cast<std::size_t>(side)].side = side;
  }
  leg(Side::kAgent).socket.open(std::move(agent));
}

FlowDriver::~FlowDriver() = default;

void FlowDriver::start() {
  FlowLeg& agent = leg(Side::kAgent);
  agent.state = FlowLeg::State::kOpen;
  tune_stream(agent.socket.fd());
  bound_receive_buffer(agent.socket.fd(), kAgentReceiveBuffer);
  FlowInfo info;
  info.flow = setup_.flow;
  info.session = setup_.session_id;
  info.lineage = setup_.lineage;
  info.resource = setup_.resource ? setup_.resource->name : "";
  info.agent = setup_.agent;
  info.original_destination = setup_.original_destination;
  info.since = ports_.clock.wall();
  table_number_ = ports_.flows.add(std::move(info), counters_,
                                   [weak = weak_from_this()](const std::string& reason) {
                                     if (auto self = weak.lock()) self->post(Terminate{reason});
                                   });
  worker_.own(shared_from_this());
  if (auto watched = worker_.loop().watch(agent.socket.fd(), watchers_[0]); !watched) {
    begin_close(watched.error().text(), CloseKind::kResetBoth);
    settle();
    return;
  }
  // An empty offer: a session whose server speaks first begins here.
  inbox_.emplace_back(Received{Side::kAgent, {}});
  run();
}

void FlowDriver::post(Input input) {
  loop_->post([weak = weak_from_this(), input = std::move(input)]() mutable {
    if (auto self = weak.lock()) self->deliver(std::move(input));
  });
}

void FlowDriver::deliver(Input input) {
  if (closing_) return;
  inbox_.push_back(std::move(input));
  run();
}

void FlowDriver::abort(const std::string& reason) {
  if (ended_) return;
  begin_close(reason, CloseKind::kResetBoth);
  for (FlowLeg& each : legs_) each.socket.reset();
  settle();
}

void FlowDriver::on_events(Side side, std::uint32_t events) {
  if (ended_) return;
  FlowLeg& from = leg(side);
  from.socket.note_events(events);
  if (from.state == FlowLeg::State::kConnecting) connect_finished(events);
  if ((events & EPOLLOUT) != 0 && from.queued() > 0) {
    from.socket.flush();
    note_queue(from);
  }
  run();
}

void FlowDriver::run() {
  if (running_ || ended_) return;
  running_ = true;
  // Nothing that one flow does may end the others': what is thrown inside (memory that is not
  // there, a bug in a session) costs this flow alone.
  try {
    run_turn();
  } catch (const std::exception& error) {
    failed_inside(error.what());
  } catch (...) {
    failed_inside("unknown exception");
  }
  running_ = false;
}

void FlowDriver::failed_inside(const char* what) {
  worker_.staged().clear();
  if (ports_.warn)
    ports_.warn("flow " + setup_.session_id + " was cut because of an internal error: " + what);
  begin_close("internal error", CloseKind::kResetBoth);
  for (FlowLeg& each : legs_) each.socket.reset();
  drain();
}

void FlowDriver::run_turn() {
  bool idle = false;
  bool over = false;
  const SteadyTime began = ports_.clock.steady();
  for (int round = 0; round < kRoundsPerTurn && !idle && !over && !closing_ && !recording_failed_;
       ++round) {
    bool progress = handle_inbox();
    progress |= offer_all();
    flush_staged();
    for (const Side side : kBothSides) {
      leg(side).keep();
      progress |= receive(side);
    }
    over = turn_is_over(began);
    idle = !progress && inbox_.empty() && !over;
  }
  flush_staged();
  for (FlowLeg& each : legs_) each.keep();
  if (recording_failed_ && !closing_) record_failed_close();
  settle();
  if (!idle && !closing_ && !run_again_posted_) {
    run_again_posted_ = true;
    worker_.loop().post([weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        self->run_again_posted_ = false;
        self->had_turn_ = {};  // and not before: what arrives meanwhile must not bring a turn more
        self->run();
      }
    });
  }
}

bool FlowDriver::handle_inbox() {
  bool progress = false;
  for (std::size_t next = 0; next < inbox_.size() && !closing_ && !recording_failed_; ++next) {
    const Input input = std::move(inbox_[next]);
    progress = true;
    if (const auto* decision = std::get_if<Decision>(&input)) {
      if (tickets_.erase(decision->ticket) == 0) continue;  // withdrawn meanwhile
      counters_->held.store(tickets_.size(), std::memory_order_relaxed);
    }
    handle(input);
    offer_due_ = {true, true};
    if (closing_ || recording_failed_) break;
    if (const auto* terminate = std::get_if<Terminate>(&input)) {
      flush_staged();
      begin_close(terminate->reason,
                  output_overflow_ ? CloseKind::kResetAgent : CloseKind::kInOrder);
    } else if (const auto* closed = std::get_if<SideClosed>(&input)) {
      const bool broken = closed->side == Side::kAgent ? agent_broken_ : upstream_broken_;
      if (!broken) continue;
      flush_staged();
      begin_close(std::string{name_of(closed->side)} + " broke the connection",
                  CloseKind::kInOrder);
    }
  }
  inbox_.clear();
  return progress;
}

bool FlowDriver::offer_all() {
  bool progress = false;
  while (!closing_ && !recording_failed_ &&
         (may_offer(Side::kAgent) || may_offer(Side::kUpstream))) {
    const Side side = may_offer(Side::kAgent) ? Side::kAgent : Side::kUpstream;
    offer_due_[static_cast<std::size_t>(side)] = false;
    const std::size_t before = leg(side).pending().size();
    offer(side);
    progress |= leg(side).pending().size() != before;
  }
  return progress;
}

bool FlowDriver::may_offer(Side side) const {
  const auto index = static_cast<std::size_t>(side);
  return offer_due_[index] && !had_turn_[index];
}

bool FlowDriver::turn_is_over(SteadyTime began) const {
  return had_turn_[0] || had_turn_[1] || ports_.clock.steady() - began > kTurnMax;
}

// Until the session takes nothing more of this side, or has done enough.
void FlowDriver::offer(Side side) {
  FlowLeg& from = leg(side);
  while (!closing_ && !recording_failed_ && from.is_open()) {
    const ByteView bytes = from.pending();
    if (bytes.empty() || setup_.session->demand(side) == Demand::kNone) return;
    const bool taken = handle(Received{side, bytes}) != 0;
    if (taken) offer_due_[static_cast<std::size_t>(other(side))] = true;
    if (setup_.session->demand(side) == Demand::kInTurn) {
      const auto index = static_cast<std::size_t>(side);
      offer_due_[index] = had_turn_[index] = true;
      return;
    }
    if (!taken) return;
  }
}

bool FlowDriver::has_room(Side side) {
  // An agent that does not read its answers is not read either: that is how a server would treat
  // it, and what bounds the answers that are made here.
  if (leg(Side::kAgent).over_watermark) return false;
  if (side == Side::kAgent && leg(Side::kUpstream).over_watermark) return false;
  const std::size_t kept = leg(side).pending().size();
  switch (setup_.session->demand(side)) {
    case Demand::kMore: return kept < ports_.limits.input_bytes_max;
    case Demand::kLater:
    case Demand::kInTurn:
      // People may take long, and whoever left meanwhile is seen only by reading up to there.
      if (!tickets_.empty()) return kept < ports_.limits.input_bytes_max;
      return kept < std::min(kWaitingBytes, ports_.limits.input_bytes_max);
    case Demand::kNone: break;
  }
  return kept < kUnwantedBytes;
}

bool FlowDriver::receive(Side side) {
  FlowLeg& from = leg(side);
  if (closing_ || recording_failed_) return false;
  if (from.state == FlowLeg::State::kHandshaking) return step_handshake(side);
  if (!from.is_open() || from.read_ended) return false;
  if (!has_room(side)) {
    // Of an agent that is not read a reset would otherwise stay unseen; and where a statement is
    // held, that nobody waits for it any more.
    if (side == Side::kAgent &&
        (from.socket.failed() || (from.socket.hung_up() && !tickets_.empty()))) {
      side_broken(side);
      return true;
    }
    return false;
  }
  if (!from.may_have_bytes()) {
    from.release_if_empty();
    return false;
  }
  const IoResult got = from.receive(worker_.scratch());
  switch (got.status) {
    case IoStatus::kAgain: from.release_if_empty(); return false;
    case IoStatus::kReset: side_broken(side); return true;
    case IoStatus::kEnd:
      from.read_ended = true;
      inbox_.emplace_back(SideClosed{side});
      return true;
    case IoStatus::kBytes: break;
  }
  if (side == Side::kAgent) {
    auto& counter = counters_->bytes_from_agent;
    counter.store(counter.load(std::memory_order_relaxed) + got.count, std::memory_order_relaxed);
  }
  offer_due_[static_cast<std::size_t>(side)] = true;
  offer_all();
  flush_staged();
  for (FlowLeg& each : legs_) each.keep();
  if (from.is_open() && from.pending().size() >= ports_.limits.input_bytes_max &&
      setup_.session->demand(side) == Demand::kMore)
    inbox_.emplace_back(Terminate{std::string{name_of(side)} + " sent a message of more than " +
                                  std::to_string(ports_.limits.input_bytes_max) + " bytes"});
  return true;
}

void FlowDriver::side_broken(Side side) {
  (side == Side::kAgent ? agent_broken_ : upstream_broken_) = true;
  leg(side).read_ended = true;
  inbox_.emplace_back(SideClosed{side});
}

std::size_t FlowDriver::handle(const Input& input) {
  FlowActions& actions = worker_.actions();
  actions.clear();
  const auto* received = std::get_if<Received>(&input);
  received_ = received != nullptr ? received->bytes : ByteView{};
  const std::size_t consumed =
      setup_.session->handle(input, ports_.clock.steady(), ports_.clock.wall(), actions);
  if (received != nullptr) {
    SLUICE_CHECK(consumed <= received->bytes.size());
    leg(received->side).consume(consumed);
  }
  for (const FlowAction& action : actions) {
    if (closing_ || recording_failed_) break;
    std::visit([this](const auto& each) { perform(each); }, action);
  }
  if (sends_volatile_) flush_staged();
  sends_volatile_ = false;
  actions.clear();
  return consumed;
}

// After a turn: half-closes that can be done now, and the end of a flow that both sides have left.
void FlowDriver::settle() {
  if (ended_) return;
  if (closing_) {
    drain();
    return;
  }
  FlowLeg& agent = leg(Side::kAgent);
  FlowLeg& upstream = leg(Side::kUpstream);
  // What came before a half-close goes before it, although the session may still be thinking about
  // it.
  if (upstream.pending().empty()) agent.finish_if_due();
  if (agent.pending().empty()) upstream.finish_if_due();
  const bool upstream_left = upstream.read_ended || upstream.state == FlowLeg::State::kNone ||
                             upstream.state == FlowLeg::State::kClosed;
  const bool more_in_turn = had_turn_[0] || had_turn_[1];
  if (agent.read_ended && upstream_left && inbox_.empty() && !more_in_turn) {
    begin_close("both sides have closed", CloseKind::kInOrder);
    drain();
  }
}

void FlowDriver::set_timer(std::optional<EventLoop::TimerKey>& timer,
                           std::chrono::nanoseconds after, void (FlowDriver::*fire)()) {
  clear_timer(timer);
  timer = worker_.loop().start_timer(ports_.clock.steady() + after, [this, &timer, fire] {
    timer.reset();
    (this->*fire)();
  });
}

void FlowDriver::clear_timer(std::optional<EventLoop::TimerKey>& timer) {
  if (timer) worker_.loop().cancel_timer(*timer);
  timer.reset();
}

void FlowDriver::session_timer_fired() { deliver(TimerFired{}); }

}  // namespace sluice::net
