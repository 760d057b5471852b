// SPDX-License-Identifier: Apache-2.0
// Which result columns must be masked, and which must not.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

struct Case {
  const char* text;
  const char* lineage;  // see lineage_of()
};

class Lineage : public testing::TestWithParam<Case> {};

TEST_P(Lineage, FollowsSensitiveColumnsToTheResult) {
  EXPECT_EQ(lineage_of(one(GetParam().text)), GetParam().lineage) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Clear, Lineage,
    testing::Values(Case{"SELECT abalance FROM pgbench_accounts WHERE aid = 123", "."},
                    Case{"SELECT count(*) FROM customers", "."},
                    Case{"SELECT id, name, city FROM customers", "..."},
                    Case{"SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = "
                         "o.customer_id",
                         ".."},
                    Case{"SELECT * FROM orders", "="},  // or those of information_schema.orders
                    Case{"SELECT o.* FROM orders o, customers c WHERE o.customer_id = c.id", "="},
                    Case{"SELECT o.* FROM public.orders o, customers c", "...."},
                    Case{"SELECT name FROM customers WHERE ssn = '1'", "."},
                    Case{"SELECT EXISTS (SELECT ssn FROM customers)", "."},
                    Case{"SELECT id FROM (SELECT id, ssn FROM customers) x", "."},
                    Case{"WITH c AS (SELECT * FROM customers) SELECT name FROM c", "."},
                    Case{"WITH customers AS (SELECT 'x' AS ssn) SELECT ssn FROM customers", "."},
                    Case{"SELECT json_agg(x) FROM (SELECT id, city FROM customers) x", "."},
                    Case{"SELECT row_to_json(o) FROM orders o", "."},
                    Case{"SELECT ctid, tableoid FROM customers", ".."},
                    Case{"SELECT c.xmin FROM customers c", "."}, Case{"SELECT * FROM totals", ".."},
                    Case{"SELECT n FROM people_again", "."},
                    Case{"SELECT current_date, current_user, now()", "..."},
                    Case{"SELECT * FROM generate_series(1, 3) AS g", "."},
                    Case{"SELECT g + 1 FROM generate_series(1, 3) AS g(g)", "."},
                    Case{"SELECT * FROM unnest(ARRAY[1, 2])", "="},
                    Case{"VALUES (1, 2), (3, 4)", ".."}, Case{"SHOW work_mem", "="},
                    Case{"SELECT relname FROM pg_class", "."},
                    Case{"SELECT pid, state FROM pg_stat_activity", ".."},
                    Case{"SELECT table_name FROM information_schema.orders", "."},
                    Case{"SELECT total FROM orders ORDER BY total", "."},
                    Case{"EXPLAIN SELECT ssn FROM customers WHERE id = 1", "."},
                    Case{"SELECT digest(name) FROM customers", "."},
                    Case{"INSERT INTO customers VALUES (1) RETURNING id", "."},
                    Case{"DELETE FROM orders", "-"}));

