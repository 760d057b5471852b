// SPDX-License-Identifier: Apache-2.0
// The store fails at each call in turn: a request may be lost, an approval may never be invented.
#include "fixture.h"

namespace sluice::approval {
namespace {

using namespace std::chrono_literals;

// Works in memory's stead by doing nothing, and fails at call `fail_at` (from 1) and all after it.
class FailingStore final : public store::ApprovalStore {
 public:
  int fail_at = 0;
  int calls = 0;

  Result<void> add_request(const store::RequestEntry&) override { return step(); }
  Result<void> add_vote(const store::VoteEntry&, const store::Ending*,
                        const store::GrantEntry*) override {
    return step();
  }
  Result<void> end_request(const store::Ending&) override { return step(); }
  Result<std::uint64_t> end_all_pending(const std::string&, const std::string&, WallTime) override {
    SLUICE_TRY_VOID(step());
    return std::uint64_t{0};
  }
  Result<void> end_grant(const std::string&, const std::string&, WallTime) override {
    return step();
  }
  Result<void> end_all_grants(const std::string&, WallTime) override { return step(); }
  Result<std::vector<store::RequestEntry>> decided_since(WallTime, std::size_t) override {
    SLUICE_TRY_VOID(step());
    return std::vector<store::RequestEntry>{};
  }
  Result<std::vector<store::VoteEntry>> votes(const TicketId&) override {
    SLUICE_TRY_VOID(step());
    return std::vector<store::VoteEntry>{};
  }
  Result<void> prune(WallTime) override { return step(); }

 private:
  Result<void> step() {
    if (fail_at != 0 && ++calls >= fail_at) return Error{"disk full"};
    return {};
  }
};

class StoreFailure : public BookTest {
 protected:
  void SetUp() override {}

  void open_over_failing() {
    auto made = ApprovalBook::open(failing, clock);
    ASSERT_TRUE(made.ok());
    book = *std::move(made);
  }

  FailingStore failing;
};

TEST_F(StoreFailure, AtTheStartRefusesToOpen) {
  for (int call = 1; call <= 3; ++call) {
    failing.fail_at = call;
    failing.calls = 0;
    EXPECT_FALSE(ApprovalBook::open(failing, clock).ok()) << "call " << call;
  }
}

TEST_F(StoreFailure, WhileAskingAsksNobody) {
  open_over_failing();
  failing.fail_at = 1;
  EXPECT_FALSE(ask(make_ask("aaaa")).ok());
  EXPECT_TRUE(book->list().empty());
  EXPECT_TRUE(answers.empty());
}

TEST_F(StoreFailure, WhileVotingCountsNothingAndTheVoteCanBeCastAgain) {
  open_over_failing();
  must_ask(make_ask("aaaa"));
  failing.fail_at = 1;
  EXPECT_EQ(refusal(vote(carol, "aaaa", kApprove, "ok", 5min)), VoteRefused::Why::kStoreFailed);
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(book->grants().empty());
  failing.fail_at = 0;
  EXPECT_EQ(std::get<VoteOutcome>(vote(carol, "aaaa")).state, State::kApproved);
}

TEST_F(StoreFailure, WhileExpiringStillTellsTheFlow) {
  open_over_failing();
  must_ask(make_ask("aaaa"));
  failing.fail_at = 1;
  clock.advance(600s);
  book->tick();
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kExpired);
}

TEST_F(StoreFailure, WhileAGrantAnswersMeansNoAnswer) {
  open_over_failing();
  must_ask(make_ask("aaaa"));
  static_cast<void>(vote(carol, "aaaa", kApprove, "ok", 5min));
  failing.fail_at = 1;
  EXPECT_FALSE(ask(make_ask("bbbb")).ok());
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(StoreFailure, WhileWithdrawingOrRevokingStillTakesItAway) {
  open_over_failing();
  must_ask(make_ask("aaaa"));
  const auto voted = std::get<VoteOutcome>(vote(carol, "aaaa", kApprove, "ok", 5min));
  must_ask(make_ask("bbbb", "other"));
  failing.fail_at = 1;
  book->withdraw("bbbb", "gone");
  EXPECT_EQ(refusal(vote(carol, "bbbb")), VoteRefused::Why::kNoSuchTicket);
  EXPECT_FALSE(book->revoke_grant(voted.grant, "carol").ok());
  EXPECT_TRUE(book->grants().empty());
}

}  // namespace
}  // namespace sluice::approval
