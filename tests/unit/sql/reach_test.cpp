// SPDX-License-Identifier: Apache-2.0
#include "sql/reach.h"

#include <gtest/gtest.h>

#include <functional>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kBox = 20001, kLid = 20002, kHeir = 20003, kElsewhere = 20004, kView = 20005;
constexpr Oid kRuns = 21001, kCalled = 21002;

// A view over box; lid refers to box, heir is one of it; runs() names called() in its body.
CatalogRows home() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(kBox, "public", "box", 'r', "id name")
      .relation(kLid, "public", "lid", 'r', "id box")
      .relation(kHeir, "public", "heir", 'r', "id name")
      .relation(kElsewhere, "public", "elsewhere", 'r', "id")
      .relation(kView, "public", "pane", 'v', "id")
      .view(kView, "SELECT box.id FROM public.box")
      .inherits(kHeir, kBox)
      .foreign_key(kLid, "box", kBox, "id", 'c', 'a')
      .function(kRuns, "public", "runs", 'v', "plpgsql")
      .function(kCalled, "public", "called", 'v', "plpgsql")
      .revision('b', kRuns, "BEGIN EXECUTE 'SELECT Called()'; END")
      .revision('b', kCalled, "SELECT $1 ===- 1")
      .revision('x', 22001,
                "===\x1f"
                "22001 7")
      .revision('x', 22002,
                "folded\x1f"
                "22002 7")
      .revision('x', 0,
                "\x1f"
                "7")
      .revision('s', 23001,
                "shelf\x1f"
                "7")
      .revision('f', kRuns, "7")
      .revision('f', kCalled, "7")
      .revision('r', kBox, "rule 1 7");
  return rows;
}

std::string reach_of(const CatalogRows& rows, std::string_view text) {
  CatalogRows copy = rows;
  const auto catalog = copy.build({});
  const Statement statement = one(text, *catalog);
  Reach reach{*catalog, statement.actions.has(Action::kDelete)};
  for (const ObjectRef& object : statement.objects) reach.object(object);
  for (const MadeName& run : statement.runs) reach.runs(run);
  return reach.text();
}

struct Case {
  const char* name;
  const char* text;
  bool moves;
  std::function<void(CatalogRows&)> change;
};

class Reached : public testing::TestWithParam<Case> {};

TEST_P(Reached, MovesOnlyWithWhatTheNamesStandFor) {
  CatalogRows rows = home();
  const std::string before = reach_of(rows, GetParam().text);
  EXPECT_EQ(before, reach_of(rows, GetParam().text));
  GetParam().change(rows);
  EXPECT_EQ(before != reach_of(rows, GetParam().text), GetParam().moves);
}

