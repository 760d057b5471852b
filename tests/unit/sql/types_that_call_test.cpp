// SPDX-License-Identifier: Apache-2.0
// Types whose checks and defaults call functions, wherever a statement has them.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kKeeps = 16500, kLoudly = 16501, kVacuum = 16502, kTable = 16400, kKept = 20000,
              kWithDefault = 20001, kText = 25;

CatalogRows rows() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(kTable, "public", "kt", 'r', "id a")
      .function(kKeeps, "public", "keeps", 'v', "plpgsql")
      .function(kLoudly, "public", "loudly", 'i', "plpgsql")
      .function(kVacuum, "public", "vacuum", 'v', "plpgsql")
      .type(kKept, "kept")
      .type(kWithDefault, "with_default")
      .revision('t', kKept, "1")
      .check_call("kept", kKept, kKeeps)
      .cast_call("loudly", kKeeps)
      .operator_call("###", kLoudly)
      .uses(kWithDefault, "d", kKeeps)
      .uses(kTable, "k", kKeeps);
  return rows;
}

std::string actions(const char* text) { return actions_of(one(text, *rows().build({}))); }

TEST(TypesThatCall, DoWhereverTheyAreNamed) {
  EXPECT_EQ(actions("SELECT 'x'::kept"), "read call");
  EXPECT_EQ(actions("SELECT xmlserialize(content '<a/>' AS public.kept)"), "read call");
  EXPECT_EQ(actions("SELECT * FROM xmltable('/a' PASSING '<a/>' COLUMNS a kept PATH '.')"),
            "read call");
  EXPECT_EQ(actions("PREPARE p (kept) AS SELECT 1"), "read call");
  EXPECT_EQ(actions("CREATE TABLE t (a kept[])"), "ddl call");
  EXPECT_EQ(actions("CREATE FUNCTION f() RETURNS kept RETURN NULL"), "ddl call");
}

TEST(TypesThatCall, DoNotWhereOnlyTheirNameIsMeant) {
  EXPECT_EQ(actions("DROP DOMAIN kept"), "ddl");
  EXPECT_EQ(actions("COMMENT ON TYPE kept IS 'x'"), "ddl");
  EXPECT_EQ(actions("ALTER FUNCTION loudly(kept) COST 10"), "ddl");
}

TEST(TypesThatCall, DoInWhatAnAggregateBeginsWith) {
  for (const char* type : {"kept", "kept[]", "public.kept", "'kept'"}) {
    const std::string state = std::string{"STYPE = "} + type + ", INITCOND = '{x}')";
    EXPECT_EQ(actions(("CREATE AGGREGATE a(int) (SFUNC = concat, " + state).c_str()), "ddl call")
        << type;
  }
  EXPECT_EQ(actions("CREATE AGGREGATE a(int) (SFUNC = concat, STYPE = text)"), "ddl");
}

TEST(TypesThatCall, DoBehindAnOperator) {
  const Statement statement = one("SELECT ### 1", *rows().build({}));
  EXPECT_EQ(actions_of(statement), "read call");
  EXPECT_EQ(statement.objects.size(), 2u) << "the operator's function and the check";
}

TEST(TypesThatCall, DoByTheirDefaultInAColumn) {
  EXPECT_EQ(actions("CREATE TABLE t (a with_default)"), "ddl call");
  EXPECT_EQ(actions("ALTER TABLE kt ADD c with_default"), "ddl call");
  EXPECT_EQ(actions("CREATE DOMAIN d AS with_default"), "ddl call");
  EXPECT_EQ(actions("SELECT 1::with_default"), "read") << "nothing gets its default";
}

TEST(Expressions, OfATableAreCalledByOneThatTakesThemOver) {
  EXPECT_EQ(actions("CREATE TABLE t (LIKE kt INCLUDING DEFAULTS)"), "ddl call");
  EXPECT_EQ(actions("CREATE TABLE t (LIKE kt INCLUDING ALL)"), "ddl call");
  EXPECT_EQ(actions("CREATE TABLE t () INHERITS (kt)"), "ddl call");
  EXPECT_EQ(actions("CREATE TABLE t PARTITION OF kt DEFAULT"), "ddl call");
  EXPECT_EQ(actions("CREATE TABLE t (LIKE kt)"), "ddl");
  EXPECT_EQ(actions("CREATE TABLE t (LIKE kt INCLUDING COMMENTS INCLUDING STORAGE)"), "ddl");
}

TEST(UntypedStrings, BecomeWhatStandsBesideThem) {
  // Here every column is of a type that is made of the checked one.
  const auto catalog = rows()
                           .revision('p', kText, std::to_string(kKept))
                           .check_call("text", kText, kKeeps)
                           .build({});
  const auto with = [&](const char* text) { return actions_of(one(text, *catalog)); };
  EXPECT_EQ(with("SELECT id FROM kt WHERE a = '{x}'"), "read call");
  EXPECT_EQ(with("SELECT id FROM public.kt WHERE a = $1"), "read call");
  EXPECT_EQ(with("SELECT '{x}' UNION SELECT a FROM kt"), "read call");
  EXPECT_EQ(with("SELECT id FROM kt WHERE id = 1"), "read");
  EXPECT_EQ(with("SELECT id FROM kt WHERE a = '{x}'::int"), "read");
  EXPECT_EQ(with("SELECT '{x}'"), "read");
  EXPECT_EQ(with("INSERT INTO kt VALUES ('1', $1)"), "insert") << "as every row that is written";
  EXPECT_EQ(with("UPDATE kt SET a = '{x}' WHERE id = 1"), "update");
  EXPECT_EQ(with("UPDATE kt SET a = '{x}' WHERE a = '{y}'"), "update call");
}

TEST(UntypedStrings, BesideADomainBecomeWhatItIsADomainOf) {
  const auto catalog = rows().check_call("text", kText, kKeeps).build({});
  const auto with = [&](const char* text) { return actions_of(one(text, *catalog)); };
  EXPECT_EQ(with("SELECT id FROM kt WHERE a = 'x'"), "read");
  EXPECT_EQ(with("SELECT id FROM kt WHERE kt = '(1,x)'"), "read call") << "a whole row";
  EXPECT_EQ(with("SELECT id FROM kt k WHERE k.* = '(1,x)'"), "read call");
  EXPECT_EQ(with("SELECT kt.* FROM kt WHERE a = 'x'"), "read");
}

TEST(PlpgsqlExpressions, AreNoStatements) {
  EXPECT_EQ(actions("CREATE FUNCTION f(x int) RETURNS int LANGUAGE plpgsql AS "
                    "'BEGIN RETURN vacuum(x); END'"),
            "ddl call");
  EXPECT_EQ(actions("DO 'DECLARE y int := vacuum(3); BEGIN NULL; END'"), "read call");
  EXPECT_EQ(actions("DO 'BEGIN VACUUM kt; END'"), "ddl call");
}

}  // namespace
}  // namespace sluice::sql::test
