// SPDX-License-Identifier: Apache-2.0
// Who is believed: PostgreSQL's own by number, others by what the catalogue has of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"
#include "sql/overlay.h"

namespace sluice::sql::test {
namespace {

// `cast`: a cast that somebody has made does more than convert.
std::shared_ptr<const Catalog> with_promises(bool cast = false) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.without_casts();
  if (cast) rows.cast_call("mood", 3010);
  const auto sql = [&](Oid oid, const char* name, const char* body) {
    rows.function(oid, "public", name, 's', "sql")
        .body("CREATE OR REPLACE FUNCTION public." + std::string{name} +
              "() RETURNS integer LANGUAGE sql STABLE AS $function$ " + body + " $function$");
  };
  rows.relation(20060, "public", "bills", 'r', "id total");
  sql(20001, "reads", "SELECT max(id) FROM bills");
  sql(20002, "does", "SELECT writes_log(1)");
  sql(20003, "does_below", "SELECT does()");
  sql(20004, "sets", "SELECT setval('s', 1)");
  sql(20005, "odd", "SELECT a b c d");
  rows.relation(20010, "public", "view_of_does", 'v', "a")
      .view(20010, "SELECT public.does() AS a;");
  sql(20006, "looks", "SELECT a FROM view_of_does");
  rows.function(20007, "public", "by_default", 'i', "sql").calls(20007, 3001);
  rows.function(20008, "public", "in_c", 's', "c").not_shipped();
  rows.function(20009, "public", "in_python", 'i', "plpython3u");
  rows.function(20011, "pg_catalog", "beside", 'v', "sql");
  rows.function(20012, "pg_catalog", "quiet", 's', "plpgsql");
  rows.function(20013, "public", "adds", 'i', "internal", 's', "", 'a').calls(20013, 10001);
  rows.function(20014, "public", "tells", 'i', "internal", 's', "", 'a').calls(20014, 3002);
  rows.relation(20020, "public", "view_of_view", 'v', "a")
      .view(20020, "SELECT a FROM public.view_of_does;");
  rows.function(20021, "public", "tree_of_view", 's', "sql").uses(20021, "r", 20020);
  rows.function(20022, "public", "tree_of_table", 's', "sql").uses(20022, "r", 20060);
  rows.function(20023, "public", "tree_of_check", 's', "sql").uses(20023, "t", 20030);
  rows.function(20024, "public", "tree_of_type", 's', "sql").uses(20024, "t", 20031);
  rows.function(20025, "public", "tree_that_writes", 's', "sql").uses(20025, "w", 3);
  rows.function(20026, "public", "tree_of_call", 's', "sql").calls(20026, 20021);
  rows.check_call("checked", 20030, 3001);
  sql(20040, "reads_secrets", "SELECT max(id) FROM customers WHERE ssn = ''");
  sql(20041, "reads_beside", "SELECT max(id) FROM customers");
  sql(20042, "reads_view", "SELECT max(n) FROM people_again");
  sql(20043, "reads_nothing", "SELECT 1");
  sql(20044, "reads_twin", "SELECT max(id) FROM public.twin");
  sql(20045, "calls_secrets", "SELECT calls_reads() + reads_secrets()");
  sql(20046, "calls_reads", "SELECT reads() + calls_reads()");
  rows.relation(20047, "public", "above_reads", 'v', "x").view(20047, "SELECT reads() AS x;");
  rows.relation(20048, "public", "above_secrets", 'v', "x")
      .view(20048, "SELECT reads_secrets() AS x;");
  sql(20049, "reads_above", "SELECT x FROM above_secrets");
  rows.function(20050, "public", "tree_of_secrets", 's', "sql").uses(20050, "r", 1001);
  rows.function(20051, "public", "tree_of_unknown", 's', "sql").uses(20051, "r", 9999);
  std::string many = "SELECT 1 FROM t0";
  for (int i = 1; i < 65; ++i) many += ", t" + std::to_string(i);
  sql(20055, "reads_many", many.c_str());
  sql(20057, "does_or_reads", "SELECT writes_log(1) UNION SELECT max(id) FROM bills");
  sql(20056, "calls_many", "SELECT reads_many()");
  rows.function(20015, "information_schema", "adds_there", 'i', "internal", 's', "", 'a');
  return rows.build(shop_rules());
}

struct Case {
  const char* call;
  const char* actions;
  const char* lineage;
};

class Promises : public testing::TestWithParam<Case> {};

TEST_P(Promises, AreKeptOrNot) {
  const Statement statement = one(std::string{"SELECT "} + GetParam().call, *with_promises());
  EXPECT_EQ(actions_of(statement), GetParam().actions) << GetParam().call;
  EXPECT_EQ(lineage_of(statement), GetParam().lineage) << GetParam().call;
}

INSTANTIATE_TEST_SUITE_P(
    Functions, Promises,
    testing::Values(
        Case{"reads()", "read", "."}, Case{"does()", "read call", "o"},
        Case{"does_below()", "read call", "o"}, Case{"sets()", "read call", "o"},
        Case{"odd()", "read call", "o"}, Case{"looks()", "read call", "o"},
        Case{"by_default()", "read call", "o"}, Case{"in_c()", "read call unknown", "o"},
        Case{"in_python()", "read call unknown", "o"}, Case{"beside()", "read call", "o"},
        Case{"quiet()", "read", "o"}, Case{"adds(1)", "read", "."},
        Case{"tells(1)", "read call", "o"}, Case{"adds_there(1)", "read call", "o"},
        Case{"tree_of_view()", "read call", "o"}, Case{"tree_of_table()", "read", "."},
        Case{"tree_of_check()", "read call", "o"}, Case{"tree_of_type()", "read", "."},
        Case{"tree_that_writes()", "read call", "o"}, Case{"tree_of_call()", "read call", "o"},
        Case{"reads_secrets()", "read", "o"}, Case{"reads_beside()", "read", "o"},
        Case{"reads_view()", "read", "o"}, Case{"reads_nothing()", "read", "."},
        Case{"reads_twin()", "read", "o"}, Case{"calls_secrets()", "read", "o"},
        Case{"calls_reads()", "read", "."}, Case{"reads_above()", "read", "o"},
        Case{"tree_of_secrets()", "read", "o"}, Case{"tree_of_unknown()", "read", "o"},
        Case{"reads_many()", "read unknown", "o"}, Case{"calls_many()", "read unknown", "o"},
        Case{"x FROM above_reads", "read", "d"}, Case{"x FROM above_secrets", "read", "d"},
        Case{"digest(note) FROM orders", "read", "."}));

// It may run for what the function gives, or for its arguments.
TEST(Followed, NotWhereACastDoesMoreThanConvert) {
  const auto catalog = with_promises(true);
  for (const char* call : {"reads()", "reads_nothing()", "calls_reads()"})
    EXPECT_EQ(lineage_of(one(std::string{"SELECT "} + call, *catalog)), "o") << call;
}

// Rules for tables ask about it, whether all that it gives is known or not.
TEST(Followed, OrNotItReadsWhatItsBodyNames) {
  for (const bool cast : {false, true})
    for (const char* call : {"reads()", "calls_reads()", "does_or_reads()"}) {
      const Statement statement = one(std::string{"SELECT "} + call, *with_promises(cast));
      EXPECT_TRUE(std::any_of(statement.objects.begin(), statement.objects.end(),
                              [](const ObjectRef& object) { return object.name == "bills"; }))
          << call << cast;
    }
}

// The names in a body are looked for when it runs.
TEST(Followed, UntilASessionHasWhatTheBodyNames) {
  for (const char* made : {"CREATE TEMP TABLE bills (id int)", "ALTER TABLE bills ADD ssn text",
                           "ALTER TABLE customers RENAME TO bills"}) {
    const auto catalog = with_promises();
    EXPECT_EQ(lineage_of(one("SELECT reads()", *catalog)), ".");
    Overlay overlay{catalog};
    for (const CatalogChange& change : one(made, *catalog).changes) overlay.apply(change);
    EXPECT_EQ(lineage_of(one("SELECT reads()", overlay.catalog())), "o") << made;
    EXPECT_EQ(lineage_of(one("SELECT reads_nothing()", overlay.catalog())), ".") << made;
  }
}

TEST(ChangedBelow, CountsForTheTablesThatStandOnIt) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.table_on("feeling", 1002).table_on("by_note", 1002, true).table_on("parents", 1002);
  const auto catalog = rows.build({});
  const auto names_orders = [&](const char* text) {
    const Statement statement = one(text, *catalog);
    return std::count(statement.objects.begin(), statement.objects.end(),
                      ObjectRef{ObjectRef::Kind::kTable, "public", "orders"}) != 0;
  };
  for (const char* text :
       {"DROP FUNCTION feeling(int) CASCADE", "DROP COLLATION feeling CASCADE",
        "DROP OPERATOR CLASS feeling USING btree CASCADE", "DROP SCHEMA feeling CASCADE",
        "DROP TABLE parents CASCADE", "ALTER TYPE feeling RENAME VALUE 'a' TO 'b'",
        "ALTER TYPE feeling DROP ATTRIBUTE a", "ALTER TYPE feeling RENAME ATTRIBUTE a TO b",
        "ALTER DOMAIN feeling SET DEFAULT 1", "DROP INDEX by_note", "DROP INDEX public.by_note",
        "ALTER INDEX by_note RENAME TO b", "ALTER TABLE by_note RENAME TO b",
        "ALTER INDEX by_note SET (fillfactor = 50)"})
    EXPECT_TRUE(names_orders(text)) << text;
  for (const char* text : {"DROP FUNCTION feeling(int)", "ALTER TYPE feeling ADD VALUE 'b'",
                           "ALTER TABLE parents ADD a int", "DROP TABLE parents"})
    EXPECT_FALSE(names_orders(text)) << text;
}

TEST(Checks, RunWhereATypeIsGivenToAColumnOrAVariable) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.check_call("kept", 30001, 3001).operator_class("odd_ops", 3001);
  const auto catalog = rows.build({});
  for (const char* text :
       {"CREATE TABLE t (k kept)", "ALTER TABLE orders ADD k kept",
        "ALTER TABLE orders ALTER note TYPE kept", "CREATE TYPE p AS (k kept)",
        "CREATE FUNCTION f(kept) RETURNS int RETURN 1", "CREATE FUNCTION f() RETURNS kept RETURN 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS "
        "$$ DECLARE x public.kept := 1; BEGIN RETURN 1; END $$",
        "CREATE INDEX ON orders (note odd_ops)", "CREATE TYPE r AS RANGE (SUBTYPE = kept)",
        "CREATE TYPE r AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = odd_ops)",
        "CREATE TABLE t (k text) PARTITION BY RANGE (k odd_ops)"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "ddl call") << text;
  EXPECT_EQ(actions_of(one("CREATE TABLE t (k text)", *catalog)), "ddl");
}

}  // namespace
}  // namespace sluice::sql::test
