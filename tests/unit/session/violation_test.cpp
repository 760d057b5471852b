// SPDX-License-Identifier: Apache-2.0
// What a server or an agent must not send: the flow ends, and nothing more of that direction passes
// (invariant 5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Wrong {
  const char* name;
  Reply reply;  // after `select id from orders` was sent
};
class ServerViolation : public ::testing::TestWithParam<Wrong> {};

TEST_P(ServerViolation, EndsTheFlowAndNothingMorePasses) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select id from orders"));
  Reply reply = GetParam().reply;
  reply.notice("after the violation");
  h.server(reply);
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), Not(HasSubstr("after the violation")));
}

Reply raw(std::string_view bytes) {
  Reply reply;
  append(reply.bytes, bytes);
  return reply;
}

INSTANTIATE_TEST_SUITE_P(
    Messages, ServerViolation,
    ::testing::Values(
        Wrong{"row_without_description", Reply{}.row({"1"})},
        Wrong{"row_of_another_width", Reply{}.columns({{"id", kCustomers, 4, 25}}).row({"1", "2"})},
        Wrong{"parse_complete", Reply{}.parsed()}, Wrong{"bind_complete", Reply{}.bound()},
        Wrong{"copy_out_of_a_select", Reply{}.copy_out(1)},
        Wrong{"copy_data_without_copy", Reply{}.copy_data("x")},
        Wrong{"two_completions", Reply{}.complete("SELECT 0").complete("SELECT 0")},
        Wrong{"a_second_login", Reply{}.authentication_ok()}, Wrong{"a_key", Reply{}.key()},
        Wrong{"function_result", Reply{}.function_result("x")},
        Wrong{"unknown_type", raw(std::string_view{"\x01\0\0\0\x04", 5})},
        Wrong{"length_below_four", raw(std::string_view{"C\0\0\0\x03", 5})},
        Wrong{"length_beyond_all", raw(std::string_view{"C\x7f\xff\xff\xff", 5})}),
    [](const auto& given) { return std::string{given.param.name}; });

TEST(ServerViolation, ARefusedStatementThatDoesNotFailEndsTheFlow) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("delete from orders"));
  h.server(Reply{}.complete("DELETE 3").ready());
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), Not(HasSubstr("DELETE 3")));
}

class AgentViolation : public ::testing::TestWithParam<std::string> {};

TEST_P(AgentViolation, EndsTheFlowAndNothingMoreGoesUp) {
  Harness h;
  h.logged_in();
  Say say;
  append(say.bytes, GetParam());
  say.query("select 'after the violation'");
  h.agent(say);
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL"));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("after")));
}

INSTANTIATE_TEST_SUITE_P(Messages, AgentViolation,
                         ::testing::Values(std::string{"\x01\0\0\0\x04", 5},  // unknown type
                                           std::string{"Q\0\0\0\x03", 5},     // length below four
                                           std::string{"Q\x7f\xff\xff\xff",
                                                       5},  // length beyond all
                                           std::string{"Q\0\0\0\x08"
                                                       "abcd",
                                                       9},  // text without its end
                                           std::string{"P\0\0\0\x05"
                                                       "x",
                                                       6},  // Parse cut short
                                           std::string{"S\0\0\0\x05"
                                                       "x",
                                                       6},  // Sync with a body
                                           std::string{"p\0\0\0\x0a"
                                                       "secret",
                                                       11}));  // a password nobody asked for

TEST(Startup, BytesBetweenSslRequestAndTlsEndTheFlow) {
  Harness h;
  h.agent(Say{}.ssl_request().startup());
  ASSERT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.log(), Not(::testing::Contains(HasSubstr("tls with agent"))));
}

TEST(Startup, ReplicationIsRefused) {
  for (const char* value : {"true", "database", "1", "on"}) {
    Harness h;
    h.agent(Say{}.startup({{"user", "me"}, {"database", "shop"}, {"replication", value}}));
    EXPECT_TRUE(h.closed.has_value()) << value;
    EXPECT_THAT(h.log(), Not(::testing::Contains("connect"))) << value;
  }
}

TEST(Startup, ASettingThatChangesRightsIsJudgedBeforeAnythingIsSent) {
  for (const char* options :
       {"-c role=admin", "--role=admin", "-crole=admin", "-c session_authorization=admin"}) {
    Harness h;
    h.agent(Say{}.startup({{"user", "me"}, {"database", "shop"}, {"options", options}}));
    EXPECT_TRUE(h.closed.has_value()) << options;
    EXPECT_EQ(h.server_got(), "") << options;
  }
}

TEST(Startup, OrdinarySettingsPass) {
  Harness h;
  h.agent(Say{}.startup({{"user", "me"},
                         {"database", "shop"},
                         {"application_name", "psql"},
                         {"options", "-c statement_timeout=5000"}}));
  EXPECT_FALSE(h.closed.has_value());
}

TEST(Startup, TheServersWordOnOurOwnLoginIsNotTheAgents) {
  Harness h;
  h.agent(Say{}.startup());
  h.server(Reply{}.error("28P01", "password authentication failed for user \"sluice_shop\"", {},
                         "FATAL"));
  const std::string got = h.agent_got();
  EXPECT_THAT(got, HasSubstr("FATAL 08006"));
  EXPECT_THAT(got, Not(HasSubstr("sluice_shop")));
}

TEST(Startup, TheServersWordOnADatabaseIs) {
  Harness h;
  h.agent(Say{}.startup());
  h.server(Reply{}.error("3D000", "database \"shop\" does not exist", {}, "FATAL"));
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL 3D000 database \"shop\" does not exist"));
}

}  // namespace
}  // namespace sluice::session::test
