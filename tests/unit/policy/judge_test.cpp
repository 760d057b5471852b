// SPDX-License-Identifier: Apache-2.0
// Verdicts: invariants 2 (the ceiling only falls), 3 (no match is deny; deny > hold > allow) and
// the `observe` mode of invariant 4.
#include "support.h"

#include <algorithm>
#include <random>

namespace sluice::policy {
namespace {

TEST(Invariant3, NoMatchIsDeny) {
  const auto policy =
      world({"name: r, agents: [a], resources: [db], actions: [read], verdict: allow"});
  EXPECT_EQ(policy->judge(asks({Action::kRead})).kind, VerdictKind::kAllow);
  const Verdict verdict = policy->judge(asks({Action::kRead, Action::kInsert}));
  EXPECT_EQ(verdict.kind, VerdictKind::kDeny);
  EXPECT_EQ(verdict.rule, "");
  EXPECT_EQ(verdict.message, "no rule allows agent 'a' to insert on resource 'db'");
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"b"})).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a"}, "db2")).kind, VerdictKind::kDeny);
}

TEST(Invariant3, WhatIsNotKnownIsDenied) {
  const auto policy = world({"name: r, actions: any, verdict: allow"});
  EXPECT_EQ(policy->judge(asks({Action::kRead})).kind, VerdictKind::kAllow);
  EXPECT_EQ(policy->judge(asks({})).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"z"})).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"z", "a"})).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a"}, "other")).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {})).kind, VerdictKind::kDeny);
}

TEST(Invariant3, DenyIsStrongerThanHoldIsStrongerThanAllow) {
  const auto policy = world({"name: all, agents: [a], actions: any, verdict: allow",
                             "name: held, actions: [insert, update], verdict: hold",
                             "name: denied, actions: [update], verdict: deny, message: never"});
  EXPECT_EQ(policy->judge(asks({Action::kRead})).rule, "all");
  EXPECT_EQ(policy->judge(asks({Action::kRead, Action::kInsert})).rule, "held");
  const Verdict verdict = policy->judge(asks({Action::kRead, Action::kInsert, Action::kUpdate}));
  EXPECT_EQ(verdict.rule, "denied");
  EXPECT_EQ(verdict.message, "never");
  EXPECT_EQ(verdict.agent, "a");
  EXPECT_EQ(verdict.policy_version, policy->version());
}

TEST(Invariant3, AHoldDoesNotLetThroughWhatNoRuleAllows) {
  const auto policy = world({"name: held, actions: [insert], verdict: hold"});
  EXPECT_EQ(policy->judge(asks({Action::kInsert})).kind, VerdictKind::kHold);
  EXPECT_EQ(policy->judge(asks({Action::kInsert, Action::kRead})).kind, VerdictKind::kDeny);
}

TEST(Invariant3, TheOrderOfRulesAndFilesNeverMatters) {
  std::vector<std::string> rules = {
      "name: a1, agents: [a], actions: [read, insert], verdict: allow",
      "name: a2, resources: [db], actions: [read], when: { tables: [s.t] }, verdict: allow",
      "name: h1, agents: [a], resources: [db], actions: [insert, update], verdict: hold, "
      "approvers: "
      "{ users: [u] }",
      "name: h2, actions: [insert], verdict: hold, approvers: { users: [u, v], count: 2 }, "
      "timeout: "
      "1h",
      "name: h3, agents: [b], actions: [insert], when: { databases: [shop] }, verdict: hold",
      "name: d1, actions: [delete], when: { unbounded: true }, verdict: deny",
      "name: d2, agents: [b], actions: [delete], verdict: deny",
      "name: o1, actions: [read], when: { tables: [s.*] }, verdict: deny, mode: observe",
      "name: a3, agents: [a, b], resources: [db], actions: [delete], when: { tables: [s.t] }, "
      "verdict: allow",
  };
  // a3 would be unreachable for b alone, not for a.
  std::vector<Intent> intents;
  for (const auto& agents : std::vector<std::vector<std::string>>{{"a"}, {"b"}, {"a", "b"}})
    for (unsigned bits = 1; bits < 16; ++bits) {
      Intent intent = asks(ActionSet::from_bits(bits), agents);
      intent.objects = {table("s", "t")};
      intent.unbounded = bits % 3 == 0;
      intents.push_back(intent);
    }
  const auto answers = [&](const Policy& policy) {
    std::vector<std::string> all;
    for (const Intent& intent : intents) {
      const Verdict verdict = policy.judge(intent);
      std::string text = std::to_string(static_cast<int>(verdict.kind)) + verdict.rule + "/" +
                         verdict.agent + "/" + verdict.message;
      std::vector<std::string> observed;
      for (const auto& one : verdict.observed) observed.push_back(one.rule);
      std::sort(observed.begin(), observed.end());
      for (const auto& one : observed) text += "+" + one;
      all.push_back(text);
    }
    return all;
  };
  const auto expected = answers(*world(rules));
  std::mt19937 random{7};
  for (int i = 0; i < 50; ++i) {
    std::shuffle(rules.begin(), rules.end(), random);
    EXPECT_EQ(answers(*world(rules)), expected);
  }
}

