// SPDX-License-Identifier: Apache-2.0
// What each kind of statement does.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

struct Case {
  const char* text;
  const char* actions;
  bool unbounded = false;
};

class Actions : public testing::TestWithParam<Case> {};

TEST_P(Actions, AreFoundOverTheWholeTree) {
  const Case& given = GetParam();
  const Statement statement = one(given.text);
  EXPECT_EQ(actions_of(statement), given.actions) << given.text;
  EXPECT_EQ(statement.unbounded, given.unbounded) << given.text;
}

INSTANTIATE_TEST_SUITE_P(
    Queries, Actions,
    testing::Values(
        Case{"SELECT 1", "read"}, Case{"TABLE orders", "read"}, Case{"VALUES (1)", "read"},
        Case{"SELECT id FROM orders FOR UPDATE", "read transaction"},
        Case{"SELECT id INTO kept FROM orders", "read ddl"},
        Case{"CREATE TABLE kept AS SELECT id FROM orders", "read ddl"},
        Case{"CREATE MATERIALIZED VIEW kept AS SELECT id FROM orders", "read ddl"},
        Case{"INSERT INTO orders VALUES (1, 2, 3, 'x')", "insert"},
        Case{"INSERT INTO orders DEFAULT VALUES", "insert"},
        Case{"INSERT INTO orders VALUES (1) RETURNING id", "read insert"},
        Case{"INSERT INTO orders SELECT * FROM orders", "read insert"},
        Case{"INSERT INTO orders VALUES ((SELECT 1))", "read insert"},
        Case{"INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET total = 1",
             "insert update"},
        Case{"INSERT INTO orders VALUES (1) ON CONFLICT DO NOTHING", "insert"},
        Case{"UPDATE orders SET total = 1 WHERE id = 1", "update"},
        Case{"UPDATE orders SET total = c.id FROM customers c WHERE c.id = customer_id",
             "read update"},
        Case{"DELETE FROM orders WHERE id = $1", "delete"},
        Case{"DELETE FROM orders USING customers c WHERE c.id = customer_id", "read delete"},
        Case{"DELETE FROM orders WHERE id IN (SELECT id FROM customers)", "read delete"},
        Case{"DELETE FROM orders WHERE CURRENT OF c", "delete"},
        Case{"TRUNCATE orders", "delete", true},
        Case{"MERGE INTO orders o USING customers c ON o.customer_id = c.id WHEN MATCHED THEN "
             "DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)",
             "read insert delete"},
        Case{"MERGE INTO orders o USING customers c ON true WHEN MATCHED THEN UPDATE SET total = 1",
             "read update", true},
        Case{"WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone", "read delete",
             true},
        Case{"WITH x AS (INSERT INTO orders VALUES (1) RETURNING id) UPDATE customers SET name = "
             "'x' WHERE id IN (SELECT id FROM x)",
             "read insert update"},
        Case{"SELECT * FROM (SELECT * FROM orders WHERE id IN (SELECT id FROM customers)) x",
             "read"}));

