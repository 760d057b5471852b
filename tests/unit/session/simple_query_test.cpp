// SPDX-License-Identifier: Apache-2.0
// Query messages: allowed, refused, held, several statements in one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Field kId{"id", kOrders, 1, 23};

TEST(SimpleQuery, PassesAsItCameAndIsRecordedFirst) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select id from orders"));
  EXPECT_THAT(h.log(), ElementsAre("judged allow select id from orders", "to server"));
  EXPECT_EQ(h.server_got(), "Query select id from orders");
  h.server(Reply{}.columns({kId}).row({"1"}).row({std::nullopt}).complete("SELECT 2").ready());
  EXPECT_EQ(h.agent_got(), "Columns id ; Row 1 ; Row NULL ; Complete SELECT 2 ; Ready I");
}

TEST(SimpleQuery, ThatIsRefusedFailsAtTheServerWithoutAWordOfIt) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("delete from orders"));
  EXPECT_THAT(h.log(), ElementsAre("judged deny delete from orders", "to server"));
  EXPECT_EQ(h.server_got(), "Query sluice refused this statement (ses-00000000000000aa/1)");
  h.server(Reply{}.error("42601", "syntax error at or near \"sluice\"").ready('E'));
  EXPECT_EQ(h.agent_got(),
            "ERROR 42501 refused by policy rule \"never a whole table\": name the rows / Actions: "
            "delete; resource: shop; agent: reporter. ; Ready E");
  h.agent(Say{}.query("select 1"));
  EXPECT_EQ(h.server_got(), "Query select 1");
}

TEST(SimpleQuery, OfSeveralStatementsPassesWholeOrNotAtAll) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select 1; delete from orders; select 2"));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("select")));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("42501"));
  h.agent(Say{}.query("select 1; select 2"));
  EXPECT_EQ(h.server_got(), "Query select 1; select 2");
  const Field one{"?column?", 0, 0, 23};
  h.server(Reply{}
               .columns({one})
               .row({"1"})
               .complete("SELECT 1")
               .columns({one})
               .row({"2"})
               .complete("SELECT 1")
               .ready());
  EXPECT_EQ(h.agent_got(),
            "Columns ?column? ; Row 1 ; Complete SELECT 1 ; Columns ?column? ; Row 2 ; Complete "
            "SELECT 1 ; Ready I");
}

TEST(SimpleQuery, ThatCannotBeReadIsASyntaxErrorAndIsNotSent) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("selekt secret_text"));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("secret_text")));
  h.server(Reply{}.error("42601", "x").ready());
  const Bytes bytes = h.agent_bytes();
  std::string got{as_text(bytes)};
  std::replace(got.begin(), got.end(), '\0', '.');
  EXPECT_THAT(got, HasSubstr(".C42601.Msyntax error at or near \"selekt\"."));
  EXPECT_THAT(got, HasSubstr(".P1."));
}

TEST(SimpleQuery, ThatNamesATableOfAMomentAgoWaitsForANewerCatalogue) {
  Harness h;
  h.logged_in();
  h.world.catalog = h.world.next_catalog(2000, "note");
  h.agent(Say{}.query("select note from extra where note = 'x'"));
  EXPECT_THAT(h.log(), ::testing::Contains("fresh catalog"));
  EXPECT_TRUE(h.asks.empty()) << "known now, and not sensitive";
  EXPECT_THAT(h.server_got(), HasSubstr("from extra"));
  // A name that nobody has is looked up again at most once a second.
  for (int i = 0; i < 5; ++i) h.agent(Say{}.query("select 1 from nowhere"));
  EXPECT_EQ(h.catalogs_asked.size(), 2U) << "one at the login, one for the new table";
}

