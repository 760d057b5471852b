// SPDX-License-Identifier: Apache-2.0
// FunctionCall names a function by its OID: the catalogue's entry says what it may do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::uint32_t oid_of(const Harness& h, std::string_view name) {
  return h.world.catalog->functions_named(name).front()->oid;
}

TEST(FunctionCall, OfWhatOnlyComputesPasses) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.function_call(oid_of(h, "upper"), {"word"}));
  EXPECT_THAT(h.log(), ::testing::Contains(HasSubstr("judged allow function call by OID")));
  EXPECT_THAT(h.server_got(), HasSubstr("FunctionCall"));
  h.server(Reply{}.function_result("WORD").ready());
  EXPECT_EQ(h.agent_got(), "FunctionCallResponse ; Ready I");
}

struct Refused {
  const char* name;
  const char* function;  // "" for an OID that nobody has
};
std::ostream& operator<<(std::ostream& out, const Refused& refused) { return out << refused.name; }

class RefusedFunctionCall : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedFunctionCall, FailsAtTheServerWithoutAWordOfIt) {
  Harness h;
  h.logged_in();
  const std::string function = GetParam().function;
  h.agent(Say{}.function_call(function.empty() ? 424242 : oid_of(h, function), {"/etc/passwd"}));
  const std::string sent = h.server_got();
  EXPECT_THAT(sent, HasSubstr("sluice refused this statement"));
  EXPECT_THAT(sent, ::testing::Not(HasSubstr("/etc/passwd")));
  h.server(Reply{}.error("42601", "syntax error").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("ERROR 42501 refused"));
  h.agent(Say{}.query("select 1"));
  EXPECT_EQ(h.server_got(), "Query select 1");
}

INSTANTIATE_TEST_SUITE_P(All, RefusedFunctionCall,
                         ::testing::Values(Refused{"of_the_host", "pg_read_file"},
                                           Refused{"of_a_setting", "set_config"},
                                           Refused{"whose_result_may_be_anything", "writes_log"},
                                           Refused{"of_nothing_known", ""}),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(FunctionCall, OfAnybodysFunctionMayHaveChangedTheCatalogue) {
  Harness h{{.sensitive = "[]"}};
  h.logged_in();
  h.agent(Say{}.function_call(oid_of(h, "writes_log")));
  EXPECT_THAT(h.server_got(), HasSubstr("FunctionCall"));
  h.catalogs_asked.clear();
  h.catalog_by_itself = false;
  h.server(Reply{}.function_result("").ready());
  h.agent(Say{}.query("select id from orders"));
  ASSERT_THAT(h.catalogs_asked, SizeIs(1));
  EXPECT_TRUE(h.catalogs_asked[0].fresh);
  EXPECT_EQ(h.server_got(), "");
  h.give_catalog();
  EXPECT_THAT(h.server_got(), HasSubstr("select id from orders"));
}

TEST(FunctionCall, OfAFunctionThatIsNotKnownWaitsForANewerCatalogue) {
  Harness h;
  h.logged_in();
  h.catalogs_asked.clear();
  h.catalog_by_itself = false;
  h.agent(Say{}.function_call(424242));
  ASSERT_THAT(h.catalogs_asked, SizeIs(1));
  EXPECT_TRUE(h.catalogs_asked[0].fresh);
  EXPECT_EQ(h.server_got(), "");
  h.give_catalog();
  EXPECT_THAT(h.server_got(), HasSubstr("sluice refused this statement"));
}

TEST(FunctionCall, IsHeldLikeAStatement) {
  Harness h{{.sensitive = "[]", .rules = R"(
  - { name: calls need a person, actions: [call], verdict: hold, approvers: { users: [alice] }, timeout: 10m }
)"}};
  h.logged_in();
  h.agent(Say{}.function_call(oid_of(h, "writes_log"), {"words"}));
  EXPECT_EQ(h.server_got(), "");
  ASSERT_THAT(h.asks, SizeIs(1));
  EXPECT_THAT(h.asks[0].intent.statement, HasSubstr("public.writes_log"));
  EXPECT_THAT(h.asks[0].intent.parameters, ::testing::ElementsAre("words"));
  h.decide(DecisionKind::kApproved);
  EXPECT_THAT(h.server_got(), HasSubstr("FunctionCall"));
}

}  // namespace
}  // namespace sluice::session::test
