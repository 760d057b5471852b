// SPDX-License-Identifier: Apache-2.0
#include "approval/book.h"

#include "fixture.h"

#include <gmock/gmock.h>

#include <thread>

namespace sluice::approval {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Why = VoteRefused::Why;

TEST_F(BookTest, AnApprovalAnswersTheFlowOnce) {
  must_ask(make_ask("aaaa"));
  EXPECT_TRUE(answers.empty());
  const auto voted = vote(carol, "aaaa");
  EXPECT_EQ(std::get<VoteOutcome>(voted).state, State::kApproved);
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kApproved);
  EXPECT_EQ(answers["aaaa"].by, "carol");
  EXPECT_EQ(answers["aaaa"].note, "looked at it");
  clock.advance(1h);
  book->tick();
  book->withdraw("aaaa", "late");
  EXPECT_EQ(answer_count["aaaa"], 1);
  EXPECT_EQ(refusal(vote(dave, "aaaa")), Why::kNoSuchTicket);
}

TEST_F(BookTest, AnEstimateIsShownWhileTheRequestWaits) {
  must_ask(make_ask("aaaa"));
  const auto version = book->version();
  book->note_rows("aaaa", 12'000);
  EXPECT_EQ(book->list().front().estimated_rows, 12'000U);
  EXPECT_GT(book->version(), version) << "so that people who look see it come";
  std::get<VoteOutcome>(vote(carol, "aaaa"));
  book->note_rows("aaaa", 1);
  book->note_rows("nobody's", 1);
  EXPECT_TRUE(book->list().empty());
}

TEST_F(BookTest, ADenialEndsItWithItsReason) {
  must_ask(make_ask("aaaa"));
  EXPECT_EQ(std::get<VoteOutcome>(vote(carol, "aaaa", kDeny, "not on Fridays")).state,
            State::kDenied);
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kDenied);
  EXPECT_EQ(answers["aaaa"].note, "not on Fridays");
}

TEST_F(BookTest, ADenialNeedsAReason) {
  must_ask(make_ask("aaaa"));
  EXPECT_EQ(refusal(vote(carol, "aaaa", kDeny, "")), Why::kInvalid);
  EXPECT_TRUE(answers.empty());
}

TEST_F(BookTest, TwoOfManyMustBeDifferentPeople) {
  Ask question = make_ask("aaaa");
  question.verdict.approvers.count = 2;
  must_ask(question);
  const auto first = std::get<VoteOutcome>(vote(carol, "aaaa"));
  EXPECT_EQ(first.state, State::kPending);
  EXPECT_EQ(first.still_needed, 1U);
  EXPECT_EQ(refusal(vote(carol, "aaaa")), Why::kAlreadyVoted);
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(std::get<VoteOutcome>(vote(erin, "aaaa")).state, State::kApproved);
  EXPECT_EQ(answers["aaaa"].by, "carol,erin");
}

TEST_F(BookTest, TheSamePersonUnderAnotherNameOfTheSameUidVotesOnce) {
  Ask question = make_ask("aaaa");
  question.verdict.approvers.count = 2;
  must_ask(question);
  static_cast<void>(vote(carol, "aaaa"));
  EXPECT_EQ(refusal(vote({carol.uid, "dave", {}}, "aaaa")), Why::kAlreadyVoted);
}

TEST_F(BookTest, OneDenialOutweighsEarlierApprovals) {
  Ask question = make_ask("aaaa");
  question.verdict.approvers.count = 3;
  must_ask(question);
  static_cast<void>(vote(carol, "aaaa"));
  static_cast<void>(vote(dave, "aaaa"));
  static_cast<void>(vote(erin, "aaaa", kDeny, "no"));
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kDenied);
  EXPECT_EQ(answers["aaaa"].by, "erin");
}

TEST_F(BookTest, OnlyPeopleOfTheRuleMayVote) {
  must_ask(make_ask("aaaa"));
  EXPECT_EQ(refusal(vote(mallory, "aaaa")), Why::kNotAnApprover);
  EXPECT_EQ(refusal(vote(mallory, "aaaa", kDeny, "no")), Why::kNotAnApprover);
  EXPECT_EQ(std::get<VoteOutcome>(vote(erin, "aaaa")).state, State::kApproved);
}

TEST_F(BookTest, NobodyDecidesOnARequestOfTheirOwn) {
  must_ask(make_ask("aaaa"));
  EXPECT_EQ(refusal(vote(alice, "aaaa")), Why::kOwnRequest);  // launched it
  EXPECT_EQ(refusal(vote(bob, "aaaa")), Why::kOwnRequest);    // it acts for him
  EXPECT_EQ(refusal(vote(alice, "aaaa", kDeny, "no")), Why::kOwnRequest);
}

