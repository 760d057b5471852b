// SPDX-License-Identifier: Apache-2.0
// Texts that cannot be read. Where the policy guards nothing they pass as they are, and the
// server's own word is the agent's answer (invariant 10); anywhere else they are refused (invariant
// 5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::HasSubstr;

const WorldOptions kUnguarded{.sensitive = "[]", .rules = kAllowAll};

class UnreadText : public ::testing::TestWithParam<std::string> {};

TEST_P(UnreadText, PassesWholeAndRecordedWhereNothingIsGuarded) {
  Harness h{kUnguarded};
  h.logged_in();
  h.agent(Say{}.query(GetParam()));
  EXPECT_EQ(h.server_bytes(), Say{}.query(GetParam()).bytes);
  const auto& judged = std::get<StatementJudged>(h.events.back());
  EXPECT_EQ(judged.intent.statement, GetParam());
  EXPECT_EQ(judged.intent.actions, ActionSet{Action::kUnknown});
  EXPECT_EQ(judged.verdict.kind, VerdictKind::kAllow);
  const Bytes answer = Reply{}.error("42601", "what the server says").ready().bytes;
  h.server(answer);
  EXPECT_EQ(h.agent_bytes(), answer);
}

TEST_P(UnreadText, IsRefusedAsSoonAsOneThingIsGuarded) {
  const std::string observed =
      kAllowAll + "  - { name: o, actions: [delete], verdict: deny, mode: observe }\n";
  const std::string held = kAllowAll + "  - { name: h, actions: [delete], verdict: hold }\n";
  const std::string denied =
      kAllowAll +
      "  - { name: d, actions: [delete], when: { tables: [public.orders] }, verdict: deny }\n";
  for (const WorldOptions& options :
       {WorldOptions{.rules = kAllowAll}, WorldOptions{.sensitive = "[]", .rules = observed},
        WorldOptions{.sensitive = "[]", .rules = held},
        WorldOptions{.sensitive = "[]", .rules = denied}}) {
    Harness h{options};
    h.logged_in();
    h.agent(Say{}.query(GetParam()));
    EXPECT_THAT(h.server_got(), HasSubstr("sluice refused this statement"));
  }
}

INSTANTIATE_TEST_SUITE_P(All, UnreadText,
                         ::testing::Values("selec 1", "select 'caf\xe9'",
                                           "select " + std::string(3000, '('),
                                           "select '" + std::string(std::size_t{1} << 20, 'x') +
                                               "'"));

TEST(UnreadTexts, MayCopyInBothDirections) {
  Harness h{kUnguarded};
  h.logged_in();
  h.agent(Say{}.query("copi orders from stdin; copi orders to stdout; copi orders from stdin"));
  h.server_bytes();
  h.server(Reply{}.copy_in());
  h.agent(Say{}.copy_data("1").copy_done());
  EXPECT_EQ(h.server_got(), "CopyData 1 ; CopyDone");
  h.server(Reply{}
               .complete("COPY 1")
               .copy_out(1)
               .copy_data("1")
               .copy_done()
               .complete("COPY 1")
               .copy_in());
  h.agent(Say{}.copy_data("2").copy_fail("enough").query("select 1"));
  EXPECT_EQ(h.server_got(), "CopyData 2 ; CopyFail");
  h.server(Reply{}.error("57014", "COPY from stdin failed").ready());
  EXPECT_EQ(h.server_got(), "Query select 1");
  EXPECT_FALSE(h.closed);
}

TEST(UnreadTexts, LetNothingPassBehindThemBeforeTheyAreAnswered) {
  Harness h{kUnguarded};
  h.logged_in();
  h.agent(Say{}.query("copi orders from stdin").query("select 1"));
  EXPECT_EQ(h.server_got(), "Query copi orders from stdin");
  h.server(Reply{}.error("42601", "syntax error").ready());
  EXPECT_EQ(h.server_got(), "Query select 1");
}

// A rule that comes later must not trust a name to which a text that nobody read gave another
// meaning.
TEST(UnreadTexts, MakeEveryNameUnknown) {
  Harness h{kUnguarded};
  h.logged_in();
  h.agent(Say{}.parse("s", "select 1").sync());
  h.server(Reply{}.parsed().ready());
  h.agent(Say{}.query("deallocat s; prepare s as delete from orders"));
  h.server(Reply{}.complete("PREPARE").ready());
  h.agent_bytes(), h.server_bytes();

  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_EQ(std::get<StatementJudged>(h.events.back()).intent.actions, ActionSet{Action::kUnknown});
  EXPECT_THAT(h.server_got(), HasSubstr("Bind"));
  h.server(Reply{}.bound().complete("DELETE 1"));
  h.server(Reply{}.ready());
  EXPECT_FALSE(h.closed);

  h.world.set_rules(kUsualRules);
  h.agent_bytes(), h.server_bytes();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("sluice refused this statement"));
}

TEST(UnreadTexts, AreRefusedOnceTheirPolicyIsGone) {
  Harness h{kUnguarded};
  h.logged_in();
  h.agent(Say{}.parse("s", "delet from orders").sync());
  h.server(Reply{}.parsed().ready());
  h.world.set_rules(kAllowAll + "  - { name: d, actions: [delete], verdict: deny }\n");
  h.agent_bytes(), h.server_bytes();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("sluice refused this statement"));
}

// As the server says it: psql shows the line and points at the place.
TEST(UnreadTexts, AreRefusedWithThePlaceInAFieldOfItsOwn) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("select 1 frm orders where"));
  h.server(Reply{}.error("42601", "x").ready());
  const Bytes got = h.agent_bytes();
  const std::string_view text = as_text(got);
  EXPECT_THAT(text, HasSubstr(std::string{"Msyntax error at or near \"orders\"\0", 34}));
  EXPECT_THAT(text, HasSubstr(std::string{"\0P14\0", 5}));
}

TEST(Unguarded, WaitsForNoCatalogueAfterTheFirst) {
  Harness h{kUnguarded};
  h.logged_in();
  h.catalog_by_itself = false;
  const std::size_t asked = h.catalogs_asked.size();
  h.agent(Say{}.query("create table more (id int)"));
  h.server(Reply{}.complete("CREATE TABLE").ready());
  h.agent_bytes(), h.server_bytes();
  h.agent(Say{}.query("select * from more"));
  EXPECT_EQ(h.server_got(), "Query select * from more");
  EXPECT_EQ(h.catalogs_asked.size(), asked);
  // As soon as something is guarded, what is known must be new.
  h.server(Reply{}.complete("SELECT 0").ready());
  h.world.set_rules(kUsualRules);
  h.agent(Say{}.query("select id from orders"));
  EXPECT_EQ(h.server_got(), "");
  EXPECT_EQ(h.catalogs_asked.size(), asked + 1);
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "Query select id from orders");
}

}  // namespace
}  // namespace sluice::session::test