TEST(Invariant2, AMemberCanNeverDoWhatAnOuterOneMayNot) {
  const auto policy = world({"name: a reads, agents: [a], actions: [read], verdict: allow",
                             "name: b all, agents: [b], actions: any, verdict: allow",
                             "name: c held, agents: [c], actions: [read, insert], verdict: hold"});
  EXPECT_EQ(policy->judge(asks({Action::kInsert}, {"b"})).kind, VerdictKind::kAllow);
  const Verdict verdict = policy->judge(asks({Action::kInsert}, {"a", "b"}));
  EXPECT_EQ(verdict.kind, VerdictKind::kDeny);
  EXPECT_EQ(verdict.agent, "a");
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"b", "a"})).kind, VerdictKind::kAllow);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"b", "c", "a"})).rule, "c held");
  EXPECT_EQ(policy->judge(asks({Action::kInsert}, {"c", "b"})).rule, "c held");
  EXPECT_EQ(policy->judge(asks({Action::kInsert}, {"c", "b", "a"})).kind, VerdictKind::kDeny);
}

TEST(Invariant2, WhatSeveralMembersHoldAsksThePeopleOfEach) {
  const auto policy = world(
      {"name: one, agents: [a], actions: [insert], verdict: hold, approvers: { users: [u, v] }",
       "name: two, agents: [b], actions: [insert], verdict: hold, approvers: { users: [u, v], "
       "count: 2 }",
       "name: other, agents: [c], actions: [insert], verdict: hold, approvers: { users: [v, w] }, "
       "timeout: 1m"});
  for (const auto& agents : std::vector<std::vector<std::string>>{{"a", "b"}, {"b", "a"}})
    EXPECT_EQ(policy->judge(asks({Action::kInsert}, agents)).rule, "two");
  // Neither of u and w may decide for both.
  const Verdict common = policy->judge(asks({Action::kInsert}, {"a", "c"}));
  EXPECT_EQ(common.kind, VerdictKind::kHold);
  EXPECT_EQ(common.rule, "other");
  EXPECT_EQ(common.approvers.users, std::vector<std::string>{"v"});
  EXPECT_EQ(common.timeout, std::chrono::minutes{1});
  // Two of u and v are no two of v and w, but one of them is v.
  EXPECT_EQ(policy->judge(asks({Action::kInsert}, {"b", "c"})).rule, "two");
}

TEST(Invariant2, WhereNobodyMayDecideForAllItIsDenied) {
  const auto policy =
      world({"name: x, agents: [a], actions: [insert], verdict: hold, approvers: { users: [u] }",
             "name: y, agents: [b], actions: [insert], verdict: hold, approvers: { users: [v] }"});
  const Verdict verdict = policy->judge(asks({Action::kInsert}, {"a", "b"}));
  EXPECT_EQ(verdict.kind, VerdictKind::kDeny);
  EXPECT_EQ(verdict.message,
            "the runs of this lineage need the approval of different people: agent 'b' by rule "
            "'y', agent 'a' by rule 'x'; name people whom all of these rules may ask");
}