TEST(SimpleQuery, ThatDiffersInANumberIsJudgedByItsOwnText) {
  Harness h{{.rules = kAllowAll}};
  h.logged_in();
  const auto judged = [&](const std::string& text) {
    h.agent(Say{}.query(text));
    EXPECT_EQ(h.server_got(), "Query " + text);
    h.server(Reply{}.complete("DELETE 1").ready());
    h.agent_got();
    return h.log().front();
  };
  for (const std::string text :
       {"delete from orders where id = 1", "delete from orders where id = 2",
        "delete from orders where id = 2 "})
    EXPECT_EQ(judged(text), "judged allow " + text);
}

TEST(SimpleQuery, WhoseNumberMattersIsNotTakenForAnother) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("delete from orders where 1 = 2"));
  EXPECT_EQ(h.asks.size(), 1u);
  h.decide(DecisionKind::kDenied);
  h.server(Reply{}.error("42601", "x").ready());
  h.agent_got();
  h.agent(Say{}.query("delete from orders where 1 = 1"));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("name the rows"));
}

TEST(SimpleQuery, ThatIsEmptyPasses) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query(" -- nothing"));
  h.server(Reply{}.empty().ready());
  EXPECT_EQ(h.agent_got(), "EmptyQueryResponse ; Ready I");
}

TEST(SimpleQuery, CanBePipelined) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select id from orders").query("delete from orders").query("select 2"));
  h.server(Reply{}
               .columns({kId})
               .row({"1"})
               .complete("SELECT 1")
               .ready()
               .error("42601", "x")
               .ready()
               .columns({{"?column?", 0, 0, 23}})
               .row({"2"})
               .complete("SELECT 1")
               .ready());
  EXPECT_FALSE(h.closed);
  EXPECT_THAT(h.agent_got(), HasSubstr("Ready I ; ERROR 42501 refused by policy rule"));
}

// --- holds

class HeldQuery : public ::testing::Test {
 protected:
  HeldQuery() {
    h.logged_in();
    h.agent(Say{}.query("delete from orders where id = 7"));
  }
  Harness h;
};

TEST_F(HeldQuery, SendsNothingButTellsTheAgentAtOnce) {
  EXPECT_EQ(h.server_got(), "");
  EXPECT_THAT(h.agent_got(), HasSubstr("NOTICE 00000 held for approval, ticket"));
  EXPECT_THAT(h.log(), ElementsAre("fresh catalog", "judged hold delete from orders where id = 7",
                                   "ask", "to agent"));
  ASSERT_EQ(h.asks.size(), 1u);
  EXPECT_EQ(h.asks[0].intent.statement, "delete from orders where id = 7");
}

TEST_F(HeldQuery, RunsWhenItIsApproved) {
  h.agent_got();
  h.log();
  h.decide(DecisionKind::kApproved);
  EXPECT_EQ(h.server_got(), "Query delete from orders where id = 7");
  EXPECT_THAT(h.log(), ElementsAre("approved", "fresh catalog", "to server"));
  h.server(Reply{}.complete("DELETE 1").ready());
  EXPECT_EQ(h.agent_got(), "Complete DELETE 1 ; Ready I");
}

TEST_F(HeldQuery, KeepsTheOrderOfTheStream) {
  h.agent(Say{}.query("select 1"));
  EXPECT_EQ(h.server_got(), "");
  h.decide(DecisionKind::kApproved);
  EXPECT_EQ(h.server_got(), "Query delete from orders where id = 7 ; Query select 1");
}

struct NotApproved {
  const char* name;
  DecisionKind kind;
  const char* message;
};
class HeldQueryEnds : public ::testing::TestWithParam<NotApproved> {};

TEST_P(HeldQueryEnds, WithAnErrorAndTheConnectionLives) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.query("delete from orders where id = 7"));
  h.server_got();
  h.agent_got();
  h.decide(GetParam().kind, "bob", "no");
  EXPECT_THAT(h.server_got(), Not(HasSubstr("delete")));
  // The server aborts the transaction; both sides agree.
  h.server(Reply{}.error("42601", "x").ready('E'));
  const std::string got = h.agent_got();
  EXPECT_THAT(got, HasSubstr(GetParam().message));
  EXPECT_THAT(got, HasSubstr("; Ready E"));
  h.agent(Say{}.query("rollback"));
  EXPECT_EQ(h.server_got(), "Query rollback");
}
INSTANTIATE_TEST_SUITE_P(
    Simple, HeldQueryEnds,
    ::testing::Values(NotApproved{"denied", DecisionKind::kDenied,
                                  "ERROR 42501 refused: approval was denied by bob: no"},
                      NotApproved{"expired", DecisionKind::kExpired,
                                  "ERROR 42501 refused: nobody approved it in time"}),
    [](const auto& one) { return std::string{one.param.name}; });

