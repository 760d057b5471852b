// SPDX-License-Identifier: Apache-2.0
// What the names of statements and portals stand for while answers are on their way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"
#include "session/postgres/server_name.h"

namespace sluice::session::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Field kUpper{"upper", 0, 0, 25};
const char* const kHarmless = "select upper(name) from customers";
const char* const kSensitive = "select upper(ssn) from customers";

Harness& with(Harness& h) {
  h.logged_in();
  h.agent(Say{}.query(std::string{"prepare p as "} + kHarmless));
  h.server(Reply{}.complete("PREPARE").ready());
  h.agent(Say{}.parse("s", "execute p").sync());
  h.server(Reply{}.parsed().ready());
  h.agent_got();
  h.server_got();
  return h;
}
WorldOptions everything() {
  WorldOptions options;
  options.rules = kAllowAll;
  return options;
}

TEST(ServerName, IsWhatTheServerKeeps) {
  EXPECT_EQ(server_name("s"), "s");
  EXPECT_EQ(server_name(std::string(63, 'x') + "A"), std::string(63, 'x'));
  EXPECT_TRUE(is_ascii("s_1"));
  EXPECT_FALSE(is_ascii("\xc3\xa9"));
}

TEST(Names, InATextAreWaitedForUntilTheServerHasAnswered) {
  Harness h{everything()};
  with(h);
  h.agent(Say{}
              .close_statement("p")
              .parse("p", kSensitive)
              .bind("", "s")
              .describe_portal("")
              .execute("")
              .sync());
  EXPECT_EQ(h.server_got(), std::string{"Close S p ; Parse p "} + kSensitive + " ; Flush");
  h.server(Reply{}.closed().parsed());
  EXPECT_THAT(h.server_got(), HasSubstr("Bind"));
  h.server(Reply{}.bound().columns({kUpper}).row({"078-05-1120"}).complete("SELECT 1").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

TEST(Names, InATextAreNotWaitedForWhereNothingIsUnderWay) {
  Harness h{everything()};
  with(h);
  h.agent(Say{}.bind("", "s").describe_portal("").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("Sync"));
  h.server(Reply{}.bound().columns({kUpper}).row({"ADA"}).complete("SELECT 1").ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row ADA"));
}

TEST(Names, OfPortalsEndAtACommitThatIsStillOnItsWay) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.parse("o", kHarmless).bind("k", "o").describe_portal("k").sync());
  h.server(Reply{}.parsed().bound().columns({kUpper}).ready('T'));
  h.server_got();
  h.agent(Say{}.parse("", "commit").bind("", "").execute("").execute("k").sync());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute k")));
  h.server(Reply{}.parsed().bound().complete("COMMIT"));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Execute k"))) << "it is gone, and refused";
}

}  // namespace
}  // namespace sluice::session::test