TEST(Kin, IsGoneByWhereARuleDeniesOrHoldsAndNotWhereOneAllows) {
  const auto policy =
      world({"name: reads, actions: [read], when: { tables: [s.parent] }, verdict: allow",
             "name: asks, actions: [delete], when: { tables: [s.parent] }, verdict: hold, "
             "approvers: { users: [u] }",
             "name: asks two, actions: [delete], when: { tables: [s.part] }, verdict: hold, "
             "approvers: { users: [v, w], count: 2 }",
             "name: never, actions: [delete], when: { tables: [s.fixed] }, verdict: deny"});
  Intent intent = asks({Action::kRead, Action::kDelete});
  intent.objects = {table("s", "parent")};
  EXPECT_EQ(policy->judge(intent).rule, "asks");
  EXPECT_EQ(policy->judge(intent, {table("s", "other")}).rule, "asks");
  EXPECT_EQ(policy->judge(intent, {table("s", "part")}).rule, "asks two");
  EXPECT_EQ(policy->judge(intent, {table("s", "part"), table("s", "fixed")}).rule, "never");
}

TEST(Invariant2, OfEqualAnswersTheInnermostIsNamed) {
  const auto policy = world({"name: a reads, agents: [a], actions: [read], verdict: allow",
                             "name: b reads, agents: [b], actions: [read], verdict: allow"});
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a", "b"})).agent, "b");
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a", "b"})).rule, "b reads");
  EXPECT_EQ(policy->judge(asks({Action::kInsert}, {"a", "b"})).agent, "b");
}

TEST(Hold, HasDefaultApproversAndTimeout) {
  const auto policy = world({"name: h, actions: [insert], verdict: hold"});
  const Verdict verdict = policy->judge(asks({Action::kInsert}));
  EXPECT_EQ(verdict.approvers.users, std::vector<std::string>{"root"});
  EXPECT_EQ(verdict.approvers.groups, std::vector<std::string>{"sluice"});
  EXPECT_EQ(verdict.approvers.count, 1U);
  EXPECT_EQ(verdict.timeout, std::chrono::minutes{10});
}

TEST(Hold, OfSeveralTheOneThatNeedsMostPeopleDecides) {
  const auto policy = world(
      {"name: a one, actions: [insert], verdict: hold, approvers: { users: [u] }",
       "name: z two, actions: [insert, update], verdict: hold, approvers: { groups: [g], count: 2 "
       "}, "
       "timeout: 1h30m",
       "name: b one, agents: [a], actions: [update], verdict: hold, approvers: { users: [v] }"});
  const Verdict verdict = policy->judge(asks({Action::kInsert, Action::kUpdate}));
  EXPECT_EQ(verdict.rule, "z two");
  EXPECT_EQ(verdict.approvers.count, 2U);
  EXPECT_EQ(verdict.timeout, std::chrono::minutes{90});
}

TEST(Hold, OfEqualOnesTheFirstNameDecides) {
  const auto policy =
      world({"name: b, actions: [insert], verdict: hold, approvers: { users: [u] }",
             "name: a, agents: [a], actions: [insert], verdict: hold, approvers: { users: [v] }"});
  EXPECT_EQ(policy->judge(asks({Action::kInsert})).rule, "a");
}

TEST(SensitiveSwitches, DecideWhereNoRuleNamesTheAction) {
  const auto policy = world({"name: all, actions: any, verdict: allow"});
  const Verdict held = policy->judge(asks({Action::kRead, Action::kSensitiveSearch}));
  EXPECT_EQ(held.kind, VerdictKind::kHold);
  EXPECT_EQ(held.rule, "on_sensitive_search");
  EXPECT_EQ(held.approvers.users, std::vector<std::string>{"root"});
  EXPECT_EQ(held.timeout, std::chrono::minutes{10});
  EXPECT_EQ(policy->judge(asks({Action::kRead, Action::kSensitiveSearch}, {"a"}, "db2")).kind,
            VerdictKind::kAllow);
  const Verdict denied = policy->judge(
      asks({Action::kRead, Action::kSensitiveSearch, Action::kSensitiveCopy}, {"a"}, "db2"));
  EXPECT_EQ(denied.kind, VerdictKind::kDeny);
  EXPECT_EQ(denied.rule, "on_sensitive_copy");
}

TEST(SensitiveSwitches, AllowNothingByThemselves) {
  const auto policy = world({"name: w, agents: [a], actions: [insert], verdict: allow"});
  EXPECT_EQ(policy->judge(asks({Action::kRead, Action::kSensitiveSearch}, {"a"}, "db2")).kind,
            VerdictKind::kDeny);
}