INSTANTIATE_TEST_SUITE_P(
    DirectColumns, Lineage,
    testing::Values(
        Case{"SELECT ssn FROM customers", "r"}, Case{"SELECT ssn AS x FROM customers", "r"},
        Case{"SELECT \"ssn\" FROM CUSTOMERS", "r"},
        Case{"SELECT U&\"\\0073sn\" FROM U&\"cust\\006fmers\"", "r"},
        Case{"SELECT * FROM customers", "..pr."}, Case{"TABLE customers", "..pr."},
        Case{"SELECT c.* FROM customers AS c", "..pr."},
        Case{"SELECT public.customers.ssn FROM public.customers", "r"},
        Case{"SELECT c.b FROM customers AS c(a, b, c, d)", "."},
        Case{"SELECT c.d FROM customers AS c(a, b, c, d)", "r"},
        Case{"SELECT amount FROM hr.salaries", "h"}, Case{"SELECT secret FROM events", "n"},
        Case{"SELECT * FROM events_2024", "n.."},
        Case{"SELECT ssn FROM remote.foreign_customers", "r"},
        Case{"SELECT \"Value\" FROM \"Secrets\"", "r"},
        Case{"SELECT x FROM (SELECT ssn AS x FROM customers) y", "r"},
        Case{"WITH a(z) AS (SELECT ssn FROM customers) SELECT z FROM a", "r"},
        Case{"SELECT tax_number FROM people", "r"}, Case{"SELECT t FROM people_again", "r"},
        Case{"SELECT (c).ssn FROM customers c", "r"},
        Case{"SELECT ((SELECT c)).ssn FROM customers c", "r"},
        Case{"SELECT (x.r).ssn FROM (SELECT c AS r FROM customers c) x", "r"},
        Case{"SELECT (c).* FROM customers c", "..pr."},
        Case{"SELECT l.y FROM customers c, LATERAL (SELECT c.ssn AS y) l", "r"},
        Case{"SELECT * FROM customers NATURAL JOIN public.orders", "..pr...."},
        Case{"SELECT j.ssn FROM (customers JOIN orders USING (id)) AS j", "r"},
        Case{"SELECT ssn FROM customers TABLESAMPLE system(10)", "r"},
        Case{"DELETE FROM customers WHERE id = 1 RETURNING ssn, id", "r."},
        Case{"UPDATE customers SET name = 'x' WHERE id = 1 RETURNING *", "..pr."},
        Case{"UPDATE customers SET name = 'x' WHERE id = 1 RETURNING old.ssn, new.id", "r."},
        Case{"INSERT INTO customers VALUES (1) RETURNING customers.ssn", "r"},
        Case{"WITH d AS (DELETE FROM customers WHERE id = 1 RETURNING ssn AS s) SELECT "
             "s FROM d",
             "r"},
        Case{"COPY customers TO STDOUT", "..pr."}, Case{"COPY customers (id, ssn) TO STDOUT", ".r"},
        Case{"COPY (SELECT ssn FROM customers) TO STDOUT", "r"},
        Case{"PREPARE p AS SELECT ssn FROM customers", "r"},
        Case{"DECLARE c CURSOR FOR SELECT ssn FROM customers", "r"},
        Case{"SELECT most_common_vals, histogram_bounds, attname FROM pg_stats", "rr."},
        Case{"SELECT stavalues1 FROM pg_catalog.pg_statistic", "r"},
        Case{"SELECT query FROM pg_stat_activity", "r"},
        Case{"SELECT query, calls FROM pg_stat_statements", "r."},
        Case{"SELECT statement FROM pg_prepared_statements", "r"},
        Case{"SELECT rolpassword FROM pg_authid", "r"},
        Case{"SELECT chunk_data FROM pg_toast.pg_toast_1001", "r"}));

INSTANTIATE_TEST_SUITE_P(
    Derived, Lineage,
    testing::Values(
        Case{"SELECT substr(ssn, 1, 3), concat(ssn, ''), md5(ssn) FROM customers", "ddd"},
        Case{"SELECT encode(ssn::bytea, 'hex'), reverse(ssn), translate(ssn, '1', 'a') FROM "
             "customers",
             "ddd"},
        Case{"SELECT to_char(ssn::int, '9'), overlay(ssn placing 'x' from 1), format('%s', ssn) "
             "FROM "
             "customers",
             "ddd"},
        Case{"SELECT ssn || '' FROM customers", "d"}, Case{"SELECT ssn::int FROM customers", "d"},
        Case{"SELECT CAST(ssn AS text) FROM customers", "d"},
        Case{"SELECT ssn COLLATE \"C\" FROM customers", "d"},
        Case{"SELECT ARRAY[ssn], ROW(ssn), ARRAY(SELECT ssn FROM customers) FROM customers", "ddd"},
        Case{"SELECT (ARRAY[ssn])[1] FROM customers", "d"},
        Case{
            "SELECT json_agg(c), row_to_json(c), to_jsonb(c), array_agg(ssn), string_agg(ssn, ',') "
            "FROM customers c",
            "ddddd"},
        Case{"SELECT to_json(c.*) FROM customers c", "d"},
        Case{"SELECT xmlforest(ssn AS x), xmlelement(name a, ssn) FROM customers", "dd"},
        Case{"SELECT c FROM customers c", "d"}, Case{"SELECT customers FROM customers", "d"},
        Case{"SELECT c::text FROM customers c", "d"},
        Case{"SELECT x FROM (SELECT c AS x FROM customers c) y", "d"},
        Case{"SELECT id, ssn FROM customers UNION ALL SELECT 1, 'x'", ".d"},
        Case{"SELECT 1, 'x' UNION SELECT id, ssn FROM customers", ".d"},
        Case{"SELECT ssn FROM customers INTERSECT SELECT note FROM orders", "d"},
        Case{"SELECT * FROM (VALUES ((SELECT ssn FROM customers LIMIT 1), 2)) v(a, b)", "d."},
        Case{"SELECT (SELECT ssn FROM customers LIMIT 1)", "d"},
        Case{"SELECT max(ssn), count(ssn) FROM customers", "dd"},
        Case{"SELECT CASE WHEN ssn LIKE '1%' THEN 1 END FROM customers", "d"},
        Case{"SELECT CASE ssn WHEN '1' THEN 1 END FROM customers", "d"},
        Case{"SELECT COALESCE(ssn, ''), NULLIF(ssn, ''), GREATEST(ssn, '') FROM customers", "ddd"},
        Case{"SELECT ssn = '1', ssn IS NULL, ssn IN ('1') FROM customers", "ddd"},
        Case{"SELECT '1' IN (SELECT ssn FROM customers)", "d"},
        Case{"SELECT first_value(ssn) OVER (ORDER BY id) FROM customers", "d"},
        Case{"SELECT rank() OVER (ORDER BY ssn) FROM customers", "d"},
        Case{"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ssn) FROM customers", "d"},
        Case{"SELECT * FROM unnest(ARRAY(SELECT ssn FROM customers)) u(x)", "?"},
        Case{"SELECT x FROM unnest(ARRAY(SELECT ssn FROM customers)) u(x)", "d"},
        Case{"SELECT value FROM customers c, json_each_text(row_to_json(c))", "d"},
        Case{"SELECT s FROM customers c, regexp_split_to_table(c.ssn, '') s", "d"},
        Case{"SELECT * FROM XMLTABLE('/a' PASSING (SELECT xmlelement(name a, ssn) FROM customers) "
             "COLUMNS x text)",
             "d"},
        Case{"WITH RECURSIVE t(n, s) AS (SELECT id, 'x' FROM customers UNION ALL SELECT n + 1, ssn "
             "FROM t JOIN customers ON true) SELECT n, s FROM t",
             ".d"},
        Case{"SELECT shout FROM people", "d"}, Case{"SELECT digest(ssn) FROM customers", "d"},
        Case{"EXPLAIN SELECT id FROM customers WHERE ssn = '1'", "o"},
        Case{"SELECT * FROM twin", ".d"}));

