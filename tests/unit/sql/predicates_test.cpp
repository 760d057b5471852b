// SPDX-License-Identifier: Apache-2.0
// WHERE clauses that narrow nothing, and analyses that hang on a number.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

class Unbounded : public testing::TestWithParam<const char*> {};
TEST_P(Unbounded, IsAClauseThatHoldsForEveryRow) {
  for (const std::string head : {"DELETE FROM orders WHERE ", "UPDATE orders SET total = 0 WHERE "})
    EXPECT_TRUE(one(head + GetParam()).unbounded) << head << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Where, Unbounded,
    testing::Values("true", "NOT false", "1 = 1", "1 < 2", "'a' = 'a'", "1 <> 2", "'true'",
                    "'t'::bool", "id = id", "id >= id", "id = 5 OR true", "true OR id = 5",
                    "id = 5 OR 1 = 1", "NOT (1 = 2)", "true AND 1 = 1", "id IS NOT NULL",
                    "id IS NULL OR id IS NOT NULL", "id = 1 OR NOT id = 1", "id = 1 OR id <> 1",
                    "id < 5 OR id >= 5", "id > 1 OR id < 100", "note LIKE '%'", "note ILIKE '%%'",
                    "id IN (id)", "id IN (1, id)", "id IS NOT DISTINCT FROM id",
                    "id IS DISTINCT FROM NULL", "(id = 1) IS NOT UNKNOWN", "(1 = 1) IS TRUE",
                    "(1 = 2) IS NOT TRUE", "$1", "$1 = $2", "random() >= 0", "now() IS NOT NULL",
                    "EXISTS (SELECT 1)", "(SELECT true)", "1 IN (1, 2)", "COALESCE(true, false)",
                    "length('x') = 1", "id = 5 OR (note = note AND 2 > 1)"));

class Bounded : public testing::TestWithParam<const char*> {};
TEST_P(Bounded, IsAClauseThatMayLeaveRowsOut) {
  EXPECT_FALSE(one(std::string{"DELETE FROM orders WHERE "} + GetParam()).unbounded) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Where, Bounded,
    testing::Values("id = 1", "id = $1", "id IS NULL", "note LIKE 'a%'", "note NOT LIKE '%'",
                    "id = 5 AND true", "1 = 1 AND id = 5", "id IN (1, 2)", "id BETWEEN 1 AND 2",
                    "false", "1 = 2", "NULL", "id = customer_id", "NOT id = id",
                    "id IS DISTINCT FROM 5", "id = 1 OR id = 2",
                    "EXISTS (SELECT 1 FROM customers c WHERE c.id = customer_id)", "CURRENT OF c"));

class LiteralsMatter : public testing::TestWithParam<const char*> {};
TEST_P(LiteralsMatter, WhereAnotherNumberWouldBeJudgedOtherwise) {
  EXPECT_TRUE(one(GetParam()).literals_matter) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(Sql, LiteralsMatter,
                         testing::Values("SELECT id, ssn FROM customers ORDER BY 1",
                                         "SELECT id, count(*) FROM customers GROUP BY 1",
                                         "SELECT DISTINCT ON (1) id, ssn FROM customers",
                                         "SELECT id FROM customers GROUP BY ROLLUP (1)",
                                         "DELETE FROM orders WHERE 1 = 2",
                                         "DELETE FROM orders WHERE id + 1 = id + 2",
                                         "DELETE FROM orders WHERE id = 5 OR 1 = 2",
                                         "DELETE FROM orders WHERE length('x') = 1",
                                         "WITH x AS (DELETE FROM orders WHERE 1 = 2) SELECT 1",
                                         "EXPLAIN (ANALYZE 0) DELETE FROM orders",
                                         "COPY orders TO STDOUT (HEADER 0)",
                                         "SET statement_timeout = 5"));

class LiteralsDoNotMatter : public testing::TestWithParam<const char*> {};
TEST_P(LiteralsDoNotMatter, WhereNumbersAreOnlyData) {
  EXPECT_FALSE(one(GetParam()).literals_matter) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, LiteralsDoNotMatter,
    testing::Values("SELECT abalance FROM pgbench_accounts WHERE aid = 123",
                    "UPDATE pgbench_accounts SET abalance = abalance + 5 WHERE aid = 1",
                    "INSERT INTO orders VALUES (1, 2, 3, 'x')", "SELECT 1 FROM orders LIMIT 5",
                    "DELETE FROM orders WHERE id = 5 AND total > 7",
                    "SELECT substr(note, 1, 2) FROM orders",
                    "SELECT id FROM orders WHERE id IN (1, 2, 3) ORDER BY id"));

// What literals_matter promises: a cache under a key without literals stays sound.
TEST(LiteralsMatter, SaysTrueWhereverTheAnswerDiffers) {
  const std::pair<const char*, const char*> pairs[] = {
      {"DELETE FROM orders WHERE 1 = 1", "DELETE FROM orders WHERE 1 = 2"},
      {"SELECT id, ssn FROM customers ORDER BY 1", "SELECT id, ssn FROM customers ORDER BY 2"},
      {"DELETE FROM orders WHERE id + 1 = id + 1", "DELETE FROM orders WHERE id + 1 = id + 2"},
      {"DELETE FROM orders WHERE id = 1 OR id <> 1", "DELETE FROM orders WHERE id = 1 OR id <> 2"}};
  for (const auto& [first, second] : pairs) {
    const Statement a = one(first), b = one(second);
    EXPECT_TRUE(a.unbounded != b.unbounded || a.searches_sensitive != b.searches_sensitive)
        << first;
    EXPECT_TRUE(a.literals_matter && b.literals_matter) << first;
  }
}

TEST(Merge, OnAConditionThatIsAlwaysTrueIsUnbounded) {
  EXPECT_FALSE(one("MERGE INTO orders o USING customers c ON true WHEN MATCHED AND o.id = 1 THEN "
                   "DELETE")
                   .unbounded);
  EXPECT_TRUE(
      one("MERGE INTO orders o USING customers c ON 1 = 1 WHEN MATCHED THEN DELETE").unbounded);
}

}  // namespace
}  // namespace sluice::sql::test