TEST(SensitiveSwitches, GiveWayToARuleThatNamesTheAction) {
  const auto policy =
      world({"name: all, actions: any, verdict: allow",
             "name: b may, agents: [b], actions: [sensitive_search], when: { tables: [s.t] }, "
             "verdict: allow",
             "name: c not, agents: [c], actions: [sensitive_search], verdict: deny"});
  Intent intent = asks({Action::kRead, Action::kSensitiveSearch}, {"b"});
  intent.objects = {table("s", "t")};
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  intent.objects = {table("s", "other")};
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kHold)
      << "the rule does not match: the switch";
  EXPECT_EQ(policy->judge(asks({Action::kRead, Action::kSensitiveSearch}, {"c"}, "db2")).rule,
            "c not");
  intent = asks({Action::kRead, Action::kSensitiveSearch}, {"a", "b"});
  intent.objects = {table("s", "t")};
  EXPECT_EQ(policy->judge(intent).rule, "on_sensitive_search") << "a is only allowed by `any`";
}

struct WhenCase {
  const char* name;
  std::string when;
  std::vector<ObjectRef> objects;
  bool allow_matches;
  bool deny_matches;
};
void PrintTo(const WhenCase& one, std::ostream* out) { *out << one.name; }

class When : public ::testing::TestWithParam<WhenCase> {};

// An allow must be sure of all that is touched; a deny needs one thing that may be meant.
TEST_P(When, NarrowsAllowAndDenyEachToTheSafeSide) {
  const WhenCase& one = GetParam();
  Intent intent = asks({Action::kRead});
  intent.objects = one.objects;
  const auto allow = world({"name: x, when: { " + one.when + " }, verdict: allow"});
  EXPECT_EQ(allow->judge(intent).kind == VerdictKind::kAllow, one.allow_matches);
  for (const char* verdict : {"deny", "hold"}) {
    const auto stricter = world({"name: all, agents: [a], verdict: allow",
                                 "name: x, when: { " + one.when + " }, verdict: " + verdict});
    EXPECT_EQ(stricter->judge(intent).kind != VerdictKind::kAllow, one.deny_matches) << verdict;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tables, When,
    ::testing::Values(
        WhenCase{"the_one", "tables: [s.t]", {table("s", "t")}, true, true},
        WhenCase{"another", "tables: [s.t]", {table("s", "u")}, false, false},
        WhenCase{"one_of_two", "tables: [s.t]", {table("s", "t"), table("s", "u")}, false, true},
        WhenCase{"both", "tables: [s.t, s.u]", {table("s", "t"), table("s", "u")}, true, true},
        WhenCase{"schema_unknown", "tables: [s.t]", {table("", "t")}, false, true},
        WhenCase{"schema_unknown_other", "tables: [s.t]", {table("", "u")}, false, false},
        WhenCase{"any_schema", "tables: [\"*.t\"]", {table("", "t")}, true, true},
        WhenCase{"name_unknown", "tables: [s.t]", {table("s", "")}, false, true},
        WhenCase{"whole_schema", "tables: [\"s.*\"]", {table("s", "")}, true, true},
        WhenCase{"glob", "tables: [\"s.a*z\"]", {table("s", "abcz")}, true, true},
        WhenCase{"glob_miss", "tables: [\"s.a*z\"]", {table("s", "abc")}, false, false},
        WhenCase{"quoted_star", "tables: ['s.\"*\"']", {table("s", "t")}, false, false},
        WhenCase{"quoted_dot", "tables: ['\"a.b\".\"T\"']", {table("a.b", "T")}, true, true},
        WhenCase{"nothing_touched", "tables: [s.t]", {}, true, false},
        WhenCase{"functions_do_not_count",
                 "tables: [s.t]",
                 {table("s", "t"), function("x", "f")},
                 true,
                 true},
        WhenCase{
            "other_objects_do", "tables: [s.t]", {table("s", "t"), other("", "role")}, false, true},
        WhenCase{
            "function", "functions: [pg_catalog.now]", {function("pg_catalog", "now")}, true, true},
        WhenCase{
            "function_miss", "functions: [pg_catalog.now]", {function("x", "now")}, false, false},
        WhenCase{"and_both",
                 "tables: [s.t], functions: [x.f]",
                 {table("s", "t"), function("x", "g")},
                 false,
                 false}),
    [](const auto& one) { return std::string{one.param.name}; });

TEST(When, ComparesTheDatabase) {
  const auto policy =
      world({"name: x, when: { databases: [shop, \"test_*\"] }, verdict: allow",
             "name: y, actions: [ddl], when: { databases: [prod] }, verdict: deny"});
  Intent intent = asks({Action::kDdl});
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  intent.database = "test_1";
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  intent.database = "prod";
  EXPECT_EQ(policy->judge(intent).rule, "y");
  intent.database = "";
  EXPECT_EQ(policy->judge(intent).rule, "y") << "not known: denied";
}

TEST(When, ComparesBoundedness) {
  const auto policy =
      world({"name: x, actions: [update], verdict: allow",
             "name: y, actions: [update], when: { unbounded: true }, verdict: deny"});
  Intent intent = asks({Action::kUpdate});
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  intent.unbounded = true;
  EXPECT_EQ(policy->judge(intent).rule, "y");
}

TEST(When, ComparesTheUserOfTheMemberWhoseRuleItIs) {
  const auto policy =
      world({"name: x, agents: [a], when: { on_behalf_of: [alice] }, verdict: allow",
             "name: y, agents: [b], when: { on_behalf_of: [bob] }, verdict: allow"});
  Intent intent = asks({Action::kRead}, {"a", "b"});
  auto lineage = std::make_shared<Lineage>(*intent.lineage);
  lineage->back().on_behalf_of = "bob";
  intent.lineage = lineage;
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  auto unknown = std::make_shared<Lineage>(*lineage);
  unknown->front().on_behalf_of = "";
  intent.lineage = unknown;
  EXPECT_EQ(policy->judge(intent).agent, "a");
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kDeny);
}

