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
        Case{"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", ""},
        Case{"CREATE TABLE t (a int)", "INSERT INTO hay SELECT a FROM t", ""},
        Case{"SELECT 1 AS a INTO TEMP t", "UPDATE t SET a = 2", ""},
        Case{"CREATE TABLE t AS SELECT 1", "DELETE FROM t", ""},
        Case{"CREATE TEMP VIEW v AS SELECT * FROM hay", "DELETE FROM v", "read unknown", "hay v"},
        Case{"CREATE TEMP VIEW v AS SELECT runs() FROM hay", "SELECT * FROM v", "read call",
             "runs hay v"},
        Case{"CREATE VIEW v AS SELECT 1; CREATE TABLE IF NOT EXISTS v (a int)", "DELETE FROM v",
             "read unknown", "v"},
        Case{"ALTER TABLE hay RENAME TO straw", "INSERT INTO straw VALUES (1)", "", "hay"},
        Case{"ALTER TABLE box RENAME TO crate", "UPDATE crate SET id = 1", "", "box old_box"},
        Case{"ALTER TABLE box RENAME TO crate", "SELECT * FROM crate", "", "box old_box"},
        Case{"ALTER TABLE owners RENAME TO people", "DELETE FROM people", "unknown", "owners"},
        Case{"ALTER TABLE owners RENAME TO a; ALTER TABLE a RENAME TO b", "DELETE FROM b",
             "unknown", "a owners"},
        Case{"ALTER TABLE owners RENAME TO a; ALTER TABLE hay RENAME TO owners",
             "SELECT id FROM hay", ""},
        Case{"ALTER TABLE nobody RENAME TO hay", "DELETE FROM hay", "unknown", "nobody"},
        Case{"ALTER TABLE owners SET SCHEMA s", "DELETE FROM s.owners", "unknown", "owners"},
        Case{"ALTER SCHEMA public RENAME TO s", "DELETE FROM s.hay", "", "hay"},
        Case{"ALTER TABLE pets ADD FOREIGN KEY (id) REFERENCES hay ON DELETE CASCADE",
             "DELETE FROM hay", "update delete", "pets"},
        Case{"ALTER TABLE pets ADD FOREIGN KEY (id) REFERENCES hay ON DELETE CASCADE",
             "SELECT id FROM hay", ""},
        Case{"CREATE TABLE t (a int REFERENCES hay ON DELETE SET NULL)", "DELETE FROM hay",
             "update", "t"},
        Case{"ALTER TABLE pets INHERIT hay", "UPDATE hay SET id = 1", "", "pets"},
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

TEST(MadeNames, OfATransactionGoWithItAndTemporaryOnesStay) {
  MadeNames made = after(
      "CREATE TABLE t (a int); CREATE TEMP TABLE u (a int); CREATE TEMP VIEW v AS SELECT 1;"
      "CREATE VIEW w AS SELECT * FROM u; ALTER TABLE u RENAME TO x; COMMIT PREPARED 'x'");
  made.transaction_ended();
  const auto adds = [&](const char* text) { return actions_in(made.use_of(one(text, *farm()))); };
  EXPECT_EQ(adds("INSERT INTO t VALUES (1)"), "unknown");
  EXPECT_EQ(adds("INSERT INTO u VALUES (1)"), "");
  EXPECT_EQ(adds("INSERT INTO x VALUES (1)"), "");
  EXPECT_EQ(adds("INSERT INTO v VALUES (1)"), "read unknown");
  EXPECT_EQ(adds("DELETE FROM w"), "read unknown");
  EXPECT_EQ(adds("INSERT INTO hay VALUES (1)"), "");
}

TEST(MadeNames, BeyondWhatIsKeptAreUnknown) {
  MadeNames made;
  Statement makes = one("CREATE TEMP TABLE t (a int)", *farm());
  for (int i = 0; i < 40'000; ++i) {
    makes.makes[0].name = "t" + std::to_string(i);
    made.note(makes);
  }
  const Statement asks = one("SELECT id FROM hay", *farm());
  EXPECT_EQ(actions_in(made.use_of(asks)), "unknown");
  made.transaction_ended();
  EXPECT_EQ(actions_in(made.use_of(asks)), "unknown");
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