INSTANTIATE_TEST_SUITE_P(
    Utilities, Actions,
    testing::Values(
        Case{"BEGIN", "transaction"}, Case{"START TRANSACTION READ ONLY", "transaction"},
        Case{"COMMIT", "transaction"}, Case{"END", "transaction"}, Case{"ROLLBACK", "transaction"},
        Case{"SAVEPOINT a", "transaction"}, Case{"RELEASE a", "transaction"},
        Case{"ROLLBACK TO a", "transaction"}, Case{"PREPARE TRANSACTION 'x'", "transaction"},
        Case{"COMMIT PREPARED 'x'", "transaction"}, Case{"LOCK TABLE orders", "transaction"},
        Case{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "transaction"},
        Case{"SET CONSTRAINTS ALL DEFERRED", "transaction"}, Case{"SHOW search_path", "read"},
        Case{"SET work_mem = '1GB'", "session"}, Case{"RESET work_mem", "session"},
        Case{"SET search_path = other", "session"}, Case{"SET LOCAL TimeZone TO 'UTC'", "session"},
        Case{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session"},
        Case{"SET ROLE admin", "grant session"}, Case{"RESET ROLE", "session"},
        Case{"SET SESSION AUTHORIZATION admin", "grant session"},
        Case{"SET session_replication_role = replica", "grant session"},
        Case{"SET zero_damaged_pages = on", "grant session"},
        Case{"SET plpgsql.variable_conflict = use_column", "grant session"},
        Case{"SET LOCAL log_statement = 'none'", "session host"},
        Case{"RESET log_min_messages", "session host"},
        Case{"SELECT set_config(name, 'view', false) FROM pg_settings WHERE name = 'work_mem'",
             "read session"},
        Case{"SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'role'",
             "read grant session"},
        Case{"SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'a' OR true",
             "read session unknown"},
        Case{"SELECT set_config(name, 'x', false) FROM pg_settings WHERE name <> 'work_mem'",
             "read session unknown"},
        Case{"SELECT set_config(name, 'x', false) FROM pg_settings, orders WHERE name = 'work_mem'",
             "read session unknown"},
        Case{
            "SELECT (SELECT set_config(name, 'x', false)) FROM pg_settings WHERE name = 'work_mem'",
            "read session unknown"},
        Case{"WITH q AS (UPDATE customers SET name = 'role' WHERE id = 1 RETURNING "
             "set_config(name, 'x', false)) SELECT 1 FROM pg_settings WHERE name = 'work_mem'",
             "read update session unknown"},
        Case{"WITH pg_settings AS (SELECT 'role' AS name) SELECT set_config(name, 'x', false) FROM "
             "pg_settings WHERE name = 'work_mem'",
             "read session unknown"},
        Case{"SELECT set_config(name, 'x', false) FROM other.pg_settings WHERE name = 'work_mem'",
             "read session unknown sensitive_search sensitive_copy"},
        Case{"ALTER FUNCTION writes_log() RESET role", "ddl grant session call sensitive_copy"},
        Case{"SELECT set_config('jit_dump_bitcode', 'on', false)", "read session host"},
        Case{"ROLLBACK PREPARED 'x'", "transaction"}, Case{"SET row_security = off", "session"},
        Case{"RESET ALL", "session"}, Case{"DISCARD ALL", "session"},
        Case{"DISCARD PLANS", "session"}, Case{"LISTEN a", "session"},
        Case{"UNLISTEN *", "session"}, Case{"NOTIFY a, 'x'", "session"},
        Case{"DEALLOCATE ALL", "session"}, Case{"CLOSE ALL", "session"},
        Case{"EXPLAIN SELECT 1", "read"}, Case{"EXPLAIN DELETE FROM orders", "read"},
        Case{"EXPLAIN SELECT nextval('s')", "read"},
        Case{"EXPLAIN SELECT pg_reload_conf()", "read host"},
        Case{"EXPLAIN CREATE TABLE t AS SELECT 1", "read"},
        Case{"EXPLAIN EXECUTE p(setval('s', 1))", "read update unknown"},
        Case{"EXPLAIN CREATE TABLE t AS EXECUTE p(lo_unlink(1))",
             "read delete unknown sensitive_copy"},
        Case{"EXPLAIN (ANALYZE false) DELETE FROM orders", "read"},
        Case{"EXPLAIN (ANALYZE 0) DELETE FROM orders", "read"},
        Case{"EXPLAIN ANALYZE DELETE FROM orders", "read delete", true},
        Case{"EXPLAIN (ANALYZE, VERBOSE) DELETE FROM orders WHERE id = 1", "read delete"},
        Case{"EXPLAIN (analyze on) INSERT INTO orders VALUES (1)", "read insert"},
        Case{"EXPLAIN ANALYZE EXECUTE nothing", "read unknown"},
        Case{"COPY orders TO STDOUT", "read copy_out"},
        Case{"COPY orders FROM STDIN", "insert copy_in"},
        Case{"COPY (DELETE FROM orders RETURNING *) TO STDOUT", "read delete copy_out", true},
        Case{"COPY orders TO '/tmp/x'", "read copy_out host"},
        Case{"COPY orders FROM '/etc/passwd'", "insert copy_in host"},
        Case{"COPY orders FROM PROGRAM 'id'", "insert copy_in host"},
        Case{"COPY (SELECT 1) TO PROGRAM 'sh'", "read copy_out host"},
        Case{"CALL do_it(1)", "call"}, Case{"CALL nothing_known()", "call unknown"},
        Case{"EXECUTE nothing", "unknown"}, Case{"FETCH ALL FROM nothing", "unknown"},
        Case{"PREPARE p AS DELETE FROM orders WHERE id = $1", "delete"},
        Case{"DECLARE c CURSOR FOR SELECT id FROM orders", "read"}));

INSTANTIATE_TEST_SUITE_P(
    Definitions, Actions,
    testing::Values(
        Case{"CREATE TABLE t (id int)", "ddl"}, Case{"ALTER TABLE orders ADD COLUMN x int", "ddl"},
        Case{"DROP TABLE orders", "ddl"}, Case{"CREATE INDEX ON orders (id)", "ddl"},
        Case{"CREATE SCHEMA s", "ddl"}, Case{"COMMENT ON TABLE orders IS 'x'", "ddl"},
        Case{"VACUUM orders", "ddl"}, Case{"REINDEX TABLE orders", "ddl"},
        Case{"REFRESH MATERIALIZED VIEW totals", "read ddl"},
        Case{"REFRESH MATERIALIZED VIEW made_in_this_transaction", "read ddl"},
        Case{"ALTER TABLE orders RENAME TO x", "ddl"},
        Case{"ALTER TABLE orders ALTER id TYPE bigint", "ddl"},
        Case{"ALTER TABLE orders ALTER id TYPE bigint USING 0", "update ddl", true},
        Case{"ALTER EVENT TRIGGER e DISABLE", "ddl grant"},
        Case{"DROP EVENT TRIGGER e", "ddl grant"},
        Case{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "ddl"},
        Case{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'", "delete ddl",
             true},
        Case{"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN IF now() IS NULL THEN "
             "PERFORM f(); END IF; END $$",
             "ddl call"},
        Case{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $f$ CREATE FUNCTION g() RETURNS "
             "int LANGUAGE sql AS 'SELECT 1' $f$",
             "ddl unknown sensitive_copy"},
        Case{"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE t "
             "(a int); END $$",
             "ddl"},
        Case{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT "
             "set_config('client_encoding', 'SJIS', false) $$",
             "ddl session unknown sensitive_copy"},
        Case{"CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION writes_log()",
             "ddl call sensitive_copy"},
        Case{"CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION made_just_before()",
             "ddl call"},
        Case{"CREATE OR REPLACE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION "
             "made_just_before()",
             "ddl grant call"},
        Case{"CREATE OR REPLACE RULE r AS ON DELETE TO orders DO ALSO NOTHING", "ddl grant"},
        Case{"CREATE CAST (text AS int) WITH FUNCTION looks_up(text)", "ddl unknown"},
        Case{"CREATE CAST (text AS int) WITH FUNCTION looks_up(text) AS IMPLICIT",
             "ddl call unknown"},
        Case{"CREATE CAST (text AS int) WITHOUT FUNCTION", "ddl unknown"},
        Case{"CREATE CAST (text AS int) WITH INOUT", "ddl"},
        Case{"CREATE CAST (orders AS text) WITH INOUT", "ddl"},
        Case{"CREATE CAST (orders AS text) WITH INOUT AS IMPLICIT", "ddl call unknown"},
        Case{"SELECT set_config('r\\157le', 'x', false)", "read session unknown"},
        Case{"CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", "ddl host sensitive_copy"},
        Case{"CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'x'",
             "ddl host sensitive_copy"},
        Case{"CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
             "ddl grant"},
        Case{"CREATE RULE r AS ON INSERT TO orders DO ALSO DELETE FROM customers", "delete ddl",
             true},
        Case{"GRANT SELECT ON orders TO bob", "grant"},
        Case{"REVOKE ALL ON orders FROM bob", "grant"}, Case{"GRANT admin TO bob", "grant"},
        Case{"CREATE ROLE bob", "grant"}, Case{"ALTER ROLE bob SUPERUSER", "grant"},
        Case{"DROP ROLE bob", "grant"}, Case{"ALTER ROLE bob RENAME TO admin", "ddl grant"},
        Case{"ALTER POLICY p ON orders RENAME TO q", "ddl grant"},
        Case{"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bob", "grant"},
        Case{"REASSIGN OWNED BY a TO b", "ddl grant"},
        Case{"SECURITY LABEL ON TABLE orders IS 'x'", "grant"},
        Case{"ALTER TABLE orders OWNER TO bob", "ddl grant"},
        Case{"ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "ddl grant"},
        Case{"CREATE POLICY p ON orders USING (true)", "ddl grant"},
        Case{"DROP OWNED BY bob", "delete ddl grant", true}));

INSTANTIATE_TEST_SUITE_P(
    OutOfSql, Actions,
    testing::Values(Case{"ALTER SYSTEM SET archive_command = 'x'", "host"},
                    Case{"LOAD 'x'", "host"}, Case{"CHECKPOINT", "host"},
                    Case{"CREATE EXTENSION dblink", "ddl host"},
                    Case{"CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw", "ddl host"},
                    Case{"CREATE FOREIGN DATA WRAPPER w", "ddl host"},
                    Case{"CREATE USER MAPPING FOR bob SERVER s", "ddl host"},
                    Case{"CREATE FOREIGN TABLE t (id int) SERVER s", "ddl host"},
                    Case{"IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y", "ddl host"},
                    Case{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "ddl host"},
                    Case{"CREATE PUBLICATION p FOR ALL TABLES", "ddl host"},
                    Case{"CREATE DATABASE d", "ddl host"},
                    Case{"ALTER DATABASE d RENAME TO e", "ddl host"},
                    Case{"ALTER TABLESPACE t RENAME TO u", "ddl host"},
                    Case{"ALTER SERVER s RENAME TO t", "ddl host"},
                    Case{"CREATE TABLESPACE t LOCATION '/x'", "ddl host"},
                    Case{"CREATE LANGUAGE plpython3u", "ddl host"},
                    Case{"SET local_preload_libraries = 'x'", "session host"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Actions,
    testing::Values(
        Case{"SELECT upper('a'), now(), random(), gen_random_uuid(), pg_sleep(1)", "read"},
        Case{"SELECT nextval('s')", "read update"}, Case{"SELECT setval('s', 1)", "read update"},
        Case{"SELECT lo_unlink(1)", "read delete"}, Case{"SELECT lo_get(1)", "read"},
        Case{"SELECT lo_from_bytea(0, 'x')", "read update"},
        Case{"SELECT lo_import('/etc/passwd')", "read host"},
        Case{"SELECT lo_export(1, '/x')", "read host"},
        Case{"SELECT pg_read_file('/etc/passwd')", "read host"},
        Case{"SELECT pg_catalog.pg_read_file('/etc/passwd')", "read host"},
        Case{"SELECT * FROM pg_ls_dir('/')", "read host"},
        Case{"SELECT pg_terminate_backend(1)", "read host"},
        Case{"SELECT pg_reload_conf()", "read host"},
        Case{"SELECT pg_logical_emit_message(true, 'a', 'b')", "read host"},
        Case{"SELECT pg_create_logical_replication_slot('a', 'b')", "read host"},
        Case{"SELECT * FROM dblink('x', 'DELETE FROM t') AS t(a int)", "read call host"},
        Case{"SELECT public.dblink('x', 'y')", "read call host"},
        Case{"SELECT query_to_xml('DELETE FROM t', true, true, '')", "read unknown"},
        Case{"SELECT table_to_xml('customers', true, true, '')", "read unknown"},
        Case{"SELECT * FROM ts_stat('SELECT x')", "read unknown"},
        Case{"SELECT * FROM crosstab('DELETE FROM t')", "read unknown"},
        Case{"SELECT set_config('work_mem', '1', false)", "read session"},
        Case{"SELECT set_config('role', 'x', false)", "read grant session"},
        Case{"SELECT set_config('ro' || 'le', 'x', false)", "read session unknown"},
        Case{"SELECT pg_advisory_lock(1)", "read session"},
        Case{"SELECT writes_log(1)", "read call"}, Case{"SELECT looks_up(1), computes(1)", "read"},
        Case{"SELECT my_total(1)", "read call"},
        Case{"SELECT not_in_the_catalogue()", "read unknown"},
        Case{"SELECT pg_something_new_in_2030()", "read unknown"},
        // A user's function under the name of PostgreSQL's own: either may run.
        Case{"SELECT lower('X')", "read call"}, Case{"SELECT pg_catalog.lower('X')", "read"},
        // Calls that do not look like calls.
        Case{"SELECT 1 === 2", "read call"}, Case{"SELECT 1 OPERATOR(public.===) 2", "read call"},
        Case{"SELECT 1 === ANY (SELECT 2)", "read call"}, Case{"SELECT 'x'::mood", "read call"},
        Case{"SELECT orders.sneaky FROM orders", "read call"},
        Case{"SELECT (NULL::orders).sneaky", "read call"},
        Case{"DO $$ BEGIN PERFORM orders.sneaky FROM orders; END $$",
             "read call sensitive_search sensitive_copy"},
        Case{"SELECT * FROM caller", "read call"},
        // What such a function gives may be anything: it counts as sensitive.
        Case{"SELECT 1 FROM orders ORDER BY writes_log(id)", "read call sensitive_search"},
        Case{"SELECT 1 FROM orders LIMIT writes_log(1)", "read call sensitive_search"},
        Case{"INSERT INTO orders VALUES (pg_read_file('x'))", "insert host sensitive_copy"},
        Case{"UPDATE orders SET note = pg_read_file('x') WHERE id = 1",
             "update host sensitive_copy"},
        Case{"SELECT 1 FROM orders WINDOW w AS (ORDER BY writes_log(1))",
             "read call sensitive_search"},
        Case{"SELECT sum(total) FILTER (WHERE writes_log(1)) FROM orders",
             "read call sensitive_search"},
        Case{"SELECT * FROM ROWS FROM (writes_log(1), pg_ls_dir('/')) x", "read call host"},
        Case{"SELECT * FROM orders TABLESAMPLE system_rows(5)", "read unknown"}));

TEST(Objects, NameWhatTheStatementReaches) {
  const auto has = [](const Statement& statement, ObjectRef object) {
    const auto& all = statement.objects;
    return std::find(all.begin(), all.end(), object) != all.end();
  };
  using K = ObjectRef::Kind;
  const Statement joined = one("SELECT upper(o.note) FROM orders o JOIN hr.salaries s ON true");
  EXPECT_TRUE(has(joined, {K::kTable, "hr", "salaries"}));
  EXPECT_TRUE(has(joined, {K::kFunction, "pg_catalog", "upper"}));
  EXPECT_TRUE(has(one("SELECT * FROM people_again"), {K::kTable, "public", "customers"}))
      << "through two views";
  EXPECT_TRUE(has(one("SELECT * FROM twin"), {K::kTable, "", "twin"})) << "either schema";
  EXPECT_TRUE(has(one("DROP TABLE customers"), {K::kTable, "public", "customers"}));
  const Statement cte = one("WITH customers AS (SELECT 1) SELECT * FROM customers");
  EXPECT_FALSE(has(cte, {K::kTable, "public", "customers"})) << "the CTE, not the table";
  const Statement inner =
      one("WITH customers AS (SELECT * FROM customers) SELECT * FROM customers");
  EXPECT_TRUE(has(inner, {K::kTable, "public", "customers"})) << "inside, it is the table";
  const Statement into =
      one("WITH customers AS (SELECT 1 a) SELECT a INTO customers FROM customers");
  EXPECT_TRUE(has(into, {K::kTable, "public", "customers"})) << "what INTO makes is a table";
}

TEST(Statements, OfOneTextAreJudgedEachWithItsPlace) {
  const std::string text = "SELECT 1; DROP TABLE orders ;  ";
  const auto analysis = analyse(text, *shop(), SessionNames{});
  ASSERT_TRUE(analysis.ok());
  ASSERT_EQ(analysis->statements.size(), 2u);
  EXPECT_EQ(actions_of(analysis->statements[0]), "read");
  EXPECT_EQ(actions_of(analysis->statements[1]), "ddl");
  const Statement& second = analysis->statements[1];
  EXPECT_EQ(text.substr(second.location, second.length), " DROP TABLE orders ");
  EXPECT_EQ(second.fingerprint.size(), 16u);
  EXPECT_EQ(analysis->catalog_version, 7u);
}

TEST(Statements, AreNoneInAnEmptyText) {
  for (const char* text : {"", "  ", ";", "-- comment", "/* a /* b */ c */"}) {
    const auto analysis = analyse(text, *shop(), SessionNames{});
    ASSERT_TRUE(analysis.ok()) << text;
    EXPECT_TRUE(analysis->statements.empty()) << text;
  }
}

TEST(Settings, ThatChangeMeaningAreRecognised) {
  for (const char* text :
       {"SET search_path TO x", "SET \"Search_Path\" TO x", "SET standard_conforming_strings = off",
        "SET NAMES 'SJIS'", "SET ROLE x", "RESET ALL", "DISCARD ALL",
        "SELECT set_config('search_path', 'x', false)", "SELECT set_config($1, 'x', false)"})
    EXPECT_TRUE(one(text).changes_meaning) << text;
  EXPECT_FALSE(one("SET work_mem = '1MB'").changes_meaning);
  const Statement set = one("SET Search_Path TO 'Other'");
  EXPECT_EQ(set.name, "search_path");
  EXPECT_EQ(set.value, "Other");
}

// A string that ends elsewhere where standard_conforming_strings is off.
TEST(Bodies, ThatAreReadInTwoWaysAreUnknown) {
  const std::string two_ways = "SELECT '\\' || $q$' || name FROM customers -- $q$\n";
  for (const std::string& text :
       {"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ " + two_ways + "$f$",
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN PERFORM (" + two_ways +
            "); END $f$",
        "DO $f$ BEGIN PERFORM (" + two_ways + "); END $f$"})
    EXPECT_TRUE(one(text).actions.has(Action::kUnknown)) << text;
  for (const std::string text :
       {"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT '\\s+', E'\\'', '\\\\' $f$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT 1 -- it's a \\' comment\n $f$"})
    EXPECT_FALSE(one(text).actions.has(Action::kUnknown)) << text;
}

TEST(Statements, ThatLaterOnesRunUnnamedBlind) {
  for (const char* text :
       {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OPERATOR |+| (FUNCTION = looks_up, LEFTARG = text)",
        "CREATE DOMAIN d AS text CHECK (VALUE <> '')", "ALTER DOMAIN d ADD CHECK (VALUE <> '')",
        "CREATE TABLE t (a mood)", "CREATE TYPE t AS (a mood)",
        "CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION writes_log()",
        "ALTER TABLE customers DROP COLUMN city", "ALTER FUNCTION computes() RENAME TO lower"})
    EXPECT_TRUE(one(text).blinds) << text;
  for (const char* text : {"CREATE TABLE t (a text)", "CREATE TYPE t AS (a text)",
                           "ALTER TABLE customers ADD COLUMN x int", "SELECT writes_log()"})
    EXPECT_FALSE(one(text).blinds) << text;
}

// IN (SELECT ...), CASE and BETWEEN use operators that they do not name.
TEST(Operators, OfUsersAreCallsWhereNothingNamesThem) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.operator_call("=", 3010).operator_call(">=", 3010);
  const auto catalog = rows.build(shop_rules());
  for (const char* text : {"SELECT name IN (SELECT 'x') FROM customers",
                           "SELECT CASE name WHEN 'x' THEN 1 END FROM customers",
                           "SELECT name BETWEEN 'a' AND 'b' FROM customers",
                           "SELECT 1 FROM orders JOIN customers USING (id)",
                           "SELECT 1 FROM orders NATURAL JOIN customers"})
    EXPECT_TRUE(one(text, *catalog).actions.has(Action::kCall)) << text;
  for (const char* text : {"SELECT ssn IN (SELECT 'x') FROM customers",
                           "SELECT ssn BETWEEN 'a' AND 'b' FROM customers"})
    EXPECT_TRUE(one(text, *catalog).copies_sensitive) << text;
  EXPECT_FALSE(one("SELECT ssn IN (SELECT 'x') FROM customers").copies_sensitive);
}

}  // namespace
}  // namespace sluice::sql::test
