// SPDX-License-Identifier: Apache-2.0
#include "session/opaque/session.h"

#include <utility>

namespace sluice::session {
namespace {

class OpaqueSession final : public FlowSession {
 public:
  explicit OpaqueSession(OpaqueOptions options) : options_(std::move(options)) {}

  std::size_t handle(const Input& input, SteadyTime, WallTime wall, FlowActions& out) override {
    if (state_ == State::kClosed) return 0;
    return std::visit([&](const auto& what) { return on(what, wall, out); }, input);
  }

  Demand demand(Side) const override {
    if (state_ == State::kClosed) return Demand::kNone;
    return state_ == State::kHeld || state_ == State::kConnecting ? Demand::kLater : Demand::kMore;
  }

 private:
  enum class State : std::uint8_t { kAsking, kHeld, kConnecting, kRelaying, kClosed };

  // The agent's first byte, or the timer for protocols in which the server speaks first, starts the
  // judging: there is no other input before it. The driver gives SideClosed too, so nothing waits
  // for ever.
  std::size_t on(const Received& received, WallTime wall, FlowActions& out) {
    if (state_ == State::kAsking) ask(wall, out);
    if (state_ != State::kRelaying) return 0;
    out.push_back(
        Send{received.side == Side::kAgent ? Side::kUpstream : Side::kAgent, received.bytes});
    return received.bytes.size();
  }
  std::size_t on(const TimerFired&, WallTime wall, FlowActions& out) {
    if (state_ == State::kAsking) ask(wall, out);
    return 0;
  }
  std::size_t on(const UpstreamConnected&, WallTime, FlowActions&) {
    if (state_ == State::kConnecting) state_ = State::kRelaying;
    return 0;
  }
  std::size_t on(const UpstreamFailed& failed, WallTime, FlowActions& out) {
    close(failed.reason, out);
    return 0;
  }
  std::size_t on(const Decision& decision, WallTime wall, FlowActions& out) {
    if (state_ != State::kHeld || decision.ticket != options_.ticket) return 0;
    out.push_back(
        Record{HoldDecided{decision.ticket, 1, decision.kind, decision.by, decision.note}});
    if (decision.kind != DecisionKind::kApproved ||
        options_.policy().judge(intent(wall)).kind == VerdictKind::kDeny)
      close("refused", out);
    else
      connect(out);
    return 0;
  }
  std::size_t on(const SideClosed& side, WallTime, FlowActions& out) {
    if (state_ == State::kRelaying) {
      out.push_back(FinishSending{side.side == Side::kAgent ? Side::kUpstream : Side::kAgent});
      if (std::exchange(one_side_closed_, true)) finish(out);
      return 0;
    }
    close("a side closed before the connection was made", out);
    return 0;
  }
  std::size_t on(const Terminate& terminate, WallTime, FlowActions& out) {
    close(terminate.reason, out);
    return 0;
  }
  template <class Other>
  std::size_t on(const Other&, WallTime, FlowActions&) {
    return 0;  // TLS, catalogue and cancel are not asked for here
  }

  Intent intent(WallTime wall) const {
    Intent intent;
    intent.lineage = options_.lineage;
    intent.resource = options_.resource->name;
    intent.protocol = name_of(options_.resource->protocol);
    intent.statement = "connect " + options_.destination;
    intent.actions = {Action::kConnect};
    intent.asked_at = wall;
    return intent;
  }

  void ask(WallTime wall, FlowActions& out) {
    StatementJudged event;
    event.statement = 1;
    event.intent = intent(wall);
    event.verdict = options_.policy().judge(event.intent);
    const Verdict verdict = event.verdict;
    const Intent asked = event.intent;
    if (verdict.kind == VerdictKind::kHold) event.ticket = options_.ticket;
    out.push_back(Record{std::move(event)});
    switch (verdict.kind) {
      case VerdictKind::kAllow: return connect(out);
      case VerdictKind::kDeny: return close("refused by policy", out);
      case VerdictKind::kHold: break;
    }
    state_ = State::kHeld;
    out.push_back(Ask{options_.ticket, 1, asked, verdict, std::nullopt});
  }

  void connect(FlowActions& out) {
    state_ = State::kConnecting;
    out.push_back(ConnectUpstream{});
  }
  void finish(FlowActions& out) {
    state_ = State::kClosed;
    out.push_back(Close{"both sides closed", false});
  }
  void close(const std::string& reason, FlowActions& out) {
    if (state_ == State::kHeld) {
      out.push_back(Withdraw{options_.ticket, reason});
      out.push_back(Record{HoldDecided{options_.ticket, 1, DecisionKind::kWithdrawn, "", reason}});
    }
    state_ = State::kClosed;
    out.push_back(Close{reason, true});
  }

  OpaqueOptions options_;
  State state_ = State::kAsking;
  bool one_side_closed_ = false;
};

}  // namespace

std::unique_ptr<FlowSession> make_opaque_session(OpaqueOptions options) {
  return std::make_unique<OpaqueSession>(std::move(options));
}

}  // namespace sluice::session
