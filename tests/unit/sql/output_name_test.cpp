// SPDX-License-Identifier: Apache-2.0
// The table is held against a real server by tests/bypass/names.py.
#include "sql/output_name.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

constexpr int kPostgres15 = 150000, kPostgres13 = 130000;

std::string name_in(const std::string& text, int server_version) {
  const auto tree = ParseTree::parse(text, Limits{});
  if (!tree) return "error: " + tree.error().text();
  const Node select = Node{Node{&tree->statements()[0]}.field("stmt")};
  const Node target{&select.list("targetList")[0]};
  return std::string{output_name(target.node("val"), server_version)};
}

TEST(OutputNames, AreThoseOfPostgres) {
  std::ifstream table{"tests/golden/output_names.txt"};
  int count = 0;
  for (std::string line; std::getline(table, line); ++count) {
    const std::size_t bar = line.find(" | ");
    ASSERT_NE(bar, std::string::npos) << line;
    EXPECT_EQ(name_in("SELECT " + line.substr(bar + 3), kPostgres15), line.substr(0, bar)) << line;
  }
  EXPECT_GT(count, 100);
}

TEST(OutputNames, OfExtractWereOthersBefore14) {
  EXPECT_EQ(name_in("SELECT extract(year FROM now())", kPostgres13), "date_part");
  EXPECT_EQ(name_in("SELECT extract(year FROM now())", 0), "extract");
  EXPECT_EQ(name_in("SELECT public.extract(1)", kPostgres13), "extract");
}

TEST(OutputNames, OfValuesEndWhereNoQueryCanHaveThem) {
  EXPECT_EQ(values_column_name(0), "column1");
  EXPECT_EQ(values_column_name(64), "column65");
  EXPECT_EQ(values_column_name(1663), "column1664");
  EXPECT_EQ(values_column_name(1664), "");
}

// What is found inside for certain is not looked for outside; what may be inside is both.
struct Lookup {
  const char* text;
  const char* lineage;
};
class NamesInScopes : public testing::TestWithParam<Lookup> {};
TEST_P(NamesInScopes, AreFoundWhereTheServerFindsThem) {
  EXPECT_EQ(lineage_of(one(GetParam().text)), GetParam().lineage) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Sql, NamesInScopes,
    testing::Values(
        Lookup{"SELECT (SELECT name FROM (SELECT (c.ssn||'')::text::name) q) FROM customers c",
               "d"},
        Lookup{"SELECT (SELECT name FROM (SELECT 'x'::text::name) q) FROM (SELECT ssn AS name FROM "
               "customers) c",
               "."},
        Lookup{"SELECT (SELECT x FROM (SELECT (SELECT z.* FROM (SELECT c.ssn AS x) z)) q) FROM "
               "(SELECT ssn, 1 AS x FROM customers) c",
               "d"},
        Lookup{"SELECT (SELECT x FROM (SELECT (SELECT z.* FROM (SELECT 1 AS x) z)) q) FROM "
               "(SELECT ssn AS x FROM customers) c",
               "d"},
        Lookup{"SELECT (SELECT q.x FROM (SELECT (SELECT z.* FROM (SELECT c.ssn AS x) z)) q) FROM "
               "customers c",
               "d"},
        Lookup{"SELECT (SELECT \"coalesce\" FROM COALESCE(c.ssn, '')) FROM (SELECT ssn, 'x' AS "
               "\"coalesce\" FROM customers) c",
               "d"},
        Lookup{"SELECT \"coalesce\".\"coalesce\" FROM customers c, COALESCE(c.ssn, '')", "d"},
        Lookup{"SELECT (SELECT ssn FROM customers AS c(a, b, d, e), COALESCE(c, NULL)) FROM "
               "(SELECT 'x' AS ssn) q",
               "d"},
        Lookup{"SELECT (SELECT \"current_date\" FROM current_date) FROM (SELECT ssn AS "
               "\"current_date\" FROM customers) q",
               "."},
        Lookup{"SELECT (SELECT c).ssn, (SELECT c).city FROM customers AS c(id, ssn, name)", "r."},
        Lookup{"SELECT (c).ssn, (c).name FROM customers AS c(id, ssn, name, x)", ".p"},
        Lookup{"SELECT (q.r).ssn FROM (SELECT c AS r FROM customers AS c(id, ssn, name)) q", "r"},
        Lookup{"SELECT (SELECT c).* FROM customers AS c(ssn, name)", "..pr."},
        Lookup{"SELECT (q).b FROM (SELECT id, ssn FROM customers) AS q(a, b)", "r"}));

TEST(NamesInScopes, MayBeOfOneRelationOfANameOnly) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(7001, "old", "notes", 'r', "id item");
  rows.relation(7002, "new", "notes", 'r', "id");
  const auto catalog = rows.build(shop_rules());
  const std::string outer = " FROM (SELECT ssn AS item FROM customers) q";
  EXPECT_EQ(lineage_of(one("SELECT (SELECT item FROM notes)" + outer, *catalog)), "d");
  EXPECT_EQ(lineage_of(one("SELECT (SELECT item FROM old.notes)" + outer, *catalog)), ".");
}

TEST(NamesInScopes, OfSystemColumnsMayBeFunctions) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.function(7003, "public", "oid", 'i', "sql");
  const auto catalog = rows.build(shop_rules());
  EXPECT_EQ(lineage_of(one("SELECT c.oid FROM customers c", *catalog)), "o");
  EXPECT_EQ(lineage_of(one("SELECT (SELECT c).oid FROM customers c", *catalog)), "o");
  EXPECT_EQ(lineage_of(one("SELECT c.ctid FROM customers c", *catalog)), ".");
}

}  // namespace
}  // namespace sluice::sql::test
