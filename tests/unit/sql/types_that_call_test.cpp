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

TEST(TypesThatCall, DoInsideOfWhatMakesTexts) {
  CatalogRows some = rows();
  some.cast_call("text", kKeeps).cast_call("_text", kKeeps);
  const auto catalog = some.build({});
  for (const char* text :
       {"SELECT id || 'x' FROM kt", "SELECT 'x' OPERATOR(pg_catalog.||) id FROM kt",
        "SELECT 'x' || 'y' || id FROM kt", "SELECT quote_literal(id) FROM kt",
        "SELECT quote_nullable(id) FROM kt", "SELECT anytextcat(id, 'x') FROM kt",
        "SELECT ARRAY[id]::_text FROM kt"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "read call") << text;
  EXPECT_EQ(actions_of(one("SELECT 'x' || 'y' || 'z'", *catalog)), "read");
  EXPECT_EQ(actions("SELECT id || 'x', quote_literal(id) FROM kt"), "read");
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

TEST(Expressions, CallTheChecksOfWhatTheyCastTo) {
  constexpr Oid kOther = 16401;
  const auto catalog =
      rows().relation(kOther, "public", "other", 'r', "id a").uses(kOther, "c", kKept).build({});
  EXPECT_EQ(actions_of(one("CREATE TABLE t (LIKE other INCLUDING DEFAULTS)", *catalog)),
            "ddl call");
  EXPECT_EQ(actions_of(one("CREATE TABLE t () INHERITS (other)", *catalog)), "ddl call");
  EXPECT_EQ(actions_of(one("CREATE TABLE t (LIKE other)", *catalog)), "ddl");
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

// Here the columns are of a domain.
TEST(UntypedStrings, ComparedWithADomainBecomeWhatItIsADomainOf) {
  const auto catalog = rows().check_call("text", kText, kKeeps).build({});
  const auto with = [&](const char* text) { return actions_of(one(text, *catalog)); };
  EXPECT_EQ(with("SELECT id FROM kt WHERE a = 'x'"), "read");
  EXPECT_EQ(with("SELECT id FROM kt WHERE kt = '(1,x)'"), "read call") << "a whole row";
  EXPECT_EQ(with("SELECT id FROM kt k WHERE k.* = '(1,x)'"), "read call");
  EXPECT_EQ(with("SELECT kt.* FROM kt WHERE a = 'x'"), "read");
  for (const char* text :
       {"SELECT a FROM kt WHERE a IN ('x', $1) AND a LIKE $2 ORDER BY a LIMIT $3",
        "SELECT a FROM kt WHERE a = ANY ($1) AND a BETWEEN 'x' AND 'y'",
        "SELECT a, count(*) FROM kt WHERE id <> 'x' GROUP BY a",
        "SELECT lower(a) FROM kt WHERE id = 'x' AND a IS NOT NULL", "SELECT ARRAY[a] FROM kt",
        "SELECT a FROM (SELECT * FROM kt) s WHERE a = 'x'",
        "SELECT ARRAY[a] = '{x}'::int[] FROM kt"})
    EXPECT_EQ(with(text), "read") << text;
}

TEST(UntypedStrings, BesideWhatIsMadeOfADomainBecomeThat) {
  const auto catalog = rows().check_call("text", kText, kKeeps).build({});
  for (const char* text :
       {"SELECT ARRAY[a] = '{x}' FROM kt", "SELECT id FROM public.kt WHERE ARRAY[a] = $1",
        "SELECT lag(a, 1, 'x') OVER () FROM kt", "SELECT ARRAY(SELECT a FROM kt) = '{x}'",
        "SELECT ARRAY(TABLE kt) = '{x}'", "SELECT ARRAY[z] = '{x}' FROM kt k(i, z)",
        "SELECT ARRAY[z] = '{x}' FROM (SELECT a AS z FROM kt) s",
        "SELECT 1 FROM (SELECT array_agg(a) AS z FROM kt) s WHERE z = '{x}'",
        "SELECT 1 FROM kt, concat(ARRAY[a]) z WHERE z = '{x}'",
        "SELECT ARRAY[(j).a] = '{x}' FROM (kt JOIN kt l USING (id)) j",
        "SELECT ARRAY[mode() WITHIN GROUP (ORDER BY a)] = '{x}' FROM kt",
        "SELECT ARRAY[a] = '{x}'::unknown FROM kt",
        "SELECT ARRAY[a] = '{x}' COLLATE \"C\" FROM kt"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "read call") << text;
}

TEST(Functions, OfAnyTypeCallEveryCheck) {
  const auto any = [] { return rows().cast_call("loudly", 0); };
  const Statement statement = one("SELECT loudly(1)", *any().build({}));
  EXPECT_EQ(actions_of(statement), "read call");
  EXPECT_EQ(statement.objects.size(), 2u) << "the function and the check";
  EXPECT_EQ(actions_of(one("SELECT ### 1", *any().build({}))), "read call");
  CatalogRows plain;
  add_builtins(plain);
  plain.relation(kTable, "public", "kt", 'r', "id a")
      .function(kLoudly, "public", "loudly", 'i', "plpgsql")
      .cast_call("loudly", 0);
  EXPECT_EQ(actions_of(one("SELECT loudly(1)", *plain.build({}))), "read") << "no type has checks";
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
