// SPDX-License-Identifier: Apache-2.0
// What sessions of one database tell each other: by what catalogue a statement is judged and its
// rows are masked while others change it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kQuestion = "select id from orders";
const Field kId{"id", kOrders, 1, 23};
// Of another table by the server's word, as after a view of that name was made anew.
const Field kSsn{"id", kCustomers, 4, 25};

class News : public ::testing::Test {
 protected:
  News() {
    h.logged_in();
    h.catalog_by_itself = false;
    h.catalogs_asked.clear();
  }
  DatabaseNews& news() { return h.world.news->of("shop"); }
  Harness h;
};

TEST_F(News, WithoutAnyNoCatalogueIsAskedFor) {
  h.agent(Say{}.query(kQuestion));
  EXPECT_TRUE(h.catalogs_asked.empty());
  EXPECT_EQ(news().now().changing, 0U);
}

TEST_F(News, OfAChangeMakeTheNextStatementWaitForACatalogueOfAfterIt) {
  news().begin();
  news().end(true);
  h.agent(Say{}.query(kQuestion));
  EXPECT_EQ(h.server_got(), "");
  ASSERT_EQ(h.catalogs_asked.size(), 1U);
  EXPECT_EQ(h.catalogs_asked[0].generation, news().now().generation);
  EXPECT_FALSE(h.catalogs_asked[0].fresh) << "many sessions can share one reading";
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "Query select id from orders");
  h.server(Reply{}.columns({kId}).row({"1"}).complete("SELECT 1").ready());
  h.agent(Say{}.query(kQuestion));
  EXPECT_EQ(h.server_got(), "Query select id from orders");
  EXPECT_EQ(h.catalogs_asked.size(), 1U);
}

TEST_F(News, WhileSomebodyChangesEachStatementHasACatalogueOfItsOwn) {
  news().begin();
  for (std::size_t round = 1; round <= 2; ++round) {
    h.agent(Say{}.query(kQuestion));
    EXPECT_EQ(h.server_got(), "");
    ASSERT_EQ(h.catalogs_asked.size(), 2 * round - 1);
    EXPECT_TRUE(h.catalogs_asked.back().fresh);
    h.give_catalog();
    EXPECT_EQ(h.server_got(), "Query select id from orders");
    // And once more when the server has begun.
    h.server(Reply{}.columns({kId}).row({"1"}).complete("SELECT 1").ready());
    EXPECT_EQ(h.agent_got(), "");
    ASSERT_EQ(h.catalogs_asked.size(), 2 * round);
    h.give_catalog();
    EXPECT_EQ(h.agent_got(), "Columns id ; Row 1 ; Complete SELECT 1 ; Ready I");
  }
  news().end(false);
  h.agent(Say{}.query(kQuestion));
  EXPECT_EQ(h.server_got(), "Query select id from orders");
}

TEST_F(News, OfAChangeBehindTheJudgementArePartOfTheMask) {
  h.agent(Say{}.query(kQuestion));
  news().begin();
  news().end(true);
  h.server(Reply{}.columns({kSsn}).row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_EQ(h.agent_got(), "");
  h.give_catalog();
  EXPECT_THAT(h.agent_got(), AllOf(HasSubstr("[redacted]"), Not(HasSubstr("1120"))));
}

TEST_F(News, OfDdlAreToldBeforeItsFirstByteGoesAndWhenItIsAnswered) {
  const auto before = news().now();
  h.agent(Say{}.query("create table t (a int)"));
  EXPECT_EQ(h.server_got(), "Query create table t (a int)");
  EXPECT_EQ(news().now().changing, 1U);
  h.server(Reply{}.complete("CREATE TABLE").ready());
  EXPECT_EQ(news().now().changing, 0U);
  EXPECT_GT(news().now().generation, before.generation);
}

TEST_F(News, OfDdlInATransactionAreToldWhenItCommits) {
  h.agent(Say{}.query("begin; create table t (a int)"));
  h.server(Reply{}.complete("BEGIN").complete("CREATE TABLE").ready('T'));
  const auto inside = news().now();
  EXPECT_EQ(inside.changing, 0U) << "an open transaction shows nothing to others";
  h.agent(Say{}.query(kQuestion));
  EXPECT_TRUE(h.catalogs_asked.empty()) << "its own are no news to it";
  h.server(Reply{}.columns({kId}).complete("SELECT 0").ready('T'));
  h.agent(Say{}.query("commit"));
  EXPECT_EQ(news().now().changing, 1U);
  h.server(Reply{}.complete("COMMIT").ready());
  EXPECT_GT(news().now().generation, inside.generation);
  EXPECT_EQ(news().now().changing, 0U);
}

TEST_F(News, OfAPreparedTransactionAreToldByWhoCommitsIt) {
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.query("prepare transaction 'ours'"));
  h.server(Reply{}.complete("PREPARE TRANSACTION").ready());
  const auto before = news().now();
  h.agent(Say{}.query("commit prepared 'ours'"));
  EXPECT_EQ(news().now().changing, 1U);
  h.server(Reply{}.complete("COMMIT PREPARED").ready());
  EXPECT_GT(news().now().generation, before.generation);
}

TEST_F(News, OfWhatWasNeverAnsweredLastAWhile) {
  Harness other;
  h.agent(Say{}.query("create table t (a int)"));
  h.session.reset();
  EXPECT_EQ(news().now().changing, 1U) << "the server may still be at it";
  news().forget_abandoned(other.now);
  EXPECT_EQ(news().now().changing, 1U);
  const auto before = news().now();
  news().forget_abandoned(other.now + DatabaseNews::kAbandonedFor);
  EXPECT_EQ(news().now().changing, 0U);
  EXPECT_GT(news().now().generation, before.generation);
}

TEST_F(News, OfACallAreItsOwnOnly) {
  const auto before = news().now();
  h.agent(Say{}.query("select writes_log()"));
  EXPECT_EQ(news().now().changing, 0U);
  h.server(Reply{}.columns({kId}).row({"1"}).complete("SELECT 1").ready());
  EXPECT_EQ(news().now().generation, before.generation);
  h.agent(Say{}.query(kQuestion));
  EXPECT_EQ(h.catalogs_asked.size(), 1U) << "it looks again itself";
}

TEST_F(News, AreOfOneDatabase) {
  h.world.news->of("another").begin();
  h.agent(Say{}.query(kQuestion));
  EXPECT_EQ(h.server_got(), "Query select id from orders");
}

}  // namespace
}  // namespace sluice::session::test
