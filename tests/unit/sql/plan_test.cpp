// SPDX-License-Identifier: Apache-2.0
// Which statements the planner may be asked about before anybody approved them, and its answer.
#include "sql/plan.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

std::optional<PlanQuestion> question(std::string_view text,
                                     const std::vector<Parameter>& parameters = {}) {
  return plan_question(one(text), text, parameters);
}

class Asked : public testing::TestWithParam<const char*> {};
TEST_P(Asked, OfStatementsThatOnlyTouchRows) { EXPECT_TRUE(question(GetParam())) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(
    Plan, Asked,
    testing::Values("UPDATE people SET id = 2 WHERE id < 10", "DELETE FROM customers",
                    "SELECT id FROM customers WHERE ssn = '1'",
                    "INSERT INTO people (id) SELECT length(city) FROM customers",
                    "UPDATE people SET id = 2;",
                    "MERGE INTO people o USING customers c ON o.id = c.id WHEN MATCHED THEN DELETE",
                    "/* all of them */ DELETE FROM people -- yes"));

class NotAsked : public testing::TestWithParam<const char*> {};
TEST_P(NotAsked, OfWhatPlanningMightRun) { EXPECT_FALSE(question(GetParam())) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(
    Plan, NotAsked,
    testing::Values("DELETE FROM orders WHERE note = looks_up(1)", "SELECT looks_up(1)",
                    "DELETE FROM orders WHERE id = computes(1)", "SELECT lower(note) FROM orders",
                    "DELETE FROM orders WHERE id === 1", "SELECT my_total(id) FROM orders",
                    "UPDATE orders SET note = nobody_knows(id)", "SELECT pg_terminate_backend(1)",
                    "DELETE FROM a_table_that_is_not_there",
                    "DELETE FROM orders",  // of two schemas

                    "DROP TABLE orders", "TRUNCATE orders",
                    "DO $$ BEGIN DELETE FROM orders; END $$", "EXPLAIN ANALYZE DELETE FROM orders",
                    "CALL looks_up(1)", "CREATE TABLE x AS SELECT * FROM orders",
                    "PREPARE p AS DELETE FROM orders", "SELECT id INTO x FROM orders",
                    "COPY orders TO STDOUT"));

TEST(Plan, IsAskedForInAReadOnlyTransactionWhereTheTablesAre) {
  const auto queries = plan_queries({"DELETE FROM t", {}, {"public", "od\"d"}});
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].substr(0, 15), "BEGIN READ ONLY");
  EXPECT_NE(queries[0].find("search_path TO pg_catalog, \"public\", \"od\"\"d\""),
            std::string::npos);
  EXPECT_EQ(queries[1], "EXPLAIN (FORMAT JSON) DELETE FROM t");
}

TEST(Plan, IsMadeForTheParametersAtHand) {
  const auto queries =
      plan_queries({"DELETE FROM t WHERE a = $1 AND b = $2", {"it's", std::nullopt}, {}});
  ASSERT_EQ(queries.size(), 3U);
  EXPECT_EQ(queries[1], "PREPARE sluice_plan AS DELETE FROM t WHERE a = $1 AND b = $2");
  EXPECT_EQ(queries[2], "EXPLAIN (FORMAT JSON) EXECUTE sluice_plan('it''s', NULL)");
}

TEST(Plan, SaysTheRowsThatAreChanged) {
  EXPECT_EQ(*planned_rows(R"([{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 1270}}])"), 1270U);
  EXPECT_EQ(*planned_rows(R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0,
                              "Plans": [{"Node Type": "Seq Scan", "Plan Rows": 3}]}}])"),
            3U);
  EXPECT_EQ(*planned_rows(R"([{"Plan": {"Plan Rows": 1e300}}])"), 9'000'000'000'000'000'000U);
}

TEST(Plan, ThatCannotBeReadIsNone) {
  for (const char* odd :
       {"", "nonsense", "{}", "[]", "[{}]", R"([{"Plan": 1}])", R"([{"Plan": {}}])",
        R"([{"Plan": {"Plan Rows": "many"}}])", R"([{"Plan": {"Plan Rows": -1}}])",
        R"([{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 5}}])",
        R"([{"Plan": {"Node Type": "ModifyTable", "Plans": []}}])"})
    EXPECT_FALSE(planned_rows(odd).ok()) << odd;
}

}  // namespace
}  // namespace sluice::sql::test
