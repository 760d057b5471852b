// SPDX-License-Identifier: Apache-2.0
// Statements that search by a sensitive column, or copy it elsewhere.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

class Searches : public testing::TestWithParam<const char*> {};
TEST_P(Searches, BySensitiveColumnsAreSeen) {
  const Statement statement = one(GetParam());
  EXPECT_TRUE(statement.searches_sensitive) << GetParam();
  EXPECT_TRUE(statement.actions.has(Action::kSensitiveSearch)) << GetParam();
  EXPECT_TRUE(statement.touches_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, Searches,
    testing::Values(
        "SELECT id FROM customers WHERE ssn = '1'", "SELECT id FROM customers WHERE ssn LIKE '1%'",
        "SELECT id FROM customers WHERE width_bucket(ssn::int, 0, 9, 10) = 1",
        "SELECT id FROM customers WHERE substr(ssn, 1, 1) = '1' AND pg_sleep(1) IS NULL",
        "SELECT id FROM customers ORDER BY ssn", "SELECT id, ssn FROM customers ORDER BY 2",
        "SELECT id, ssn AS x FROM customers ORDER BY x DESC",
        "SELECT count(*) FROM customers GROUP BY ssn",
        "SELECT ssn, count(*) FROM customers GROUP BY 1",
        "SELECT ssn, count(*) FROM customers GROUP BY ROLLUP (1)",
        "SELECT count(*) FROM customers GROUP BY CUBE (ssn)",
        "SELECT city FROM customers GROUP BY city HAVING max(ssn) > '5'",
        "SELECT DISTINCT ssn FROM customers", "SELECT DISTINCT ON (ssn) id FROM customers",
        "SELECT o.id FROM orders o JOIN customers c ON c.ssn = o.note",
        "SELECT 1 FROM customers a JOIN customers b USING (ssn)",
        "SELECT 1 FROM customers NATURAL JOIN remote.foreign_customers",
        "SELECT rank() OVER (ORDER BY ssn) FROM customers",
        "SELECT id FROM customers WINDOW w AS (PARTITION BY ssn)",
        "SELECT count(*) FILTER (WHERE ssn > '5') FROM customers",
        "SELECT string_agg(name, ',' ORDER BY ssn) FROM customers",
        "SELECT CASE WHEN ssn > '5' THEN pg_sleep(1) END FROM customers",
        "SELECT id FROM orders WHERE note IN (SELECT ssn FROM customers)",
        "SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers WHERE ssn = o.note)",
        "SELECT id FROM customers LIMIT (SELECT ssn::int FROM customers LIMIT 1)",
        "SELECT ssn FROM customers EXCEPT SELECT '1'", "SELECT ssn FROM customers UNION SELECT '1'",
        "UPDATE customers SET name = 'x' WHERE ssn = '1'", "DELETE FROM customers WHERE ssn = '1'",
        "INSERT INTO customers VALUES (1) ON CONFLICT (ssn) DO NOTHING",
        "MERGE INTO customers c USING orders o ON c.ssn = o.note WHEN MATCHED THEN DELETE",
        "WITH a AS (SELECT ssn x FROM customers) SELECT 1 FROM a WHERE x > '5'",
        "SELECT 1 FROM customers c WHERE c::text LIKE '%1%'",
        "SELECT 1 FROM customers c WHERE (c).ssn = '1'",
        "SELECT 1 FROM customers c WHERE to_jsonb(c) ->> 'ssn' = '1'",
        "SELECT id FROM people WHERE tax_number = '1'",
        "SELECT id FROM orders WHERE looks_up(id) = '1'",
        "EXPLAIN SELECT id FROM customers WHERE ssn = '1'",
        "PREPARE p AS SELECT id FROM customers WHERE ssn = $1",
        "COPY (SELECT id FROM customers WHERE ssn = '1') TO STDOUT",
        "COPY customers FROM STDIN WHERE ssn = '1'",
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM customers WHERE ssn = '1') THEN NULL; END IF; END "
        "$$"));

