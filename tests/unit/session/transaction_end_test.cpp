// SPDX-License-Identifier: Apache-2.0
// What ends a transaction speaks of all that it has touched; and whose prepared transactions may be
// ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kChange = "insert into customers (id, name) values (1, 'x')";
const std::string kLate = "late for 078-05-1120";

WorldOptions writes() { return {.rules = kAllowAll}; }

struct Order {
  const char* name;
  bool quotes;  // the error may be about what was deferred
  std::function<void(Harness&)> run;
};
class TransactionEnd : public testing::TestWithParam<Order> {};

TEST_P(TransactionEnd, WithholdsWhatMayBeAboutAnEarlierStatement) {
  Harness h{writes()};
  h.logged_in();
  GetParam().run(h);
  h.agent_got();
  h.server(Reply{}.error("P0001", kLate));
  const std::string got = h.agent_got();
  EXPECT_THAT(got, HasSubstr("P0001"));
  if (GetParam().quotes)
    EXPECT_THAT(got, Not(HasSubstr(kLate)));
  else
    EXPECT_THAT(got, HasSubstr(kLate));
}

const Order kCases[] = {
    {"last_of_the_text", true,
     [](Harness& h) {
       h.agent(Say{}.query(kChange + "; select 1"));
       h.server(Reply{}.complete("INSERT 0 1").columns({{"?column?"}}).row({"1"}));
     }},
    {"not_last_of_the_text", false,
     [](Harness& h) {
       h.agent(Say{}.query(kChange + "; select 1; select 2"));
       h.server(Reply{}.complete("INSERT 0 1"));
     }},
    {"query_behind_execute", true,
     [](Harness& h) {
       h.agent(Say{}.parse("", kChange).bind("", "").execute("").query("select 1"));
       h.server(Reply{}.parsed().bound().complete("INSERT 0 1"));
     }},
    {"sync", true,
     [](Harness& h) {
       h.agent(Say{}.parse("", kChange).bind("", "").execute("").sync());
       h.server(Reply{}.parsed().bound().complete("INSERT 0 1"));
     }},
    {"in_a_block", false,
     [](Harness& h) {
       h.agent(Say{}.query("begin; " + kChange));
       h.server(Reply{}.complete("BEGIN").complete("INSERT 0 1").ready('T'));
       h.agent(Say{}.query("select 1"));
     }},
    {"commit", true,
     [](Harness& h) {
       h.agent(Say{}.query("begin; " + kChange));
       h.server(Reply{}.complete("BEGIN").complete("INSERT 0 1").ready('T'));
       h.agent(Say{}.query("commit"));
     }},
    {"next_transaction", false,
     [](Harness& h) {
       h.agent(Say{}.query(kChange + "; select 1"));
       h.server(
           Reply{}.complete("INSERT 0 1").columns({{"?column?"}}).complete("SELECT 0").ready());
       h.agent(Say{}.query("select 1"));
     }},
};
INSTANTIATE_TEST_SUITE_P(, TransactionEnd, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string{test.param.name}; });

void prepare(Harness& h, const std::string& tag) {
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.query("prepare transaction 'x'"));
  h.server(Reply{}.complete(tag).ready());
  h.server_got();
}

TEST(PreparedTransaction, OfTheSessionIsItsOwnUntilItIsEnded) {
  for (const std::string end : {"commit prepared 'x'", "rollback prepared 'x'"}) {
    Harness h;
    h.logged_in();
    prepare(h, "PREPARE TRANSACTION");
    h.agent(Say{}.query(end));
    EXPECT_THAT(h.server_got(), HasSubstr(end));
    h.server(Reply{}.complete("COMMIT PREPARED").ready());
    h.agent(Say{}.query(end));
    EXPECT_THAT(h.server_got(), Not(HasSubstr(end)));
  }
}

TEST(PreparedTransaction, OfOthersIsUnknown) {
  Harness h;
  h.logged_in();
  prepare(h, "ROLLBACK");  // what had failed before is not prepared
  h.agent(Say{}.query("commit prepared 'x'"));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("commit prepared")));
}

}  // namespace
}  // namespace sluice::session::test
