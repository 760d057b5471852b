// SPDX-License-Identifier: Apache-2.0
// The driver performs a session's actions in order, and sends nothing that is not recorded.
#include "support.h"

#include <poll.h>
#include <sys/socket.h>

#include <new>

namespace sluice::net::test {
namespace {

std::string text_of(const Received& received) { return std::string{as_text(received.bytes)}; }

Plane::Options scripted(ScriptSession::Handler handler,
                        std::function<Demand(Side)> demand = nullptr) {
  Plane::Options options;
  options.make_session = [handler, demand] {
    auto session = std::make_unique<ScriptSession>(handler);
    session->demand_ = demand;
    return session;
  };
  return options;
}

// Answers each line with "ok" after recording it; "bye" ends it.
std::size_t recording_echo(const Input& input, FlowActions& out) {
  static const std::string answer = "ok";
  if (const auto* received = std::get_if<Received>(&input)) {
    if (received->bytes.empty()) return 0;
    out.emplace_back(Record{Remark{text_of(*received)}});
    out.emplace_back(Send{Side::kAgent, as_bytes(answer)});
    return received->bytes.size();
  }
  if (std::holds_alternative<SideClosed>(input)) out.emplace_back(Close{"done"});
  if (const auto* terminate = std::get_if<Terminate>(&input))
    out.emplace_back(Close{terminate->reason});
  return 0;
}

TEST(Recording, IsCommittedBeforeTheBytesThatFollowIt) {
  Plane plane{scripted(recording_echo)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "one");
  EXPECT_EQ(receive_exactly(agent, 2), "ok");
  EXPECT_EQ(plane.journal.lines(), (std::vector<std::string>{"remark one", "commit"}));
}

TEST(Recording, OfABatchIsCommittedOnce) {
  Plane plane{scripted([](const Input& input, FlowActions& out) -> std::size_t {
    const auto* received = std::get_if<Received>(&input);
    if (received == nullptr || received->bytes.empty()) return 0;
    // One byte at a time, as a session that takes one message per call.
    out.emplace_back(Record{Remark{text_of(*received).substr(0, 1)}});
    out.emplace_back(Send{Side::kAgent, received->bytes.first(1)});
    return 1;
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, "abc");
  EXPECT_EQ(receive_exactly(agent, 3), "abc");
  EXPECT_EQ(plane.journal.lines(),
            (std::vector<std::string>{"remark a", "remark b", "remark c", "commit"}));
}

TEST(Recording, ThatFailsAtAnyCallLetsNoFurtherByteOut) {
  for (int fail_at = 1;; ++fail_at) {
    ASSERT_LT(fail_at, 20);
    auto options = scripted(recording_echo);
    options.writer_fails_at = fail_at;
    Plane plane{options};
    const UniqueFd agent = plane.connect();
    std::string got;
    for (int round = 0; round < 2; ++round) {
      ::send(agent.get(), "x", 1, MSG_NOSIGNAL);
      const std::string answer = receive_exactly(agent, 2);
      got += answer;
      if (answer != "ok") break;
    }
    // Two answers, each after an append and a commit.
    const int calls_before_second = 4;
    const char* wanted = fail_at <= 2                     ? "<reset>"
                         : fail_at <= calls_before_second ? "ok<reset>"
                                                          : "okok";
    EXPECT_EQ(got, wanted) << "failed at " << fail_at;
    plane.server->stop("the test is over");
    if (fail_at <= calls_before_second) {
      EXPECT_FALSE(plane.journal.has("seal"));
      EXPECT_TRUE(plane.journal.await("closed: the recording cannot be written: the disk is full"));
      EXPECT_EQ(plane.server->counters().recorder_failures, 1U);
    }
    if (plane.journal.has("seal")) break;
  }
}

TEST(Recording, OfASessionThatDidNotSayItsEndIsClosedByTheDriver) {
  Plane plane{scripted(recording_echo)};
  UniqueFd agent = plane.connect();
  half_close(agent);
  EXPECT_EQ(receive_to_end(agent), "");
  EXPECT_TRUE(plane.journal.await("seal"));
  EXPECT_TRUE(plane.journal.has("session closed: done"));
}

// Holds each line under ticket "t" until it is decided; says what the decision was.
std::size_t holding(const Input& input, FlowActions& out, bool& held) {
  static const std::string yes = "yes", no = "no ";
  if (const auto* received = std::get_if<Received>(&input)) {
    if (received->bytes.empty() || held) return 0;
    held = true;
    out.emplace_back(Ask{"t", 1, {}, {}, {}});
    return received->bytes.size();
  }
  if (const auto* decision = std::get_if<Decision>(&input)) {
    held = false;
    const bool approved = decision->kind == DecisionKind::kApproved;
    out.emplace_back(Send{Side::kAgent, as_bytes(approved ? yes : no)});
  }
  if (std::holds_alternative<SideClosed>(input)) out.emplace_back(Close{"the agent left"});
  if (std::holds_alternative<CancelAsked>(input)) {
    held = false;
    out.emplace_back(Withdraw{"t", "cancelled"});
    out.emplace_back(Send{Side::kAgent, as_bytes(no)});
  }
  return 0;
}

Plane::Options holding_sessions() {
  Plane::Options options;
  options.make_session = [] {
    auto held = std::make_shared<bool>(false);
    auto session = std::make_unique<ScriptSession>(
        [held](const Input& input, FlowActions& out) { return holding(input, out, *held); });
    session->demand_ = [held](Side) { return *held ? Demand::kLater : Demand::kMore; };
    return session;
  };
  return options;
}

TEST(Approval, IsAnsweredFromAnotherThread) {
  Plane plane{holding_sessions()};
  const UniqueFd agent = plane.connect();
  for (const auto kind : {DecisionKind::kApproved, DecisionKind::kDenied}) {
    send_all(agent, "drop table");
    ASSERT_TRUE(plane.approvals.journal.await("asked t"));
    std::thread approver([&] { plane.approvals.decide("t", kind); });
    EXPECT_EQ(receive_exactly(agent, 3), kind == DecisionKind::kApproved ? "yes" : "no ");
    approver.join();
  }
}

TEST(Approval, ComesWithThePlannersEstimate) {
  Plane::Options options;
  options.make_session = [] {
    return std::make_unique<ScriptSession>([](const Input& input, FlowActions& out) {
      const auto* received = std::get_if<Received>(&input);
      if (received == nullptr || received->bytes.empty()) return std::size_t{0};
      out.emplace_back(Ask{"t", 1, {}, {}, PlanQuestion{"UPDATE t", {"x"}, {}}});
      return received->bytes.size();
    });
  };
  Plane plane{std::move(options)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "update");
  EXPECT_TRUE(plane.approvals.journal.await("about 42 rows for t"));
}

TEST(Approval, ThatCannotBeAskedForIsADenial) {
  Plane plane{holding_sessions()};
  plane.approvals.refuse = true;
  const UniqueFd agent = plane.connect();
  send_all(agent, "drop table");
  EXPECT_EQ(receive_exactly(agent, 3), "no ");
}

TEST(Approval, IsWithdrawnWhenTheAgentLeaves) {
  for (const bool by_reset : {false, true}) {
    Plane plane{holding_sessions()};
    UniqueFd agent = plane.connect();
    send_all(agent, "drop table");
    ASSERT_TRUE(plane.approvals.journal.await("asked t"));
    if (by_reset)
      reset(std::move(agent));
    else
      agent.reset();
    EXPECT_TRUE(plane.approvals.journal.await("withdrawn t: the connection ended"));
    EXPECT_TRUE(plane.journal.await("closed: the agent left"));
  }
}

TEST(Approval, IsWithdrawnWhenAnAgentThatFilledItsPipelineIsReset) {
  Plane plane{holding_sessions()};
  UniqueFd agent = plane.connect();
  send_all(agent, "drop table");
  ASSERT_TRUE(plane.approvals.journal.await("asked t"));
  send_all(agent, std::string(100'000, 'x'));  // more than is read of a side that is not wanted
  reset(std::move(agent));
  EXPECT_TRUE(plane.approvals.journal.await("withdrawn t: the connection ended"));
}

TEST(Approval, IsWithdrawnWhenTheRunIsRevoked) {
  Plane plane{holding_sessions()};
  const UniqueFd agent = plane.connect();
  send_all(agent, "drop table");
  ASSERT_TRUE(plane.approvals.journal.await("asked t"));
  plane.server->flows().terminate_run(plane.run, "revoked");
  EXPECT_EQ(receive_to_end(agent), "");
  EXPECT_TRUE(plane.approvals.journal.has("withdrawn t: the connection ended"));
}

TEST(Approval, AnswerThatComesAfterTheEndIsIgnored) {
  Plane plane{holding_sessions()};
  const UniqueFd agent = plane.connect();
  send_all(agent, "drop table");
  ASSERT_TRUE(plane.approvals.journal.await("asked t"));
  const Approvals::Answer late = plane.approvals.take("t");  // left the store before the end came
  plane.server->flows().terminate_run(plane.run, "revoked");
  EXPECT_TRUE(plane.approvals.journal.await("withdrawn t: the connection ended"));
  late(Decision{"t", DecisionKind::kApproved, "alice", ""});
  EXPECT_EQ(receive_to_end(agent), "");
}

// "key:K" offers a key, "cancel:K" forwards one; a cancel is told as "cancelled".
std::size_t cancelling(const Input& input, FlowActions& out) {
  static const std::string said = "cancelled", ready = "ready";
  if (const auto* received = std::get_if<Received>(&input)) {
    const std::string line = text_of(*received);
    if (line.starts_with("key:")) {
      out.emplace_back(OfferCancelKey{to_bytes(line.substr(4))});
      out.emplace_back(Send{Side::kAgent, as_bytes(ready)});
    }
    if (line.starts_with("cancel:")) out.emplace_back(ForwardCancel{to_bytes(line.substr(7))});
    return received->bytes.size();
  }
  if (std::holds_alternative<CancelAsked>(input))
    out.emplace_back(Send{Side::kAgent, as_bytes(said)});
  if (std::holds_alternative<CancelDelivered>(input)) out.emplace_back(Close{"cancel delivered"});
  return 0;
}

TEST(Cancel, ReachesTheSessionThatOfferedTheKey) {
  Plane plane{scripted(cancelling)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "key:12345678");
  EXPECT_EQ(receive_exactly(agent, 5), "ready");
  const UniqueFd second = plane.connect();
  send_all(second, "cancel:12345678");
  EXPECT_EQ(receive_exactly(agent, 9), "cancelled");
}

TEST(Cancel, OfAnotherRunIsNotDelivered) {
  Plane plane{scripted(cancelling)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "key:12345678");
  EXPECT_EQ(receive_exactly(agent, 5), "ready");
  plane.run = "run-of-another";
  const UniqueFd stranger = plane.connect();
  send_all(stranger, "cancel:12345678");
  EXPECT_EQ(receive_to_end(stranger), "");
  plane.server->flows().terminate_run("run-0000000000000001", "enough");
  EXPECT_EQ(receive_to_end(agent), "") << "the stranger's cancel was delivered";
  EXPECT_EQ(plane.server->cancels().size(), 0U);
}

TEST(Cancel, RegistryKeepsTheFirstOwnerOfAKey) {
  CancelRegistry registry;
  int first = 0, second = 0;
  const Bytes key = to_bytes("12345678");
  EXPECT_TRUE(registry.offer(key, "a", [&](const CancelReceipt&) { ++first; }));
  EXPECT_FALSE(registry.offer(key, "b", [&](const CancelReceipt&) { ++second; }));
  EXPECT_FALSE(registry.forward(key, "b", nullptr));
  EXPECT_TRUE(registry.forward(key, "a", nullptr));
  registry.withdraw(key);
  EXPECT_FALSE(registry.forward(key, "a", nullptr));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST(Cancel, IsSentToTheUpstreamOverAConnectionOfItsOwn) {
  Plane plane{scripted([](const Input& input, FlowActions& out) -> std::size_t {
    const auto* received = std::get_if<Received>(&input);
    if (received == nullptr || received->bytes.empty()) return 0;
    out.emplace_back(SendCancelUpstream{to_bytes("cancel request"), nullptr});
    return received->bytes.size();
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, "x");
  UniqueFd upstream = accept_one(plane.upstream.first);
  EXPECT_EQ(receive_exactly(upstream, 14), "cancel request");
}

TEST(Cancel, KeepsTheConnectionThatAskedForItUntilTheUpstreamHasTakenIt) {
  Plane plane{scripted([](const Input& input, FlowActions& out) -> std::size_t {
    if (const auto* asked = std::get_if<CancelAsked>(&input)) {
      out.emplace_back(SendCancelUpstream{to_bytes("cancel request"), asked->receipt});
      return 0;
    }
    return cancelling(input, out);
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, "key:12345678");
  EXPECT_EQ(receive_exactly(agent, 5), "ready");
  const UniqueFd second = plane.connect();
  send_all(second, "cancel:12345678");
  UniqueFd upstream = accept_one(plane.upstream.first);
  EXPECT_EQ(receive_exactly(upstream, 14), "cancel request");
  char byte = 0;
  EXPECT_EQ(::recv(second.get(), &byte, 1, MSG_DONTWAIT), -1) << "it was closed before";
  EXPECT_EQ(errno, EAGAIN);
  upstream.reset();
  EXPECT_EQ(receive_to_end(second), "");
}

TEST(Cancel, OfAKeyThatNobodyOfferedEndsAtOnce) {
  Plane plane{scripted(cancelling)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "cancel:12345678");
  EXPECT_EQ(receive_to_end(agent), "");
}

TEST(Timer, FiresOnceAndIsReplacedByTheNext) {
  Plane plane{scripted([](const Input& input, FlowActions& out) -> std::size_t {
    static const std::string fired = "fired";
    if (const auto* received = std::get_if<Received>(&input)) {
      if (received->bytes.empty()) return 0;
      const auto now = SystemClock{}.steady();
      out.emplace_back(SetTimer{now + std::chrono::hours{1}});
      out.emplace_back(SetTimer{now});
      return received->bytes.size();
    }
    if (std::holds_alternative<TimerFired>(input))
      out.emplace_back(Send{Side::kAgent, as_bytes(fired)});
    return 0;
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, "x");
  EXPECT_EQ(receive_exactly(agent, 5), "fired");
}

TEST(Catalogue, IsAskedForAndItsFailureReachesTheSession) {
  Plane plane{scripted([](const Input& input, FlowActions& out) -> std::size_t {
    static std::string reason;
    if (const auto* received = std::get_if<Received>(&input)) {
      if (received->bytes.empty()) return 0;
      out.emplace_back(NeedCatalog{"shop", true});
      return received->bytes.size();
    }
    if (const auto* arrived = std::get_if<CatalogArrived>(&input)) {
      reason = arrived->reason;
      out.emplace_back(Send{Side::kAgent, as_bytes(reason)});
      out.emplace_back(Close{"done"});
    }
    return 0;
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, "x");
  EXPECT_EQ(receive_to_end(agent), "no catalogue here");
  EXPECT_TRUE(plane.catalogs.journal.has("catalogue of shop, fresh"));
}

TEST(Closing, DeliversWhatIsQueuedUnlessItIsAReset) {
  for (const bool reset_wanted : {false, true}) {
    auto large = std::make_shared<const std::string>(8U << 20, 'z');
    Plane plane{
        scripted([large, reset_wanted](const Input& input, FlowActions& out) -> std::size_t {
          const auto* received = std::get_if<Received>(&input);
          if (received == nullptr || received->bytes.empty()) return 0;
          out.emplace_back(Send{Side::kAgent, as_bytes(*large)});
          out.emplace_back(Close{"done", reset_wanted});
          return received->bytes.size();
        })};
    const UniqueFd agent = plane.connect();
    send_all(agent, "x");
    const std::string got = receive_to_end(agent);
    if (reset_wanted)
      EXPECT_TRUE(got.ends_with("<reset>"));
    else
      EXPECT_TRUE(got == *large) << got.size();
  }
}

TEST(Limits, AMessageThatIsTooLargeEndsTheFlow) {
  auto options = scripted([](const Input& input, FlowActions& out) -> std::size_t {
    if (const auto* terminate = std::get_if<Terminate>(&input))
      out.emplace_back(Close{terminate->reason});
    return 0;  // always waits for more
  });
  options.limits.input_bytes_max = 100'000;
  Plane plane{options};
  const UniqueFd agent = plane.connect();
  send_all(agent, std::string(200'000, 'x'));
  EXPECT_TRUE(plane.journal.await("closed: the agent sent a message of more than 100000 bytes"));
}

// A statement that waits for an approver, with megabytes of the next ones behind it: they are not
// one long message.
TEST(Limits, WhatWaitsBehindAHeldStatementIsNotReadOn) {
  constexpr std::size_t kBytes = 16U << 20;
  enum class State : std::uint8_t { kNew, kHeld, kApproved };
  static const std::string done = "done";
  const auto state = std::make_shared<std::atomic<State>>(State::kNew);
  const auto taken = std::make_shared<std::size_t>(0);
  auto options = scripted(
      [state, taken](const Input& input, FlowActions& out) -> std::size_t {
        if (std::holds_alternative<Decision>(input)) *state = State::kApproved;
        if (const auto* terminate = std::get_if<Terminate>(&input))
          out.emplace_back(Close{terminate->reason});
        const auto* received = std::get_if<Received>(&input);
        if (received == nullptr || received->bytes.empty() || *state == State::kHeld) return 0;
        if (*state == State::kNew) {
          out.emplace_back(Ask{"t", 1, {}, {}, {}});
          *state = State::kHeld;
        }
        *taken += received->bytes.size();
        if (*taken == kBytes + 10) out.emplace_back(Send{Side::kAgent, as_bytes(done)});
        return received->bytes.size();
      },
      [state](Side) { return *state == State::kHeld ? Demand::kLater : Demand::kMore; });
  options.limits.input_bytes_max = 100'000;
  Plane plane{options};
  const UniqueFd agent = plane.connect();
  send_all(agent, "drop table");
  ASSERT_TRUE(plane.approvals.journal.await("asked t"));
  std::thread sender([&agent] { send_all(agent, std::string(kBytes, 'q')); });
  pollfd writable{agent.get(), POLLOUT, 0};
  while (::poll(&writable, 1, 300) == 1)
    std::this_thread::yield();  // until nothing is read for long
  const auto flows = plane.server->flows().list();
  EXPECT_EQ(flows.size(), 1U);
  for (const auto& flow : flows) EXPECT_LT(flow.bytes_from_agent, 200'000U);
  plane.approvals.decide("t", DecisionKind::kApproved);
  sender.join();
  EXPECT_EQ(receive_exactly(agent, done.size()), done);
}

TEST(Limits, AnAgentThatLeavesBehindMoreThanIsReadOfItIsSeenToHaveLeft) {
  Plane::Options options = holding_sessions();
  options.limits.input_bytes_max = 100'000;
  Plane plane{options};
  {
    const UniqueFd agent = plane.connect();
    send_all(agent, "drop table");
    ASSERT_TRUE(plane.approvals.journal.await("asked t"));
    send_all(agent, std::string(150'000, 'q'));  // the kernel takes the rest
    half_close(agent);
    EXPECT_EQ(receive_to_end(agent), "");
  }
  EXPECT_TRUE(plane.journal.await("closed: the agent left"));
}

TEST(Limits, AnAgentThatReadsNoAnswersIsNotReadEither) {
  auto answer = std::make_shared<const std::string>(64U << 10, 'a');
  Plane plane{scripted([answer](const Input& input, FlowActions& out) -> std::size_t {
    const auto* received = std::get_if<Received>(&input);
    if (received == nullptr || received->bytes.empty()) return 0;
    out.emplace_back(Send{Side::kAgent, as_bytes(*answer)});
    return 1;
  })};
  const UniqueFd agent = plane.connect();
  send_all(agent, std::string(1000, 'q'));
  // A thousand answers are 64 MB: all of them come when they are read, none was queued beyond
  // what one read of questions can bring.
  for (int count = 0; count < 1000; ++count)
    ASSERT_EQ(receive_exactly(agent, answer->size()).size(), answer->size()) << count;
}

TEST(Exceptions, OfOneSessionEndThatFlowAlone) {
  auto throwing = std::make_shared<std::atomic<bool>>(true);
  Plane plane{scripted([throwing](const Input& input, FlowActions& out) -> std::size_t {
    const auto* received = std::get_if<Received>(&input);
    if (received == nullptr || received->bytes.empty()) return 0;
    if (throwing->exchange(false)) throw std::bad_alloc();
    out.emplace_back(Send{Side::kAgent, received->bytes});
    return received->bytes.size();
  })};
  const UniqueFd first = plane.connect();
  const UniqueFd second = plane.connect();
  send_all(first, "x");
  EXPECT_EQ(receive_to_end(first), "<reset>");
  send_all(second, "still here");
  EXPECT_EQ(receive_exactly(second, 10), "still here");
}

}  // namespace
}  // namespace sluice::net::test
