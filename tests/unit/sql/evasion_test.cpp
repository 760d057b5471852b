// SPDX-License-Identifier: Apache-2.0
// Ways around a guard that looks at words: each must come out as what it is.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

struct Case {
  const char* text;
  Action action;
};
class Evasion : public testing::TestWithParam<Case> {};

TEST_P(Evasion, IsSeenThrough) {
  const auto analysis = analyse(GetParam().text, *shop(), SessionNames{});
  ASSERT_TRUE(analysis.ok()) << GetParam().text << "\n" << analysis.error().text();
  ActionSet all;
  for (const Statement& statement : analysis->statements) all.add(statement.actions);
  EXPECT_TRUE(all.has(GetParam().action)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Sql, Evasion,
    testing::Values(
        Case{"dRoP/**/TABLE orders", Action::kDdl},
        Case{"/* /* nested */ */ DROP TABLE orders", Action::kDdl},
        Case{"SELECT '--'; DROP TABLE orders", Action::kDdl},
        Case{"SELECT 'a;b'; DELETE FROM orders", Action::kDelete},
        Case{"UPDATE orders SET note = E'O\\'B'; DELETE FROM orders", Action::kDelete},
        Case{"SELECT $$;$$; DELETE FROM orders", Action::kDelete},
        Case{"SELECT $a$ $$ $a$; DELETE FROM orders", Action::kDelete},
        Case{"DELETE FROM U&\"\\006frders\"", Action::kDelete},
        Case{"SELECT 1;;; TRUNCATE orders", Action::kDelete},
        Case{"WITH x AS (UPDATE orders SET total = 1 RETURNING 1) SELECT 1", Action::kUpdate},
        Case{"SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) y; DELETE FROM orders",
             Action::kDelete},
        Case{"EXPLAIN (ANALYZE) DELETE FROM orders", Action::kDelete},
        Case{"EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", Action::kDdl},
        Case{"COPY (DELETE FROM orders RETURNING *) TO STDOUT", Action::kDelete},
        Case{"SELECT 1 INTO t", Action::kDdl}, Case{"CREATE TABLE t AS SELECT 1", Action::kDdl},
        Case{"PREPARE p AS DELETE FROM orders; EXECUTE p", Action::kDelete},
        Case{"CREATE TABLE t AS EXECUTE nothing", Action::kUnknown},
        Case{"DO 'BEGIN DELETE FROM orders; END'", Action::kDelete},
        Case{"DO $$ BEGIN EXECUTE 'DROP TABLE x'; END $$", Action::kUnknown},
        Case{"DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'x' LOOP NULL; END LOOP; END $$",
             Action::kUnknown},
        Case{"DO LANGUAGE plpython3u 'x'", Action::kUnknown},
        Case{"DO 'not a program'", Action::kUnknown},
        Case{"DO $$ BEGIN PERFORM pg_read_file('x'); END $$", Action::kHost},
        Case{"DO $$ DECLARE x text := pg_read_file('x'); BEGIN NULL; END $$", Action::kHost},
        Case{"DO $$ BEGIN IF pg_terminate_backend(1) THEN NULL; END IF; END $$", Action::kHost},
        Case{"DO $$ DECLARE x text; BEGIN x := pg_read_file('x'); END $$", Action::kHost},
        Case{"DO $$ BEGIN RAISE NOTICE '%', pg_read_file('x'); END $$", Action::kHost},
        Case{"DO $$ BEGIN NULL; EXCEPTION WHEN others THEN TRUNCATE orders; END $$",
             Action::kDelete},
        Case{"DO $$ BEGIN COMMIT; END $$", Action::kTransaction},
        Case{"DO $$ BEGIN CALL do_it(1); END $$", Action::kCall},
        Case{"SELECT 1 WHERE (SELECT pg_terminate_backend(1))", Action::kHost},
        Case{"SELECT \"pg_read_file\"('x')", Action::kHost},
        Case{"SELECT \"pg_catalog\".\"pg_read_file\"('x')", Action::kHost},
        Case{"CREATE TABLE t (a text DEFAULT pg_read_file('x'))", Action::kHost},
        Case{"ALTER TABLE orders ADD COLUMN x text DEFAULT pg_read_file('x')", Action::kHost},
        Case{"CREATE SCHEMA s CREATE TABLE t (id int) CREATE VIEW v AS SELECT pg_read_file('x')",
             Action::kHost},
        Case{"ALTER FUNCTION writes_log(int) SECURITY DEFINER", Action::kGrant},
        Case{"TRUNCATE orders CASCADE", Action::kUnknown},
        Case{"DROP TYPE mood CASCADE", Action::kUnknown},
        Case{"SET LOCAL ROLE postgres", Action::kGrant},
        Case{"SELECT set_config('session_authorization', 'x', false)", Action::kGrant}));

class Names : public testing::TestWithParam<const char*> {};
TEST_P(Names, OfTheTableAreSeen) {
  const Statement statement = one(GetParam());
  bool named = false;
  for (const ObjectRef& object : statement.objects)
    named |= object.kind == ObjectRef::Kind::kTable && object.name == "orders";
  EXPECT_TRUE(named) << GetParam();
}
// What is changed is a relation, also where a CTE has its name.
INSTANTIATE_TEST_SUITE_P(
    Sql, Names,
    testing::Values("WITH orders AS (SELECT 1) DELETE FROM orders",
                    "WITH orders AS (SELECT 1) UPDATE orders SET total = 1",
                    "WITH orders AS (SELECT 1) INSERT INTO orders VALUES (1)",
                    "WITH orders AS (SELECT 1 AS id) MERGE INTO orders o USING orders c ON o.id = "
                    "c.id WHEN MATCHED THEN DELETE",
                    "COMMENT ON TABLE orders IS 'x'", "COMMENT ON COLUMN orders.note IS 'x'",
                    "COMMENT ON TRIGGER t ON orders IS 'x'", "DROP TRIGGER t ON orders",
                    "DROP RULE r ON public.orders", "DROP TABLE public.orders",
                    "DROP SCHEMA public CASCADE", "ALTER SCHEMA public RENAME TO x",
                    "COMMENT ON SCHEMA public IS 'x'", "ALTER TABLE orders SET SCHEMA other"));

TEST(QuotedNames, AreFoldedQuotedAndCutAsPostgresDoes) {
  EXPECT_EQ(lineage_of(one("SELECT SSN FROM Customers")), "r");
  EXPECT_EQ(lineage_of(one("SELECT \"SSN\" FROM customers")), "o") << "no such column";
  const std::string base(63, 'a');
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(5001, "public", base, 'r', "id ssn");
  const auto catalog = rows.build(shop_rules());
  EXPECT_EQ(lineage_of(one("SELECT ssn FROM " + base + "beyond", *catalog)), "r");
}

class Refused : public testing::TestWithParam<std::string> {};
TEST_P(Refused, BeforeItReachesTheServer) {
  EXPECT_FALSE(analyse(GetParam(), *shop(), SessionNames{}).ok());
}
INSTANTIATE_TEST_SUITE_P(Text, Refused,
                         testing::Values(
                             "DROP\u00a0TABLE orders", "SELECT 1 FROM", "SELECT '", "/* open",
                             std::string{"SELECT 1\0; DROP TABLE x", 23}, "SELECT '\xff'",
                             "SELECT '\xc0\xaf'", "SELECT '\xed\xa0\x80'",
                             "/*!50000 DROP TABLE x*/ y", std::string((1 << 20) + 1, ' '),
                             "SELECT " + std::string(100000, '(') + "1" + std::string(100000, ')'),
                             "SELECT 1" + [] {
                               std::string chain;
                               for (int i = 0; i < 300000; ++i) chain += "+1";
                               return chain;
                             }()));

TEST(Errors, SayWhere) {
  const auto analysis = analyse("SELECT 1 FORM x y", *shop(), SessionNames{});
  ASSERT_FALSE(analysis.ok());
  EXPECT_NE(analysis.error().text().find("at character 15"), std::string::npos)
      << analysis.error().text();
}

TEST(Encoding, ThatMayHideAQuoteIsRefused) {
  AnalyseOptions options;
  options.client_encoding = "SJIS";
  EXPECT_FALSE(analyse("SELECT '\x95\x5c'", *shop(), SessionNames{}, options).ok());
  EXPECT_TRUE(analyse("SELECT 'x'", *shop(), SessionNames{}, options).ok());
  options.client_encoding = "UTF8";
  EXPECT_TRUE(analyse("SELECT 'é'", *shop(), SessionNames{}, options).ok());
}

TEST(Backslashes, AreRefusedWhileStandardConformingStringsIsOff) {
  AnalyseOptions options;
  options.standard_conforming_strings = false;
  EXPECT_FALSE(analyse("SELECT 'a\\'; DROP TABLE x; --'", *shop(), SessionNames{}, options).ok());
  EXPECT_TRUE(analyse("SELECT 'a'", *shop(), SessionNames{}, options).ok());
}

TEST(Bombs, OfNestedAssignmentsAreRefusedNotBuilt) {
  std::string text = "UPDATE t SET (a,b,c,d,e,f,g,h) = (SELECT 1)";
  for (int i = 0; i < 12; ++i)
    text = "UPDATE t SET (a,b,c,d,e,f,g,h) = (WITH x AS (" + text + " RETURNING 1) SELECT 1)";
  EXPECT_FALSE(analyse(text, *shop(), SessionNames{}).ok());
  EXPECT_TRUE(analyse("UPDATE orders SET (id, total) = (1, 2) WHERE (id, total) = (3, 4)", *shop(),
                      SessionNames{})
                  .ok());
}

TEST(LargeButOrdinaryTexts, PassTheGuards) {
  std::string insert = "INSERT INTO orders VALUES (1, -2, 3.5, 'x')";
  for (int i = 0; i < 5000; ++i) insert += ", (1, -2, 3.5, 'x')";
  EXPECT_TRUE(analyse(insert, *shop(), SessionNames{}).ok());
  std::string list = "SELECT * FROM orders WHERE id IN (1";
  for (int i = 0; i < 20000; ++i) list += ", " + std::to_string(i);
  EXPECT_TRUE(analyse(list + ")", *shop(), SessionNames{}).ok());
  std::string sum = "SELECT 1";
  for (int i = 0; i < 900; ++i) sum += "+1";
  EXPECT_TRUE(analyse(sum, *shop(), SessionNames{}).ok()) << "just inside the depth limit";
  for (int i = 0; i < 900; ++i) sum += "+1";
  EXPECT_FALSE(analyse(sum, *shop(), SessionNames{}).ok()) << "just outside";
  std::string any = "SELECT id FROM orders WHERE id = 0";
  for (int i = 0; i < 3000; ++i) any += " OR id = " + std::to_string(i);
  EXPECT_TRUE(analyse(any, *shop(), SessionNames{}).ok());
}

}  // namespace
}  // namespace sluice::sql::test
