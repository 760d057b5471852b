// SPDX-License-Identifier: Apache-2.0
// Parse, Bind, Describe, Execute: judged at Parse and at Bind, in pipelines, with names that come
// and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Field kId{"id", kOrders, 1, 23};
const Field kSsn{"ssn", kCustomers, 4, 25};

TEST(ExtendedQuery, PassesAsItCameAndIsRecordedOnce) {
  Harness h;
  h.logged_in();
  h.agent(Say{}
              .parse("", "select id from orders where id = $1", {23})
              .bind("", "", {"7"})
              .describe_portal("")
              .execute("")
              .sync());
  EXPECT_THAT(h.log(),
              ElementsAre("judged allow select id from orders where id = $1", "to server"));
  EXPECT_EQ(
      h.server_got(),
      "Parse  select id from orders where id = $1 ; Bind   7 ; Describe P  ; Execute  ; Sync");
  h.server(Reply{}.parsed().bound().columns({kId}).row({"7"}).complete("SELECT 1").ready());
  EXPECT_EQ(h.agent_got(),
            "ParseComplete ; BindComplete ; Columns id ; Row 7 ; Complete SELECT 1 ; Ready I");
}

TEST(ExtendedQuery, ShowsTheApproverTheParametersAndSendsNothingBefore) {
  Harness h;
  h.logged_in();
  h.agent(Say{}
              .parse("", "update orders set note = $1 where id = $2")
              .bind("", "", {"blue", "7"})
              .execute("")
              .sync());
  EXPECT_EQ(h.server_got(), "");
  ASSERT_EQ(h.asks.size(), 1U);
  EXPECT_THAT(h.asks[0].intent.parameters, ElementsAre("blue", "7"));
  EXPECT_THAT(h.agent_got(), HasSubstr("NOTICE 00000 held for approval"));
  h.decide(DecisionKind::kApproved);
  EXPECT_THAT(h.server_got(), HasSubstr("Execute"));
  EXPECT_EQ(h.asks.size(), 1U) << "one approval serves the Parse and its Bind";
}

TEST(ExtendedQuery, WaitsForItsBindBeforeItAsks) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders where id = $1"));
  EXPECT_TRUE(h.asks.empty());
  h.agent(Say{}.bind("", "", {"7"}).execute("").sync());
  ASSERT_EQ(h.asks.size(), 1U);
  EXPECT_THAT(h.asks[0].intent.parameters, ElementsAre("7"));
}

TEST(ExtendedQuery, PreparedAloneIsApprovedAloneAndEachBindAgain) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "delete from orders where id = $1", {23}).sync());
  ASSERT_EQ(h.asks.size(), 1U);
  h.decide(DecisionKind::kApproved);
  h.server(Reply{}.parsed().ready());
  h.agent(Say{}.bind("", "s", {"7"}).execute("").sync());
  ASSERT_EQ(h.asks.size(), 2U);
  EXPECT_THAT(h.asks[1].intent.parameters, ElementsAre("7"));
  h.server_got();
  h.decide(DecisionKind::kDenied, "alice", "no");
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute")));
}

TEST(ExtendedQuery, ThatIsRefusedInTheMiddleOfAPipelineFailsThere) {
  Harness h;
  h.logged_in();
  h.agent(Say{}
              .parse("", "select 1")
              .bind("", "")
              .execute("")
              .parse("", "delete from orders")
              .bind("", "")
              .execute("")
              .parse("", "select 'after'")
              .bind("", "")
              .execute("")
              .sync());
  const std::string sent = h.server_got();
  EXPECT_THAT(sent, HasSubstr("select 1"));
  EXPECT_THAT(sent, HasSubstr("sluice refused this statement"));
  EXPECT_THAT(sent, Not(HasSubstr("delete")));
  EXPECT_THAT(sent, Not(HasSubstr("after"))) << "the server would skip it";
  EXPECT_THAT(sent, HasSubstr("Sync"));
  const Field one{"?column?", 0, 0, 23};
  h.server(Reply{}
               .parsed()
               .bound()
               .columns({one})
               .row({"1"})
               .complete("SELECT 1")
               .error("42601", "x")
               .ready('I'));
  EXPECT_THAT(h.agent_got(),
              HasSubstr("Row 1 ; Complete SELECT 1 ; ERROR 42501 refused by policy rule"));
}

TEST(ExtendedQuery, ThatIsRefusedBeforeAFlushIsAnsweredAtOnceAndSkippedToSync) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders").flush());
  EXPECT_THAT(h.server_got(), HasSubstr("Flush"));
  h.server(Reply{}.error("42601", "x"));
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 42501"));
  h.agent(Say{}.bind("", "").execute(""));
  EXPECT_EQ(h.server_got(), "");
  h.agent(Say{}.sync());
  EXPECT_EQ(h.server_got(), "Sync");
}

TEST(ExtendedQuery, BindOfAStatementThatNobodyPreparedIsRefused) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.bind("", "ghost").execute("").sync());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("ghost")));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 26000"));
}

TEST(ExtendedQuery, ANameWhoseParseFailedStandsForNothing) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "select missing from orders").sync());
  h.server(Reply{}.error("42703", "column does not exist").ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute")));
}