INSTANTIATE_TEST_SUITE_P(
    NotKnown, Lineage,
    testing::Values(
        Case{"SELECT * FROM not_in_the_catalogue", "?"},
        Case{"SELECT a, b FROM not_in_the_catalogue", "oo"},
        Case{"SELECT * FROM pg_temp.customers", "?"}, Case{"SELECT * FROM odd", "?"},
        Case{"SELECT id FROM odd", "."}, Case{"SELECT ssn FROM odd", "r"},
        Case{"SELECT nothing FROM customers", "o"},
        Case{"SELECT looks_up(1), writes_log(1), computes(1)", "ooo"},
        Case{"SELECT * FROM all_customers()", "?"}, Case{"SELECT * FROM pair()", "oo"},
        Case{"SELECT a FROM pair() p", "o"},
        Case{"SELECT * FROM dblink('x', 'y') AS t(a int, b text)", "oo"},
        Case{"SELECT pg_read_file('x')", "o"}, Case{"SELECT lo_get(1)", "o"},
        Case{"SELECT * FROM broken", "dd"}, Case{"CALL do_it(1)", "?"},
        Case{"EXECUTE nothing", "?"}, Case{"FETCH 1 FROM nothing", "?"},
        Case{"SELECT (SELECT note FROM orders LIMIT 1) FROM (SELECT ssn AS note FROM "
             "customers) q",
             "d"},
        Case{"SELECT (SELECT note FROM public.orders LIMIT 1) FROM (SELECT ssn AS note "
             "FROM customers) q",
             "."},
        // How many columns come before them is not known.
        Case{"SELECT q.a, q.b FROM (SELECT (now()).*, ssn, id FROM customers) q(a, b)", "dd"},
        Case{"SELECT q.sneaky, q.looks_up FROM (SELECT (now()).*) q", "oo"},
        Case{"SELECT 1 === 2", "o"}, Case{"SELECT orders.sneaky FROM orders", "o"},
        Case{"SELECT jsonb_populate_record(NULL::customers, '{}')", "."},
        Case{"SELECT (jsonb_populate_record(NULL::customers, '{}')).*", "="},
        Case{"WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", "?"}));

class StarOfSearch : public testing::TestWithParam<Case> {};

