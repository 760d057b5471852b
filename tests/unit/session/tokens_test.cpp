// SPDX-License-Identifier: Apache-2.0
// Tokens of characters are made where it is certain that they come in UTF-8, and nowhere else.
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

const std::string kSet = "set client_encoding = 'LATIN1'";
const std::string kSelect = "select ssn from customers";
const Field kSsn{"ssn", kCustomers, 4, 25};

WorldOptions hashing() { return {.sensitive = "[{ column: public.customers.ssn, mask: hash }]"}; }

std::string shown(Harness& h, Reply reply) {
  h.agent_got();
  h.server(reply.columns({kSsn}).row({"Ada"}).complete("SELECT 1"));
  return h.agent_got();
}
bool is_redacted(const std::string& got) { return got.find("[redacted]") != std::string::npos; }

TEST(Tokens, AreMadeInUtf8) {
  Harness h{hashing()};
  h.logged_in();
  h.agent(Say{}.query(kSelect));
  EXPECT_FALSE(is_redacted(shown(h, {})));
}

TEST(Tokens, AreNotMadeInAnotherEncoding) {
  Harness h{hashing()};
  h.logged_in();
  h.agent(Say{}.query(kSet));
  h.server(Reply{}.complete("SET").parameter("client_encoding", "LATIN1").ready());
  h.agent(Say{}.query(kSelect));
  EXPECT_TRUE(is_redacted(shown(h, {})));
  h.server(Reply{}.ready());
  h.agent(Say{}.query("set client_encoding = 'UTF8'"));
  h.server(Reply{}.complete("SET").parameter("client_encoding", "UTF8").ready());
  h.agent(Say{}.query(kSelect));
  EXPECT_FALSE(is_redacted(shown(h, {})));
}

TEST(Tokens, AreNotMadeBeforeTheServerTellsOfTheEncoding) {
  Harness h{hashing()};
  h.logged_in();
  h.agent(Say{}.query(kSet + "; " + kSelect));
  EXPECT_TRUE(is_redacted(shown(h, Reply{}.complete("SET"))));
}

// Within a transaction a rollback sets back what was set in it.
TEST(Tokens, AreNotMadeInATransactionThatSetsTheEncoding) {
  Harness h{hashing()};
  h.logged_in();
  h.agent(Say{}.query("begin; set local client_encoding = 'UTF8'"));
  h.server(
      Reply{}.complete("BEGIN").complete("SET").parameter("client_encoding", "UTF8").ready('T'));
  h.agent(Say{}.query(kSelect));
  EXPECT_TRUE(is_redacted(shown(h, {})));
}

// A server that converts nothing sends what it has.
TEST(Tokens, AreMadeOfWhatAServerThatConvertsNothingSends) {
  Harness h{hashing()};
  h.logged_in();
  h.agent(Say{}.query("select 1"));
  h.server(Reply{}
               .parameter("server_encoding", "SQL_ASCII")
               .parameter("client_encoding", "SQL_ASCII")
               .columns({Field{"a"}})
               .row({"1"})
               .complete("SELECT 1")
               .ready());
  h.agent(Say{}.query(kSelect));
  EXPECT_FALSE(is_redacted(shown(h, {})));
}

}  // namespace
}  // namespace sluice::session::test
