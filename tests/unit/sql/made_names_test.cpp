// SPDX-License-Identifier: Apache-2.0
#include "sql/made_names.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

// owners <- pets (cascades); old_box is an heir of box; runs() changes things, |+| calls it.
std::shared_ptr<const Catalog> farm() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "public", "owners", 'r', "id")
      .relation(2, "public", "pets", 'r', "id owner")
      .relation(3, "public", "box", 'r', "id")
      .relation(4, "public", "old_box", 'r', "id")
      .relation(5, "public", "hay", 'r', "id")
      .inherits(4, 3)
      .foreign_key(2, "owner", 1, "id", 'c', 'a')
      .function(100, "public", "runs", 'v', "sql")
      .function(101, "public", "calm", 'i', "sql")
      .operator_call("|+|", 100)
      .cast_call("checked", 100);
  return rows.build({});
}

struct Case {
  const char* before;  // statements that have run
  const char* text;
  const char* adds;  // actions
  const char* reaches = "";
};

MadeNames after(const char* text) {
  MadeNames made;
  const auto analysis = analyse(text, *farm(), {});
  EXPECT_TRUE(analysis.ok()) << text;
  if (analysis.ok())
    for (const Statement& statement : analysis->statements) made.note(statement);
  return made;
}

std::string actions_in(const MadeNames::Use& use) {
  Statement only;
  only.actions = use.actions;
  return actions_of(only);
}

std::string names_in(const MadeNames::Use& use) {
  std::string names;
  for (const auto* list : {&use.objects, &use.kin})
    for (const ObjectRef& object : *list) names += (names.empty() ? "" : " ") + object.name;
  return names;
}

class MadeBefore : public testing::TestWithParam<Case> {};

TEST_P(MadeBefore, CountsAsWhatItIsMadeOf) {
  const MadeNames made = after(GetParam().before);
  const auto use = made.use_of(one(GetParam().text, *farm()));
  EXPECT_EQ(actions_in(use), GetParam().adds) << GetParam().before << " / " << GetParam().text;
  EXPECT_EQ(names_in(use), GetParam().reaches) << GetParam().before << " / " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Names, MadeBefore,
    testing::Values(
        Case{"", "INSERT INTO hay VALUES (1)", ""},
        Case{"", "INSERT INTO nobody VALUES (1)", "unknown"}, Case{"", "SELECT 1 FROM nobody", ""},
        Case{"CREATE FUNCTION abs(text) RETURNS int LANGUAGE sql AS 'DELETE FROM hay RETURNING 1'",
             "SELECT abs('x')", "delete call", "abs hay"},
        Case{"CREATE OPERATOR + (FUNCTION = runs, LEFTARG = int, RIGHTARG = int)", "SELECT 1 + 1",
             "call", "runs"},
        Case{"CREATE OPERATOR + (FUNCTION = calm, LEFTARG = int, RIGHTARG = int)", "SELECT 1 + 1",
             "", "calm"},
        Case{"CREATE AGGREGATE max (int, int) (SFUNC = runs, STYPE = int)", "SELECT max(1, 2)",
             "call", "runs"},
        Case{"ALTER FUNCTION runs() RENAME TO upper", "SELECT upper()", "call", "runs runs"},
        Case{"ALTER DOMAIN checked RENAME TO plain", "SELECT '1'::plain", "call", "runs checked"},
        Case{"CREATE DOMAIN d AS int CHECK (VALUE |+| 1 > 0); CREATE TYPE c AS (x d)",
             "SELECT '(1)'::c", "call", "runs"},
        Case{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
             "CREATE OPERATOR + (FUNCTION = f, RIGHTARG = int)", "call", "f"},
        Case{"", "CREATE OPERATOR + (FUNCTION = f, RIGHTARG = int)", "unknown"},
        Case{"", "DO $$ BEGIN CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); END $$", ""},
        Case{"COMMIT PREPARED 'x'", "SELECT 1 FROM hay", "unknown"},
        Case{"COMMIT PREPARED 'x'", "ROLLBACK", ""}));

TEST(MadeNames, BeyondWhatIsKeptAreUnknown) {
  MadeNames made;
  Statement makes = one("CREATE DOMAIN t AS int", *farm());
  for (int i = 0; i < 40'000; ++i) {
    makes.makes[0].name = "t" + std::to_string(i);
    made.note(makes);
  }
  const Statement asks = one("SELECT id FROM hay", *farm());
  EXPECT_EQ(actions_in(made.use_of(asks)), "unknown");
  made.transaction_ended();
  EXPECT_EQ(actions_in(made.use_of(asks)), "");
}

TEST(MadeNames, WhatAStatementMakesAndWritesToItself) {
  const auto actions = [](const char* text) { return actions_of(one(text, *farm())); };
  EXPECT_EQ(actions("DO $$ BEGIN CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); END $$"),
            "insert ddl call");
  EXPECT_EQ(actions("DO $$ BEGIN CREATE TEMP VIEW t AS SELECT * FROM hay; DELETE FROM t; END $$"),
            "read delete ddl call unknown");
  EXPECT_EQ(actions("DO $$ BEGIN ALTER TABLE owners RENAME TO hay; DELETE FROM hay; END $$"),
            "delete ddl call unknown");
}

}  // namespace
}  // namespace sluice::sql::test