TEST_F(HeldQuery, IsWithdrawnByCancel) {
  h.agent_got();
  h.input(CancelAsked{});
  ASSERT_EQ(h.withdrawn.size(), 1u);
  EXPECT_TRUE(h.cancels_sent.empty());
  EXPECT_THAT(h.server_got(), HasSubstr("Query sluice refused"));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 57014 canceling statement due to user request"));
  // An answer that comes too late changes nothing.
  h.decide(DecisionKind::kApproved);
  EXPECT_EQ(h.server_got(), "");
}

TEST_F(HeldQuery, IsWithdrawnWhenTheAgentGoesAway) {
  h.input(SideClosed{Side::kAgent});
  EXPECT_EQ(h.withdrawn.size(), 1u);
  EXPECT_TRUE(h.closed);
  EXPECT_EQ(h.server_got(), "");
}

TEST_F(HeldQuery, IsWithdrawnWhenTheServerGoesAway) {
  h.input(SideClosed{Side::kUpstream});
  EXPECT_EQ(h.withdrawn.size(), 1u);
  EXPECT_TRUE(h.closed);
}

TEST_F(HeldQuery, IsWithdrawnWhenTheRunIsRevoked) {
  h.agent_got();
  h.input(Terminate{"the run was revoked"});
  EXPECT_EQ(h.withdrawn.size(), 1u);
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL 57P01"));
  EXPECT_TRUE(h.closed);
  EXPECT_EQ(h.server_got(), "");
}

TEST_F(HeldQuery, IsRefusedIfThePolicyDeniesItByThen) {
  h.world.set_rules("\n  - { name: reads, actions: [read], verdict: allow }\n");
  h.decide(DecisionKind::kApproved);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("delete")));
  h.server(Reply{}.error("42601", "x").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 42501 refused: no policy rule allows"));
}

TEST_F(HeldQuery, IgnoresADecisionOnAnotherTicket) {
  h.input(Decision{"zzzzzzzz", DecisionKind::kApproved, "mallory", ""});
  EXPECT_EQ(h.server_got(), "");
}

TEST(Cancel, OfWhatTheServerIsDoingGoesToTheServerWithItsOwnKey) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select pg_sleep(10)"));
  h.input(CancelAsked{});
  ASSERT_EQ(h.cancels_sent.size(), 1u);
  Bytes expected;
  pg::append_cancel_request(expected, Bytes{0, 0, 0, 9, 1, 2, 3, 4});
  EXPECT_EQ(h.cancels_sent[0], expected);
  EXPECT_NE(h.cancel_key, (Bytes{0, 0, 0, 9, 1, 2, 3, 4}));
}

TEST(Cancel, OverAConnectionOfItsOwnEndsThatConnectionWhenItIsDelivered) {
  Harness h;
  const Bytes key{0, 0, 0, 9, 5, 6, 7, 8};
  Bytes request;
  pg::append_cancel_request(request, key);
  h.agent(request);
  EXPECT_EQ(h.cancels_forwarded, std::vector<Bytes>{key});
  EXPECT_FALSE(h.closed);
  h.agent(Say{}.query("select 1"));
  h.input(CancelDelivered{});
  ASSERT_TRUE(h.closed);
  EXPECT_EQ(h.closed->reason, "cancel request");
  EXPECT_EQ(h.agent_got(), "");
  EXPECT_EQ(h.server_got(), "");
}

}  // namespace
}  // namespace sluice::session::test