class Copies : public testing::TestWithParam<const char*> {};
TEST_P(Copies, OfSensitiveColumnsAreSeen) {
  const Statement statement = one(GetParam());
  EXPECT_TRUE(statement.copies_sensitive) << GetParam();
  EXPECT_TRUE(statement.actions.has(Action::kSensitiveCopy)) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, Copies,
    testing::Values(
        "INSERT INTO orders (note) SELECT ssn FROM customers",
        "INSERT INTO orders (note) SELECT upper(ssn) FROM customers",
        "INSERT INTO orders (note) VALUES ((SELECT ssn FROM customers LIMIT 1))",
        "WITH a AS (SELECT ssn x FROM customers) INSERT INTO orders (note) SELECT x FROM a",
        "WITH a AS (DELETE FROM customers RETURNING ssn) INSERT INTO orders (note) SELECT * FROM a",
        "INSERT INTO customers VALUES (1) ON CONFLICT (id) DO UPDATE SET name = customers.ssn",
        "UPDATE customers SET name = ssn WHERE id = 1",
        "UPDATE orders SET (note, total) = (SELECT ssn, 1 FROM customers LIMIT 1) WHERE id = 1",
        "UPDATE orders SET note = c.ssn FROM customers c WHERE c.id = customer_id",
        "MERGE INTO orders o USING customers c ON o.id = c.id WHEN MATCHED THEN UPDATE SET note = "
        "c.ssn",
        "MERGE INTO orders o USING customers c ON o.id = c.id WHEN NOT MATCHED THEN INSERT VALUES "
        "(1, 2, 3, c.ssn)",
        "CREATE TABLE t AS SELECT * FROM customers", "CREATE TABLE t AS TABLE customers",
        "SELECT ssn INTO t FROM customers", "SELECT * INTO TEMP t FROM customers",
        "CREATE VIEW v AS SELECT ssn FROM customers",
        "CREATE MATERIALIZED VIEW v AS SELECT ssn FROM customers", "COPY customers TO '/tmp/x'",
        "COPY (SELECT ssn FROM customers) TO PROGRAM 'x'",
        "SELECT pg_notify('a', ssn) FROM customers",
        "SELECT set_config('my.x', ssn, false) FROM customers",
        "SELECT writes_log(ssn) FROM customers", "SELECT computes(ssn) FROM customers",
        "SELECT dblink('x', ssn) FROM customers", "SELECT pg_read_file(ssn) FROM customers",
        "SELECT lo_from_bytea(0, ssn::bytea) FROM customers",
        "SELECT pg_logical_emit_message(true, 'x', ssn) FROM customers",
        "SELECT ssn === '1' FROM customers",
        "INSERT INTO orders SELECT * FROM not_in_the_catalogue",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM customers LOOP RAISE NOTICE '%', "
        "r.ssn; END LOOP; END $$"));

class Harmless : public testing::TestWithParam<const char*> {};
TEST_P(Harmless, UseIsNeitherSearchNorCopy) {
  const Statement statement = one(GetParam());
  EXPECT_FALSE(statement.searches_sensitive) << GetParam();
  EXPECT_FALSE(statement.copies_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, Harmless,
    testing::Values(
        "SELECT ssn FROM customers WHERE id = 1 ORDER BY id",
        "SELECT * FROM customers ORDER BY name LIMIT 5", "SELECT id FROM people",
        "SELECT o.* FROM orders o JOIN customers c ON c.id = o.id",
        "INSERT INTO customers (id, ssn) VALUES (1, 'x')",
        "INSERT INTO customers (id, ssn) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET "
        "ssn = excluded.ssn",
        "INSERT INTO orders (id) SELECT id FROM customers",
        "UPDATE customers SET ssn = 'x' WHERE id = 1",
        "DELETE FROM customers WHERE id = 1 RETURNING *",
        "CREATE TABLE t AS SELECT id, name FROM customers", "COPY customers TO STDOUT",
        "COPY customers FROM STDIN", "SELECT ssn FROM customers UNION ALL SELECT '1'",
        "DO $$ DECLARE i int; BEGIN FOR i IN 1..10 LOOP INSERT INTO orders VALUES (i); "
        "END LOOP; END $$",
        "DECLARE c CURSOR FOR SELECT ssn FROM customers"));

TEST(SensitiveUse, IsNothingWhereNothingIsSensitive) {
  const Statement statement =
      one("SELECT ssn INTO t FROM customers WHERE ssn = '1'", *shop_without_rules());
  EXPECT_FALSE(statement.searches_sensitive || statement.copies_sensitive ||
               statement.touches_sensitive);
  EXPECT_EQ(actions_of(statement), "read ddl");
}

}  // namespace
}  // namespace sluice::sql::test