TEST_P(StarOfSearch, StandsForTheNewColumnOnlyWhereTheWithIs) {
  const std::string text =
      "WITH RECURSIVE t(a) AS (SELECT 'q' UNION ALL SELECT a FROM t) "
      "SEARCH DEPTH FIRST BY a SET s " +
      std::string{GetParam().text};
  EXPECT_EQ(lineage_of(one(text)), GetParam().lineage) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Lineage, StarOfSearch,
    testing::Values(
        Case{"SELECT * FROM t", ".."}, Case{"SELECT t.*, c.ssn FROM t, customers c", "..r"},
        Case{"SELECT x.a, x.b FROM (SELECT t.*, c.ssn, c.name FROM t, customers c) x(a, b)", ".r"},
        Case{"SELECT x.a, x.b FROM (SELECT (t).*, c.ssn FROM t, customers c) x(a, b)", ".r"},
        Case{", u AS (SELECT t.*, ssn, name FROM t, customers) SELECT * FROM u", ".r."},
        Case{"SELECT x.* FROM (SELECT j.*, c.ssn FROM (t CROSS JOIN customers d) AS j, "
             "customers c) x",
             "...pr.r"},
        Case{"SELECT t.*, ssn FROM t, customers UNION ALL SELECT t.*, '' FROM t", ".d"},
        Case{"SELECT x.* FROM (SELECT (q.r).*, q.ssn FROM (SELECT t AS r, c.ssn FROM t, "
             "customers c) q) x",
             "..r"},
        Case{"SELECT * FROM (SELECT * FROM t JOIN (SELECT s, ssn FROM t, customers) u "
             "USING (s)) x",
             "?"}));

INSTANTIATE_TEST_SUITE_P(
    NotWritten, Lineage,
    testing::Values(
        Case{"WITH RECURSIVE t(a) AS (SELECT ssn FROM customers UNION ALL SELECT a FROM t) CYCLE a "
             "SET c USING p SELECT * FROM t",
             "rdd"},
        // The recursive term sees them.
        Case{"SELECT (WITH RECURSIVE t(a, b) AS (SELECT c.ssn, '' UNION ALL SELECT a, s::text FROM "
             "t) SEARCH DEPTH FIRST BY a SET s SELECT max(b) FROM t) FROM customers c, "
             "(SELECT '' AS s) z",
             "d"},
        // The second pass knows less of the rows than the first.
        Case{"WITH RECURSIVE t(n, r, b) AS (SELECT 1, c, '' FROM customers c UNION ALL SELECT "
             "n + 1, NULL::customers, (t.r).name FROM t) SELECT n, b FROM t",
             ".d"},
        // Not a system column.
        Case{"SELECT (u).oid FROM customers c, LATERAL upper(c.ssn) u(z)", "d"},
        Case{"SELECT (q.u).ctid FROM (SELECT u FROM customers c, LATERAL upper(c.ssn) u(z)) q",
             "d"},
        Case{"SELECT (c).ctid, c.tableoid FROM customers c", ".."},
        // The first of a name may be among those that are not known.
        Case{"SELECT (y.x).name FROM (SELECT x FROM (SELECT (jsonb_populate_record(NULL::customers,"
             " to_jsonb(c))).*, '' AS name FROM customers c) x) y",
             "d"}));

TEST(Outputs, SayWhichBaseColumnTheyAre) {
  const Statement direct = one("SELECT email, upper(email) FROM customers");
  ASSERT_EQ(direct.outputs.size(), 2u);
  EXPECT_EQ(direct.outputs[0].relation, 1001u);
  EXPECT_EQ(direct.outputs[0].attnum, 3);
  EXPECT_EQ(direct.outputs[0].mask, MaskKind::kPartial);
  EXPECT_EQ(direct.outputs[1].relation, 0u);
  const Statement view = one("SELECT tax_number FROM people");
  EXPECT_EQ(view.outputs[0].relation, 1007u);
  EXPECT_EQ(view.outputs[0].attnum, 2);
}

TEST(Outputs, AreMaskedWholeWhenTheServerGivesAnotherNumberOfColumns) {
  const Statement statement = one("SELECT id, name FROM customers");
  EXPECT_TRUE(output_of(statement, 0, 2).clear());
  EXPECT_FALSE(output_of(statement, 0, 3).clear());
  EXPECT_FALSE(output_of(statement, 2, 2).clear());
}

TEST(Outputs, AreAllClearWhereNothingIsSensitive) {
  for (const char* text :
       {"SELECT * FROM customers", "SELECT looks_up(1)", "SELECT * FROM nowhere"})
    EXPECT_EQ(lineage_of(one(text, *shop_without_rules())), "=") << text;
}

TEST(Columns, ThatAStatementTouchesAreNamed) {
  const Statement statement = one("SELECT name FROM customers WHERE ssn = '1'");
  const ColumnRef ssn{"public", "customers", "ssn", true},
      name{"public", "customers", "name", false};
  const auto& all = statement.columns;
  EXPECT_NE(std::find(all.begin(), all.end(), ssn), all.end());
  EXPECT_NE(std::find(all.begin(), all.end(), name), all.end());
  EXPECT_EQ(all.size(), 2u);
  const Statement update = one("UPDATE customers SET ssn = 'x' WHERE id = 1");
  EXPECT_NE(std::find(update.columns.begin(), update.columns.end(), ssn), update.columns.end());
}

}  // namespace
}  // namespace sluice::sql::test