const Case kCases[] = {
    {"rule", "DELETE FROM box WHERE id = 1", true,
     [](CatalogRows& rows) { rows.revision('r', kBox, "rule 2 8"); }},
    {"below_a_view", "SELECT id FROM pane", true,
     [](CatalogRows& rows) { rows.revision('r', kBox, "rule 2 8"); }},
    {"the_view", "SELECT id FROM pane", true,
     [](CatalogRows& rows) { rows.revision('r', kView, "rule 3 9"); }},
    {"an_heir", "SELECT id FROM box", true,
     [](CatalogRows& rows) { rows.revision('r', kHeir, "trigger 3 9"); }},
    {"who_refers", "DELETE FROM box WHERE id = 1", true,
     [](CatalogRows& rows) { rows.revision('r', kLid, "trigger 3 9"); }},
    {"who_refers_to_what_is_read", "SELECT id FROM box", false,
     [](CatalogRows& rows) { rows.revision('r', kLid, "trigger 3 9"); }},
    {"elsewhere", "DELETE FROM box WHERE id = 1", false,
     [](CatalogRows& rows) {
       rows.revision('r', kElsewhere, "rule 4 9").relation(20009, "public", "more", 'r', "id");
     }},
    {"same_name_in_another_schema", "DELETE FROM box WHERE id = 1", true,
     [](CatalogRows& rows) { rows.relation(20009, "other", "box", 'r', "id"); }},
    {"same_name_where_the_schema_is_said", "DELETE FROM public.box WHERE id = 1", false,
     [](CatalogRows& rows) { rows.relation(20009, "other", "box", 'r', "id"); }},
    {"the_function", "SELECT runs()", true,
     [](CatalogRows& rows) { rows.revision('f', kRuns, "8"); }},
    {"what_its_body_names", "SELECT runs()", true,
     [](CatalogRows& rows) { rows.revision('f', kCalled, "8"); }},
    {"what_its_body_now_can_mean", "SELECT runs()", true,
     [](CatalogRows& rows) { rows.relation(20009, "other", "called", 'r', "id"); }},
    {"another_function_of_the_name", "SELECT runs()", true,
     [](CatalogRows& rows) { rows.function(21009, "other", "runs", 'v', "sql"); }},
    {"what_runs_unnamed", "SELECT id FROM box", true,
     [](CatalogRows& rows) {
       rows.function(21009, "public", "casts", 'i', "plpgsql").revision('u', 21009, "");
     }},
    {"another_function", "SELECT runs()", false,
     [](CatalogRows& rows) { rows.function(21009, "public", "walks", 'v', "sql"); }},
    {"an_operator", "SELECT id FROM box WHERE id === 1", true,
     [](CatalogRows& rows) {
       rows.revision('x', 22003,
                     "===\x1f"
                     "22003 8");
     }},
    {"an_operator_in_a_body", "SELECT called()", true,
     [](CatalogRows& rows) {
       rows.revision('x', 22003,
                     "===\x1f"
                     "22003 8");
     }},
    {"another_operator", "SELECT id FROM box WHERE id === 1", false,
     [](CatalogRows& rows) {
       rows.revision('x', 22003,
                     "<->\x1f"
                     "22003 8");
     }},
    {"an_operator_for_what_compares_unnamed", "SELECT id FROM box WHERE id BETWEEN 1 AND 2", true,
     [](CatalogRows& rows) {
       rows.revision('x', 22003,
                     ">=\x1f"
                     "22003 8");
     }},
    {"what_acts_unnamed", "SELECT id FROM box", true,
     [](CatalogRows& rows) {
       rows.revision('x', 0,
                     "\x1f"
                     "8");
     }},
    {"what_is_in_a_schema", "DROP SCHEMA shelf CASCADE", true,
     [](CatalogRows& rows) {
       rows.revision('s', 23001,
                     "shelf\x1f"
                     "8");
     }},
    {"what_is_in_a_schema_of_what_is_read", "SELECT id FROM shelf.box", false,
     [](CatalogRows& rows) {
       rows.revision('s', 23001,
                     "shelf\x1f"
                     "8");
     }},
    {"nothing", "SELECT upper(name) FROM box", false, [](CatalogRows&) {}},
};
INSTANTIATE_TEST_SUITE_P(Sql, Reached, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(Reach, IsAnotherForAnotherTableOfTheSameName) {
  const auto with = [](Oid oid, std::string_view columns) {
    CatalogRows rows;
    add_builtins(rows);
    rows.relation(oid, "public", "box", 'r', columns);
    return reach_of(rows, "DELETE FROM box WHERE id = 1");
  };
  EXPECT_EQ(with(20001, "id name"), with(20001, "id name"));
  EXPECT_NE(with(20001, "id name"), with(20002, "id name"));
  EXPECT_NE(with(20001, "id name"), with(20001, "name id"));
}

TEST(Reach, GoesOnToWhatTypesAreMadeOf) {
  const auto with = [](std::string_view labels) {
    CatalogRows rows = home();
    rows.type(24001, "mood").type(24002, "_mood").type(24003, "moods");
    rows.revision('p', 24002, "24001").revision('p', 24003, "24002").revision('t', 24001, labels);
    return reach_of(rows, "SELECT '{good}'::moods");
  };
  EXPECT_EQ(with("labels 1 7"), with("labels 1 7"));
  EXPECT_NE(with("labels 1 7"), with("labels 1 8"));
}

TEST(Reach, CountsTheNamesInStrings) {
  const auto with = [](std::string_view text, std::string_view revision) {
    CatalogRows rows = home();
    rows.revision('r', kElsewhere, revision);
    const auto catalog = rows.build({});
    Reach reach{*catalog, false};
    reach.strings_of(text);
    return reach.text();
  };
  EXPECT_NE(with("'public.elsewhere'", "7"), with("'public.elsewhere'", "8"));
  EXPECT_NE(with("'\"elsewhere\"'", "7"), with("'\"elsewhere\"'", "8"));
  EXPECT_NE(with("E'\\nelsewhere'", "7"), with("E'\\nelsewhere'", "8"));
  EXPECT_NE(with("$$elsewhere$$", "7"), with("$$elsewhere$$", "8"));
  EXPECT_EQ(with("'nowhere'", "7"), with("'nowhere'", "8"));
}

TEST(CurrentOf, NamesTheCursorAndRunsNothingOfIt) {
  SessionNames names;
  names.sent(one("DECLARE c CURSOR FOR SELECT ssn FROM customers"));
  const Statement update = one("UPDATE orders SET id = 1 WHERE CURRENT OF c", *shop(), names);
  ASSERT_EQ(update.uses.size(), 1U);
  EXPECT_TRUE(update.uses[0].cursor && update.uses[0].position);
  EXPECT_EQ(update.uses[0].name, "c");
  EXPECT_EQ(actions_of(update), "update");
  names.sent(one("PREPARE p AS UPDATE orders SET id = 1 WHERE CURRENT OF c", *shop(), names));
  const Statement execute = one("EXECUTE p", *shop(), names);
  EXPECT_EQ(actions_of(execute), "update");
  EXPECT_EQ(execute.uses.size(), 2U);
}

}  // namespace
}  // namespace sluice::sql::test
