// SPDX-License-Identifier: Apache-2.0
// In a transaction that has made what runs without being named, the catalogue does not have it:
// whatever names a sensitive table counts as a copy until it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kSelect = "select name from customers where id = 1";

// In a transaction; `makes`: it has made a function.
void begin(Harness& h, bool makes) {
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  if (makes) {
    h.agent(Say{}.query("create function later() returns int language sql as 'select 1'"));
    h.server(Reply{}.complete("CREATE FUNCTION").ready('T'));
  }
  EXPECT_TRUE(h.asks.empty());
  h.server_got();
}

// A catalogue that was asked for before the transaction began.
void a_catalogue_comes(Harness& h) {
  h.input(CatalogArrived{h.world.next_catalog(4711, "a b"), ""});
}

TEST(Blinded, AStatementIsHeldThoughACatalogueComesBetweenItsParseAndItsBind) {
  Harness h;
  begin(h, true);
  h.agent(Say{}.parse("s", kSelect));
  a_catalogue_comes(h);
  h.agent(Say{}.bind("", "s").execute("").sync());
  ASSERT_EQ(h.asks.size(), 1U);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute")));
}

TEST(Blinded, AStatementIsHeldThoughACatalogueComesBetweenItsBindAndItsExecute) {
  Harness h;
  begin(h, true);
  h.agent(Say{}.parse("s", kSelect).bind("", "s"));
  a_catalogue_comes(h);
  h.agent(Say{}.execute("").sync());
  ASSERT_EQ(h.asks.size(), 1U);
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute")));
}

TEST(Blinded, AStatementOfATransactionThatMadeNothingPasses) {
  Harness h;
  begin(h, false);
  h.agent(Say{}.parse("s", kSelect));
  a_catalogue_comes(h);
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_TRUE(h.asks.empty());
  EXPECT_THAT(h.server_got(), HasSubstr("Execute"));
}

TEST(Blinded, ItEndsWithTheTransaction) {
  Harness h;
  begin(h, true);
  h.agent(Say{}.query("commit"));
  h.server(Reply{}.complete("COMMIT").ready());
  h.server_got();
  h.agent(Say{}.parse("s", kSelect).bind("", "s").execute("").sync());
  EXPECT_TRUE(h.asks.empty());
  EXPECT_THAT(h.server_got(), HasSubstr("Execute"));
}

}  // namespace
}  // namespace sluice::session::test