TEST(When, ComparesTheHourOfTheQuestion) {
  const auto policy = world({"name: x, when: { hours: \"08:00-18:00\" }, verdict: allow"});
  Intent intent = asks({Action::kRead});
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kAllow);
  intent.asked_at = WallTime{std::chrono::hours{18}};
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kDeny);
  intent.asked_at = WallTime{};
  EXPECT_EQ(policy->judge(intent).kind, VerdictKind::kDeny) << "no time is no time";
}

TEST(When, OfStatementsSaysNothingAboutAConnect) {
  const auto policy = world({"name: x, agents: [a], actions: any, verdict: allow",
                             "name: y, when: { tables: [\"*.*\"] }, verdict: deny"});
  EXPECT_EQ(policy->judge(asks({Action::kConnect}, {"a"}, "net")).kind, VerdictKind::kAllow);
}

TEST(Observe, NeverChangesAVerdictAndIsListed) {
  const auto policy =
      world({"name: reads, agents: [a], actions: [read], verdict: allow",
             "name: would deny, actions: [read], verdict: deny, mode: observe",
             "name: would hold, actions: [read, insert], verdict: hold, mode: observe",
             "name: would allow, actions: [insert], verdict: allow, mode: observe",
             "name: allows too, agents: [a], actions: [read], verdict: allow, mode: observe"});
  const Verdict read = policy->judge(asks({Action::kRead}));
  EXPECT_EQ(read.kind, VerdictKind::kAllow);
  EXPECT_EQ(read.rule, "reads");
  ASSERT_EQ(read.observed.size(), 2U);
  EXPECT_EQ(read.observed[0].rule, "would deny");
  EXPECT_EQ(read.observed[0].kind, VerdictKind::kDeny);
  EXPECT_EQ(read.observed[1].rule, "would hold");
  const Verdict insert = policy->judge(asks({Action::kInsert}));
  EXPECT_EQ(insert.kind, VerdictKind::kDeny) << "an observed allow lets nothing pass";
  ASSERT_EQ(insert.observed.size(), 1U);
  EXPECT_EQ(insert.observed[0].rule, "would allow");
}

TEST(Observe, OfALineageEachRuleIsListedOnce) {
  const auto policy = world({"name: all, actions: any, verdict: allow",
                             "name: o, actions: [read], verdict: deny, mode: observe"});
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a", "b", "c"})).observed.size(), 1U);
}

