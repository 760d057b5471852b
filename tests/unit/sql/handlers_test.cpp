// SPDX-License-Identifier: Apache-2.0
// What handlers of PL/pgSQL are told, and by what ways they may get at it.
#include <gtest/gtest.h>

#include <string>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

Statement block(std::string_view body) { return one("DO $$ " + std::string{body} + " $$"); }
Statement kept(std::string_view body) {
  return one("CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$ " + std::string{body} +
             " $$");
}

class Told : public testing::TestWithParam<const char*> {};
TEST_P(Told, OfSensitiveValuesIsACopy) {
  EXPECT_TRUE(block(GetParam()).copies_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, Told,
    testing::Values(
        "BEGIN PERFORM looks_up(1)::int; EXCEPTION WHEN others THEN DECLARE m ALIAS FOR sqlerrm; "
        "BEGIN INSERT INTO orders VALUES (1, m); END; END",
        "BEGIN PERFORM looks_up(1)::int; EXCEPTION WHEN others THEN DECLARE m aLiAs/**/FOR "
        "sqlerrm; BEGIN INSERT INTO orders VALUES (1, m); END; END",
        "BEGIN PERFORM looks_up(1)::int; EXCEPTION WHEN others THEN DECLARE m text := SQLERRM; "
        "BEGIN INSERT INTO orders VALUES (1, m); END; END",
        "DECLARE d text; BEGIN BEGIN DECLARE x int := (SELECT 1 FROM CAST(looks_up(1) AS int)); "
        "BEGIN NULL; END; EXCEPTION WHEN others THEN d := SQLERRM; END; END",
        "DECLARE d text; BEGIN SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN others THEN d := "
        "SQLERRM; END",
        "DECLARE d text; BEGIN SET CONSTRAINTS a DEFERRED; EXCEPTION WHEN others THEN GET STACKED "
        "DIAGNOSTICS d = PG_EXCEPTION_DETAIL; END",
        // What the name stands for is made by the same text.
        "DECLARE d text; BEGIN PERFORM writes_log(1); BEGIN PERFORM id FROM orders; EXCEPTION WHEN "
        "others THEN d := SQLERRM; END; END",
        "DECLARE d text; BEGIN CREATE VIEW v AS SELECT 1 AS a; BEGIN PERFORM a FROM v; EXCEPTION "
        "WHEN others THEN d := SQLERRM; END; END"));

class NotTold : public testing::TestWithParam<const char*> {};
TEST_P(NotTold, StaysOrdinary) {
  const Statement statement = block(GetParam());
  EXPECT_FALSE(statement.copies_sensitive) << GetParam();
  EXPECT_FALSE(statement.actions.has(Action::kUnknown)) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, NotTold,
    testing::Values(
        // The block's own declarations are outside of it.
        "DECLARE n int := (SELECT count(*) FROM customers); d text; BEGIN UPDATE orders SET note = "
        "NULL; EXCEPTION WHEN others THEN d := SQLERRM; END",
        "DECLARE d text; BEGIN BEGIN DECLARE x int := 1; BEGIN UPDATE orders SET total = x; END; "
        "EXCEPTION WHEN others THEN DECLARE m text := SQLERRM; BEGIN d := m; END; END; END",
        "DECLARE d text; BEGIN UPDATE customers SET name = 'x'; EXCEPTION WHEN others THEN DECLARE "
        "n int := 1; BEGIN d := SQLSTATE; END; END"));

TEST(Handlers, OfADoThatNamesTablesDependOnWhatTheSessionHasMade) {
  const auto keeps = [](const char* body) { return block(body).keeps_errors; };
  EXPECT_TRUE(
      keeps("DECLARE d text; BEGIN UPDATE orders SET note = NULL; EXCEPTION WHEN others "
            "THEN d := SQLERRM; END"));
  // Only shown, with what a call says: that is withheld.
  EXPECT_FALSE(
      keeps("BEGIN UPDATE orders SET note = NULL; EXCEPTION WHEN others THEN RAISE NOTICE "
            "'%', SQLERRM; END"));
  EXPECT_FALSE(
      keeps("DECLARE d text; BEGIN PERFORM 1 / 0; EXCEPTION WHEN others THEN d := "
            "SQLERRM; END"));
}

TEST(Handlers, OfAFunctionMayBeToldOfWhatItsNamesMeanLater) {
  const char* told = "EXCEPTION WHEN others THEN INSERT INTO orders VALUES (1, SQLERRM); END";
  const char* shown = "EXCEPTION WHEN others THEN RAISE WARNING '%', SQLERRM; RETURN 0; END";
  const auto copies = [](std::string_view what, std::string_view handler) {
    return kept("BEGIN " + std::string{what} + "; RETURN 1; " + std::string{handler})
        .copies_sensitive;
  };
  EXPECT_TRUE(copies("UPDATE orders SET note = NULL", told));
  EXPECT_TRUE(copies("PERFORM computes(a)", told));
  EXPECT_FALSE(copies("UPDATE orders SET note = NULL", shown));
  // An operator, a type, a function written like a field, that somebody makes later.
  EXPECT_TRUE(copies("PERFORM a <#> 1", told));
  EXPECT_TRUE(copies("PERFORM a::made_later", told));
  EXPECT_TRUE(copies("PERFORM (a).made_later", told));
  EXPECT_TRUE(copies("PERFORM q.made_later FROM generate_series(1, 2) q", told));
  EXPECT_FALSE(copies("PERFORM abs(a) / 0", told));
  EXPECT_FALSE(copies("PERFORM a::text || 'x' = '1'", told));
  EXPECT_TRUE(copies("UPDATE orders SET note = NULL",
                     "EXCEPTION WHEN others THEN RAISE WARNING '%', set_config('a.b', SQLERRM, "
                     "false); END"));
  EXPECT_TRUE(copies("UPDATE customers SET name = NULL", shown));
  EXPECT_FALSE(kept("DECLARE b ALIAS FOR $1; BEGIN UPDATE orders SET total = b; RETURN 1; "
                    "EXCEPTION WHEN others THEN RAISE WARNING '%', SQLERRM; RETURN 0; END")
                   .copies_sensitive);
}

TEST(Handlers, OfATriggerAreToldOfItsRows) {
  EXPECT_TRUE(one("CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN BEGIN PERFORM "
                  "OLD.ssn::int; EXCEPTION WHEN others THEN INSERT INTO orders VALUES (1, SQLERRM);"
                  " END; RETURN NEW; END $$")
                  .copies_sensitive);
}

}  // namespace
}  // namespace sluice::sql::test