TEST_F(BookTest, ARequestOfARunBelowIsOnesOwnToo) {
  must_ask(make_ask("aaaa", "DELETE FROM t", {run("run-1", "carol", "carol"), run("run-2")}));
  EXPECT_EQ(refusal(vote(carol, "aaaa")), Why::kOwnRequest);
}

TEST_F(BookTest, RootIsNoApproverByBeingRoot) {
  Ask question = make_ask("aaaa");
  question.verdict.approvers.groups = {};
  must_ask(question);
  EXPECT_EQ(refusal(vote(root, "aaaa")), Why::kNotAnApprover);
}

TEST_F(BookTest, RootMayDecideOnItsOwnRequestOnlyWhereTheRuleNamesTheUserRoot) {
  Ask by_group = make_ask("aaaa", "DELETE FROM t", {run("run-1", "root", "root")});
  must_ask(by_group);
  EXPECT_EQ(refusal(vote(root, "aaaa")), Why::kOwnRequest);
  Ask by_name = make_ask("bbbb", "DELETE FROM t", {run("run-1", "root", "root")});
  by_name.verdict.approvers.users = {"root"};
  must_ask(by_name);
  EXPECT_EQ(std::get<VoteOutcome>(vote(root, "bbbb")).state, State::kApproved);
}

TEST_F(BookTest, ExpiresAtItsDeadlineAndAnswersSo) {
  must_ask(make_ask("aaaa"));
  clock.advance(599s);
  book->tick();
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(book->next_deadline(), clock.steady() + 1s);
  clock.advance(1s);
  book->tick();
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kExpired);
  EXPECT_EQ(book->next_deadline(), SteadyTime::max());
}

TEST_F(BookTest, AVoteAfterTheDeadlineIsTooLateEvenBeforeTheTick) {
  must_ask(make_ask("aaaa"));
  clock.advance(600s);
  EXPECT_EQ(refusal(vote(carol, "aaaa")), Why::kNoSuchTicket);
  book->tick();
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kExpired);
}

TEST_F(BookTest, AWallClockThatIsSetBackKeepsNothingAliveLonger) {
  must_ask(make_ask("aaaa"));
  clock.step_wall(-86400s);
  clock.advance(600s);
  book->tick();
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kExpired);
}

TEST_F(BookTest, AnAbsurdTimeoutDoesNotOverflow) {
  Ask question = make_ask("aaaa");
  question.verdict.timeout = std::chrono::seconds::max();
  must_ask(question);
  book->tick();
  EXPECT_TRUE(answers.empty());
}

TEST_F(BookTest, AWithdrawnRequestIsNotAnsweredAndCannotBeVotedOn) {
  must_ask(make_ask("aaaa"));
  book->withdraw("aaaa", "the agent disconnected");
  EXPECT_EQ(refusal(vote(carol, "aaaa")), Why::kNoSuchTicket);
  EXPECT_TRUE(answers.empty());
  const auto rows = book->list(clock.wall() - 1h);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].state, State::kWithdrawn);
  EXPECT_EQ(rows[0].note, "the agent disconnected");
  book->withdraw("zzzz", "never asked");
}

TEST_F(BookTest, ARestartClosesWhatTheLastLifeLeftPending) {
  must_ask(make_ask("aaaa"));
  reopen();
  EXPECT_TRUE(book->list().empty());
  EXPECT_EQ(refusal(vote(carol, "aaaa")), Why::kNoSuchTicket);
  const auto rows = book->list(clock.wall() - 1h);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].state, State::kWithdrawn);
  EXPECT_THAT(rows[0].note, HasSubstr("restart"));
}

TEST_F(BookTest, WhatWasAskedAndDecidedIsShownWholeAfterARestart) {
  Ask question = make_ask("aaaa", "UPDATE t SET a = '\x1b[2J' -- \xc3\xa4");
  question.intent.columns = {{"public", "t", "ssn", true}};
  question.intent.unbounded = true;
  question.verdict.message = "name the rows";
  must_ask(question);
  static_cast<void>(vote(carol, "aaaa", kApprove, "ok"));
  reopen();
  const auto rows = book->list(clock.wall() - 1h);
  ASSERT_EQ(rows.size(), 1U);
  const Request& row = rows[0];
  EXPECT_EQ(row.intent.statement, question.intent.statement);
  EXPECT_EQ(row.intent.parameters, question.intent.parameters);
  EXPECT_EQ(row.intent.objects, question.intent.objects);
  EXPECT_EQ(row.intent.columns, question.intent.columns);
  EXPECT_EQ(row.intent.actions, question.intent.actions);
  EXPECT_TRUE(row.intent.unbounded);
  EXPECT_EQ(row.intent.lineage->back().on_behalf_of, "bob");
  EXPECT_EQ(row.verdict.rule, "changes need a person");
  EXPECT_EQ(row.verdict.message, "name the rows");
  EXPECT_EQ(row.verdict.approvers.users, question.verdict.approvers.users);
  EXPECT_EQ(row.verdict.timeout, 600s);
  ASSERT_EQ(row.votes.size(), 1U);
  EXPECT_EQ(row.votes[0].by, "carol");
}

