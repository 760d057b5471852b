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
        "SELECT v.b FROM (SELECT 0 AS column1) AS \"*VALUES*\", customers c, LATERAL (VALUES "
        "(c.ssn, 'a'), ('', 'b') ORDER BY \"*VALUES*\".column1 LIMIT 1) v(a, b)",
        "MERGE INTO customers c USING orders o ON c.ssn = o.note WHEN MATCHED THEN DELETE",
        "WITH a AS (SELECT ssn x FROM customers) SELECT 1 FROM a WHERE x > '5'",
        "SELECT 1 FROM customers c WHERE c::text LIKE '%1%'",
        "SELECT 1 FROM customers c WHERE (c).ssn = '1'",
        "SELECT 1 FROM customers c WHERE to_jsonb(c) ->> 'ssn' = '1'",
        "SELECT id FROM people WHERE tax_number = '1'",
        "SELECT id FROM orders WHERE looks_up(id) = '1'",
        "SELECT id FROM customers, regexp_matches(ssn, '^0')",
        "SELECT regexp_split_to_table(ssn, '-') FROM customers",
        "SELECT id, EXISTS (SELECT regexp_matches(c.ssn, '^0')) FROM customers c",
        "SELECT generate_series(1, length(ssn)) FROM customers",
        "SELECT (ssn).regexp_matches FROM customers",
        "SELECT ssn, count(*) FROM customers GROUP BY (1, 1)",
        "SELECT ssn, id FROM customers GROUP BY GROUPING SETS ((2, 1), (2))",
        "SELECT lag(name, ssn::int, pg_sleep(1)::text) OVER (ORDER BY id) FROM customers",
        "SELECT nth_value(nextval('a'), ssn::int) OVER (ORDER BY id) FROM customers",
        "SELECT 1 FROM customers c, xmltable('/a' PASSING ('<a/>'::xml) COLUMNS x text PATH "
        "(c.ssn) DEFAULT (nextval('a'))) t",
        "INSERT INTO orders (note[(SELECT ssn::int FROM customers)]) VALUES ('x')",
        "MERGE INTO orders o USING customers c ON o.id = c.id WHEN NOT MATCHED THEN INSERT "
        "(note[c.ssn::int]) VALUES ('x')",
        "CREATE INDEX ON customers (ssn)", "CREATE INDEX ON customers (id) INCLUDE (ssn)",
        "CREATE UNIQUE INDEX ON customers (id) INCLUDE (ssn)",
        "ALTER TABLE customers ADD UNIQUE (id) INCLUDE (ssn)",
        "CREATE INDEX ON customers (ssn) INCLUDE (id)", "CREATE INDEX ON customers (city, ssn)",
        "CREATE INDEX ON customers (ssn) WHERE id > 5", "CLUSTER customers USING x",
        "CLUSTER customers", "CLUSTER", "ALTER TABLE customers CLUSTER ON x",
        "SELECT id FROM customers c, xmltable('/a' PASSING (c.ssn::xml) COLUMNS x text) t",
        "SELECT pg_sleep(length(ssn)) FROM customers",
        "SELECT left(ssn, 1) = '1' AND pg_get_viewdef(1) IS NULL FROM customers",
        "SELECT left(ssn, 1) = '1' AND (1).pg_get_viewdef IS NULL FROM customers",
        "SELECT left(ssn, 1) = '1' OR has_table_privilege('orders', 'select') FROM customers",
        "SELECT pg_get_viewdef(ssn::int) FROM customers",
        "SELECT (ssn, pg_get_viewdef(1)) IS NULL FROM customers",
        "SELECT (ssn, (SELECT count(*) FROM orders)) IS NOT NULL FROM customers",
        "SELECT (ssn, pg_get_viewdef(1)) IS DISTINCT FROM NULL FROM customers",
        "SELECT coalesce(NULL, ROW(ssn, pg_get_viewdef(1))) IS NULL FROM customers",
        "SELECT q IS NULL FROM (SELECT ssn, pg_get_viewdef(1) AS d FROM customers) q",
        "SELECT ROW(q.*) IS NULL FROM (SELECT ssn, pg_get_viewdef(1) AS d FROM customers) q",
        "SELECT q = NULL FROM (SELECT ssn, pg_get_viewdef(1) AS d FROM customers) q",
        "SELECT NULL IS DISTINCT FROM q FROM (SELECT ssn, pg_get_viewdef(1) AS d FROM customers) q",
        "SELECT q.r IS NULL FROM (SELECT ROW(ssn, pg_get_viewdef(1)) AS r, u.* FROM customers, "
        "unnest(1) u) q",
        "SELECT ssn > '5' AND current_schema IS NULL FROM customers",
        "SELECT ssn > '5' AND q.s IS NULL FROM customers, (SELECT current_schema AS s) q",
        "SELECT 1 FROM customers c, LATERAL (SELECT c.ssn, o.id FROM orders o) q",
        "SELECT 1 FROM customers, LATERAL (SELECT ssn, o.id FROM orders o) q",
        "SELECT 1 FROM customers c, LATERAL (SELECT c.*, o.id FROM orders o) q",
        "SELECT 1 FROM customers c, LATERAL (SELECT c, o.id FROM orders o) q",
        "SELECT 1 FROM customers, LATERAL (SELECT public.customers.ssn, o.id FROM orders o) q",
        "SELECT 1 FROM customers c LEFT JOIN LATERAL (SELECT c.ssn, o.id FROM orders o) q ON true",
        "SELECT 1 FROM customers c CROSS JOIN (orders LEFT JOIN LATERAL (SELECT c.ssn) q ON true)",
        "SELECT 1 FROM customers c, LATERAL (SELECT c.ssn, pg_get_viewdef(1)) q",
        "SELECT 1 FROM customers c, LATERAL ROWS FROM (upper(c.ssn), upper(pg_get_viewdef(1))) q",
        "SELECT pg_stat_get_xact_function_calls(1)", "TABLE pg_backend_memory_contexts",
        "SELECT count(*) FROM pg_stat_user_functions",
        "SELECT EXISTS (SELECT q.generate_series FROM jsonb_populate_record(c.ssn) q) FROM "
        "customers c",
        "SELECT 1 FROM holders WHERE (person).ssn = '1'",
        "ALTER TABLE customers ADD CHECK (ssn LIKE '0%')",
        "CREATE INDEX ON customers (id) WHERE ssn > '5'", "CREATE INDEX ON customers (upper(ssn))",
        "CREATE UNIQUE INDEX ON customers (ssn)", "ALTER TABLE customers ADD UNIQUE (ssn)",
        "ALTER TABLE customers ADD EXCLUDE (ssn WITH =)",
        "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES customers (ssn)",
        "CREATE STATISTICS s ON upper(ssn), id FROM customers",
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
        "INSERT INTO orders (note[(SELECT ssn::int FROM customers)]) VALUES ('x')",
        "UPDATE orders SET note[(SELECT ssn::int FROM customers)] = 'x'",
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
        "SELECT ssn === '1' FROM customers", "SELECT ssn::mood FROM customers",
        "SELECT coalesce(ssn, NULL::mood) FROM customers",
        "ALTER TABLE customers ALTER COLUMN name TYPE text USING ssn",
        "ALTER TABLE customers ADD COLUMN x text GENERATED ALWAYS AS (upper(ssn)) STORED",
        "CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE RULE r AS ON UPDATE TO customers DO ALSO INSERT INTO orders VALUES (1, 1, 1, "
        "OLD.ssn)",
        "ALTER TABLE customers RENAME COLUMN ssn TO x", "ALTER TABLE customers RENAME TO x",
        "ALTER VIEW people RENAME COLUMN tax_number TO x", "ALTER TABLE customers SET SCHEMA other",
        "ALTER SCHEMA public RENAME TO x",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers'",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'INSERT INTO orders (note) SELECT ssn "
        "FROM customers'",
        "CREATE FUNCTION f(i int) RETURNS text RETURN (SELECT ssn FROM customers WHERE id = i)",
        "CREATE FUNCTION f(int) RETURNS text BEGIN ATOMIC SELECT ssn FROM customers WHERE id = $1; "
        "END",
        "CREATE FUNCTION f(i int, OUT s text) LANGUAGE plpgsql AS $$ BEGIN SELECT ssn INTO s FROM "
        "customers WHERE id = i; END $$",
        "CREATE FUNCTION f() RETURNS SETOF customers LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
        "SELECT * FROM customers; END $$",
        "CREATE FUNCTION f() RETURNS TABLE (x text) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
        "SELECT ssn FROM customers; END $$",
        "CREATE FUNCTION f(\"q\"\"x\" text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE "
        "\"q\"\"x\"; RETURN 1; END $$",
        "CREATE FUNCTION f() RETURNS SETOF orders LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
        "EXECUTE 'x'; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'not a program'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plperl AS 'return 1'",
        "CREATE PROCEDURE f() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders SELECT id, 1, 1, ssn "
        "FROM customers; END $$",
        // What stands in a default, a bound, a parameter is computed and kept.
        "CREATE TABLE t (a int, b text DEFAULT looks_up(1))",
        "CREATE TABLE t (a int, b text GENERATED ALWAYS AS (looks_up(a)) STORED)",
        "CREATE TABLE t PARTITION OF events FOR VALUES IN (looks_up(1))",
        "CREATE TABLE t PARTITION OF events FOR VALUES FROM (looks_up(1)) TO (MAXVALUE)",
        "ALTER TABLE events ATTACH PARTITION orders FOR VALUES IN (looks_up(1))",
        "ALTER TABLE orders ADD COLUMN x text DEFAULT looks_up(1)",
        "ALTER TABLE orders ALTER note SET DEFAULT looks_up(1)",
        "CREATE DOMAIN d AS text DEFAULT looks_up(1)", "ALTER DOMAIN d SET DEFAULT looks_up(1)",
        "CREATE FUNCTION f(a text DEFAULT looks_up(1)) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        // Masks go from a table to its children and to what is made of its columns.
        "ALTER TABLE customers INHERIT orders", "ALTER TABLE orders INHERIT customers",
        "ALTER TABLE events_2024 NO INHERIT events",
        "ALTER TABLE events DETACH PARTITION events_2024",
        "ALTER TABLE orders ATTACH PARTITION customers DEFAULT",
        "ALTER TABLE made ALTER loud DROP EXPRESSION", "ALTER TABLE holders ALTER person TYPE text",
        "CREATE OR REPLACE VIEW people AS SELECT 1 AS id, 'x' AS tax_number, 'y' AS shout",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN r := "
        "looks_up(1); INSERT INTO orders (note) VALUES (r); END $$",
        "DO $$ DECLARE r text := looks_up(1); BEGIN INSERT INTO orders (note) VALUES (r); END $$",
        "SELECT id FROM customers c, row_to_json(c) AS t (a int, b mood)",
        "SELECT id FROM customers c, ROWS FROM (row_to_json(c) AS (a mood)) t",
        "SELECT x FROM customers c, xmltable('/a' PASSING (c.ssn::xml) COLUMNS x mood) t",
        "SELECT jsonb_populate_record(o, to_jsonb(c)) FROM customers c, orders o",
        "INSERT INTO orders (note) SELECT (person).ssn FROM holders",
        "INSERT INTO orders (note) SELECT loud FROM made",
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
        "SELECT coalesce(ssn, current_setting('x'), to_char(now(), 'YYYY')) FROM customers",
        "SELECT ssn IS NULL AND clock_timestamp() > now(), to_json(ssn) IS NULL OR version() = 'x',"
        "(ssn, concat_ws(' ', pg_typeof(ssn))) = ('x', current_database()) FROM customers",
        "SELECT * FROM customers ORDER BY name LIMIT 5", "SELECT id FROM people",
        "SELECT (ssn, name) IS NULL, c IS NULL, ROW(c.*) IS NOT NULL, ssn IS DISTINCT FROM NULL, "
        "ssn = NULL FROM customers c",
        "SELECT ssn, q IS NULL FROM customers, (SELECT pg_get_viewdef(1)) q",
        "SELECT ssn, current_schema FROM customers", "SELECT current_schema",
        "SELECT c.ssn, q.n FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE "
        "o.id = c.id) q",
        "SELECT q.x FROM customers c, LATERAL (SELECT c.ssn AS x) q",
        "SELECT q.ssn FROM customers c, LATERAL (SELECT d.ssn, c.id FROM customers d) q",
        "SELECT u, c.ssn FROM customers c JOIN LATERAL upper(c.ssn) u ON true",
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
        "SELECT 'x'::mood, id FROM customers", "CREATE INDEX ON customers (city) INCLUDE (id)",
        "CREATE UNIQUE INDEX ON customers (id)", "ALTER TABLE customers ADD UNIQUE (id)",
        "ALTER TABLE customers ADD COLUMN x int CHECK (x > 0)",
        "ALTER TABLE customers ADD COLUMN x int, ADD CHECK (x > 0)",
        "ALTER TABLE customers ALTER name SET DEFAULT 'x'",
        "CREATE TABLE t (a int, b text DEFAULT length('X'), c int GENERATED ALWAYS AS (a + 1) "
        "STORED)",
        "CREATE TABLE t PARTITION OF orders FOR VALUES IN (1, 2)",
        "ALTER TABLE orders INHERIT twin_2", "ALTER TABLE customers ALTER city TYPE varchar",
        "CREATE OR REPLACE VIEW totals AS SELECT 1 AS customer_id, 2 AS sum",
        "DO $$ BEGIN PERFORM looks_up(1); INSERT INTO orders VALUES (1); END $$",
        "DO $$ BEGIN CALL do_it(); END $$", "ALTER TABLE customers RENAME COLUMN name TO x",
        "ALTER TABLE orders RENAME TO x",
        "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1'",
        "CREATE FUNCTION f(a int) RETURNS int RETURN a + 1",
        "CREATE FUNCTION f(int, b text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int := $1; "
        "BEGIN x := x + length(b); RETURN x; END $$",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'x'; RETURN "
        "NEW; END $$",
        "CREATE FUNCTION f(OUT a int, OUT b int) LANGUAGE plpgsql AS $$ BEGIN a := 1; b := 2; END "
        "$$",
        "CREATE FUNCTION f() RETURNS SETOF orders LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT "
        "* FROM orders; END $$",
        "CREATE PROCEDURE f(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; COMMIT; END $$",
        "SELECT plain FROM made", "SELECT generate_series(1, 3), ssn FROM customers",
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