TEST(ExtendedQuery, ASkippedParseLeavesTheEarlierStatementInPlace) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "select ssn from customers").sync());
  h.server(Reply{}.parsed().ready());
  h.agent(
      Say{}.parse("bad", "select missing from orders").parse("", "select id from orders").sync());
  h.server(Reply{}.error("42703", "x").ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "").describe_portal("").execute("").sync());
  h.server(Reply{}.bound().columns({kSsn}).row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

TEST(ExtendedQuery, ExecutedWithoutADescribeIsDescribedByUs) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "select ssn from customers").sync());
  h.server(Reply{}.parsed().ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_EQ(h.server_got(), "Bind  s  ; Describe P  ; Execute  ; Sync");
  h.server(Reply{}.bound().columns({kSsn}).row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_EQ(h.agent_got(), "BindComplete ; Row [redacted] ; Complete SELECT 1 ; Ready I");
}

TEST(ExtendedQuery, ADescriptionOfTheStatementServesLaterExecutions) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "select ssn from customers").describe_statement("s").sync());
  h.server(Reply{}.parsed().parameters({}).columns({kSsn}).ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "s", {}, {pg::Format::kBinary}).execute("").sync());
  EXPECT_EQ(h.server_got(), "Bind  s  ; Execute  ; Sync");
  h.server(Reply{}.bound().row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

TEST(ExtendedQuery, ADescriptionIsVoidAfterSomethingThatChangesWhatNamesMean) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "select ssn from customers").describe_statement("s").sync());
  h.server(Reply{}.parsed().parameters({}).columns({kSsn}).ready());
  h.agent(Say{}.query("set search_path to other"));
  h.server(Reply{}.complete("SET").ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("Describe P"));
}

TEST(ExtendedQuery, APortalGivesItsRowsInParts) {
  Harness h;
  h.logged_in();
  h.agent(Say{}
              .parse("", "select ssn from customers")
              .bind("p", "")
              .describe_portal("p")
              .execute("p", 1)
              .sync());
  h.server(Reply{}.parsed().bound().columns({kSsn}).row({"078-05-1120"}).suspended().ready('T'));
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted] ; PortalSuspended"));
  h.server_got();
  h.agent(Say{}.execute("p", 1).sync());
  EXPECT_EQ(h.server_got(), "Execute p ; Sync");
  h.server(Reply{}.row({"219-09-9999"}).complete("SELECT 1").ready('T'));
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

TEST(ExtendedQuery, AStatementThatSqlPreparedCanBeBoundAndIsMasked) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("prepare q as select ssn from customers"));
  h.server(Reply{}.complete("PREPARE").ready());
  h.agent_got();
  h.server_got();
  h.agent(Say{}.bind("", "q").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("Describe P  ; Execute"));
  h.server(Reply{}.bound().columns({kSsn}).row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

TEST(ExtendedQuery, WhatDeallocateOrDiscardForgotCannotBeBound) {
  for (const char* forget : {"deallocate q", "deallocate all", "discard all"}) {
    Harness h;
    h.logged_in();
    h.agent(Say{}.parse("q", "select id from orders").sync());
    h.server(Reply{}.parsed().ready());
    h.agent(Say{}.query(forget));
    h.server(Reply{}
                 .complete(std::string{forget} == "discard all" ? "DISCARD ALL" : "DEALLOCATE")
                 .ready());
    h.agent_got();
    h.server_got();
    h.agent(Say{}.bind("", "q").execute("").sync());
    EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute"))) << forget;
  }
}

TEST(ExtendedQuery, TheNextMessageWaitsForAStatementThatChangesNames) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("prepare q as select 1"));
  h.server_got();
  h.agent(Say{}.query("execute q"));
  EXPECT_EQ(h.server_got(), "");
  h.server(Reply{}.complete("PREPARE").ready());
  EXPECT_EQ(h.server_got(), "Query execute q");
}

TEST(ExtendedQuery, ACancelWhileHeldWithdrawsAndFailsAsACancelledStatementDoes) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders where id = 1").bind("", "").execute("").sync());
  ASSERT_EQ(h.asks.size(), 1U);
  h.input(CancelAsked{});
  EXPECT_EQ(h.withdrawn.size(), 1U);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("delete")));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 57014"));
}

TEST(ExtendedQuery, APolicyThatDeniesWhileItIsHeldWinsOverTheApproval) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders where id = 1").bind("", "").execute("").sync());
  h.world.set_rules("\n  - { name: nothing, actions: any, verdict: deny }\n");
  h.decide(DecisionKind::kApproved);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("delete")));
}

TEST(ExtendedQuery, APolicyThatAsksOthersWhileItIsHeldAsksThem) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders where id = 1").bind("", "").execute("").sync());
  h.world.set_rules(
      "\n  - { name: others, actions: any, verdict: hold, approvers: { users: [bob] } }\n");
  h.decide(DecisionKind::kApproved);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("delete")));
  ASSERT_EQ(h.asks.size(), 2u);
  EXPECT_NE(h.asks[0].ticket, h.asks[1].ticket);
  EXPECT_EQ(h.asks[1].verdict.rule, "others");
  h.decide(DecisionKind::kApproved, "bob");
  EXPECT_THAT(h.server_got(), HasSubstr("delete"));
}

TEST(ExtendedQuery, AnAgentThatGoesAwayWhileItWaitsWithdraws) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "delete from orders where id = 1").bind("", "").execute("").sync());
  h.input(SideClosed{Side::kAgent});
  EXPECT_EQ(h.withdrawn.size(), 1U);
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_EQ(h.server_got(), "");
}

}  // namespace
}  // namespace sluice::session::test