TEST_F(BookTest, ATicketInUseIsRefused) {
  must_ask(make_ask("aaaa"));
  EXPECT_FALSE(ask(make_ask("aaaa")).ok());
  static_cast<void>(vote(carol, "aaaa"));
  // Nor may one of the past be used again: its votes are in the store.
  EXPECT_FALSE(ask(make_ask("aaaa")).ok());
}

TEST_F(BookTest, OneOutermostRunCannotFloodTheApproversByNesting) {
  Limits limits;
  limits.pending_per_outermost_run_max = 2;
  reopen(limits);
  must_ask(make_ask("aaaa", "x", {run("run-1")}));
  must_ask(make_ask("bbbb", "x", {run("run-1"), run("run-2")}));
  const auto third = ask(make_ask("cccc", "x", {run("run-1"), run("run-3")}));
  ASSERT_FALSE(third.ok());
  EXPECT_THAT(third.error().text(), HasSubstr("too many statements of this run"));
  must_ask(make_ask("dddd", "x", {run("run-9")}));
  book->withdraw("aaaa", "gone");
  must_ask(make_ask("eeee", "x", {run("run-1")}));
}

TEST_F(BookTest, TheHostHasALimitToo) {
  Limits limits;
  limits.pending_max = 1;
  reopen(limits);
  must_ask(make_ask("aaaa"));
  const auto second = ask(make_ask("bbbb", "x", {run("run-9")}));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().text(), HasSubstr("on this host"));
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(BookTest, TheEndOfARunWithdrawsItsRequestsAndTellsTheirFlows) {
  must_ask(make_ask("aaaa"));
  must_ask(make_ask("bbbb", "x", {run("run-2")}));
  book->end_run("run-1", "revoked by carol");
  EXPECT_EQ(answers["aaaa"].kind, DecisionKind::kWithdrawn);
  EXPECT_EQ(answers["aaaa"].note, "revoked by carol");
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(BookTest, EachChangeIsAnnouncedWithoutALock) {
  std::vector<std::uint64_t> seen;
  book->on_change([&] { seen.push_back(book->version()); });  // calls back in
  must_ask(make_ask("aaaa"));
  static_cast<void>(vote(carol, "aaaa"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_LT(seen[0], seen[1]);
}

TEST_F(BookTest, AnAnswerMayAskAndWithdrawAgain) {
  ASSERT_TRUE(book->ask(make_ask("aaaa"), "ses-1",
                        [&](const Decision&) {
                          book->withdraw("aaaa", "from within");
                          must_ask(make_ask("bbbb"));
                        })
                  .ok());
  static_cast<void>(vote(carol, "aaaa"));
  EXPECT_EQ(book->list().size(), 1U);
}

TEST_F(BookTest, NoAnswerComesForWhatAnEarlierAnswerOfTheSameTickWithdrew) {
  ASSERT_TRUE(book->ask(make_ask("aaaa"), "ses-1",
                        [&](const Decision&) { book->withdraw("bbbb", "the flow is gone"); })
                  .ok());
  must_ask(make_ask("bbbb"));
  clock.advance(600s);
  book->tick();
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(BookTest, WithdrawWaitsForAnAnswerThatIsUnderWayOnAnotherThread) {
  std::atomic<bool> in_answer{false}, let_go{false}, done{false};
  ASSERT_TRUE(book->ask(make_ask("aaaa"), "ses-1",
                        [&](const Decision&) {
                          in_answer = true;
                          in_answer.notify_all();
                          let_go.wait(false);
                          done = true;
                        })
                  .ok());
  std::thread voter{[&] { static_cast<void>(vote(carol, "aaaa")); }};
  in_answer.wait(false);
  std::thread helper{[&] {
    let_go = true;
    let_go.notify_all();
  }};
  book->withdraw("aaaa", "gone");
  EXPECT_TRUE(done);
  voter.join();
  helper.join();
}

TEST_F(BookTest, ManyVotersAtOnceDecideOnce) {
  for (int round = 0; round < 20; ++round) {
    const TicketId ticket = "t" + std::to_string(round);
    std::atomic<int> answered{0};
    ASSERT_TRUE(book->ask(make_ask(ticket), "ses-1", [&](const Decision&) { ++answered; }).ok());
    std::vector<std::thread> voters;
    for (const Person& person : {carol, dave, erin})
      voters.emplace_back([&, person] { static_cast<void>(vote(person, ticket)); });
    for (auto& voter : voters) voter.join();
    EXPECT_EQ(answered, 1);
  }
}

}  // namespace
}  // namespace sluice::approval