TEST(Policy, AnswersTheSameAmongTenThousandRulesAndAgents) {
  std::string text = "version: 1\nagents:\n";
  for (int i = 0; i < 10000; ++i) text += "  a" + std::to_string(i) + ":\n";
  text +=
      "resources:\n  db:\n    protocol: postgres\n    address: [\"h:1\"]\n"
      "    login: { user: u, password_file: /s }\nrules:\n";
  for (int i = 0; i < 10000; ++i)
    text += "  - { name: r" + std::to_string(i) + ", agents: [a" + std::to_string(i) +
            "], resources: [db], actions: [" + (i % 2 == 0 ? "read" : "insert") +
            "], verdict: allow }\n";
  const auto policy = compiled(text);
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->rule_count(), 10000U);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a4242"})).rule, "r4242");
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a4243"})).kind, VerdictKind::kDeny);
  EXPECT_EQ(policy->judge(asks({Action::kRead}, {"a0", "a1"})).agent, "a1");
}

TEST(Policy, HasAVersionThatFollowsItsTextsOnly) {
  const std::string a = "version: 1\nagents: { a: }\n";
  const std::string b = "version: 1\nagents: { b: }\n";
  const auto version = [](const std::vector<SourceFile>& files) {
    return compile(files).policy->version();
  };
  EXPECT_EQ(version({{"x", a}, {"y", b}}), version({{"/etc/y", b}, {"/etc/x", a}}));
  EXPECT_NE(version({{"x", a}}), version({{"x", b}}));
  EXPECT_NE(version({{"x", a}}), version({{"x", a + "\n"}}));
}

TEST(GuardsNothing, OnlyWhereNoRuleCouldSayAnythingButAllow) {
  const auto guards_nothing = [](const std::vector<std::string>& rules,
                                 const std::vector<std::string>& agents = {"a"},
                                 const std::string& resource = "db") {
    return world(rules)->guards_nothing(*lineage_of(agents), resource);
  };
  const std::string all = "name: all, actions: any, verdict: allow";
  EXPECT_TRUE(guards_nothing({all}));
  EXPECT_TRUE(guards_nothing({all}, {"a", "b"}));
  EXPECT_TRUE(guards_nothing({all, "name: other, resources: [db2], actions: any, verdict: deny"}));
  EXPECT_TRUE(guards_nothing({all, "name: no tcp, actions: [connect], verdict: deny"}));
  EXPECT_TRUE(guards_nothing(
      {"name: reads, actions: [read], verdict: allow",
       "name: rest, resources: [db], actions: [insert, update, delete, ddl, grant, session, "
       "transaction, call, copy_in, copy_out, host, unknown], verdict: allow"}));

  EXPECT_FALSE(guards_nothing({}));
  EXPECT_FALSE(guards_nothing({all}, {}));
  EXPECT_FALSE(guards_nothing({all}, {"a"}, "nowhere"));
  EXPECT_FALSE(guards_nothing({all}, {"stranger"}));
  EXPECT_FALSE(
      guards_nothing({"name: one, agents: [a], actions: any, verdict: allow"}, {"a", "b"}));
  EXPECT_FALSE(
      guards_nothing({"name: no unknown, actions: [read, insert, update, delete, ddl, "
                      "grant, session, transaction, call, copy_in, copy_out, host], "
                      "verdict: allow"}));
  EXPECT_FALSE(
      guards_nothing({"name: here, actions: any, when: { databases: [shop] }, verdict: allow"}));
  EXPECT_FALSE(
      guards_nothing({all, "name: d, actions: [delete], when: { tables: [s.t] }, verdict: deny"}));
  EXPECT_FALSE(guards_nothing({all, "name: h, agents: [a], actions: [unknown], verdict: hold"}));
  EXPECT_FALSE(guards_nothing({all, "name: o, actions: [delete], verdict: deny, mode: observe"}));
}

TEST(GuardsNothing, ASensitiveColumnOrDetectorIsGuarded) {
  for (const std::string rule :
       {"{ column: s.t.c, mask: redact }", "{ detect: [jwt], mask: redact }"}) {
    const auto policy = compiled(R"(version: 1
agents: { a: }
resources:
  db:
    protocol: postgres
    address: ["10.0.0.5:5432"]
    login: { user: u, password_file: /s/db }
    sensitive: [)" + rule + R"(]
rules:
  - { name: all, actions: any, verdict: allow }
)");
    EXPECT_FALSE(policy->guards_nothing(*lineage_of({"a"}), "db")) << rule;
  }
}

}  // namespace
}  // namespace sluice::policy
