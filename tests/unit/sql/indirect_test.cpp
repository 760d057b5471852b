// SPDX-License-Identifier: Apache-2.0
// What a statement does by way of something that it does not name.
#include <gtest/gtest.h>

#include <string>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

Statement trigger(std::string_view body) {
  return one("CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ " + std::string{body} +
             " $$");
}

class TriggerRows : public testing::TestWithParam<const char*> {};
TEST_P(TriggerRows, AreOfATableThatIsNotKnown) {
  EXPECT_TRUE(trigger(GetParam()).copies_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, TriggerRows,
    testing::Values("BEGIN INSERT INTO orders VALUES (1, OLD.ssn); RETURN NEW; END",
                    "BEGIN INSERT INTO orders VALUES (1, t.new.ssn); RETURN NEW; END",
                    "BEGIN INSERT INTO orders VALUES (1, NEW::text); RETURN NEW; END",
                    "DECLARE v text; BEGIN v := OLD.ssn; RETURN NEW; END",
                    "DECLARE n ALIAS FOR NEW; BEGIN RETURN NULL; END",
                    "BEGIN NEW.city := NEW.ssn; RETURN NEW; END",
                    "BEGIN PERFORM set_config('a.b', OLD.email, false); RETURN NEW; END",
                    "BEGIN INSERT INTO orders SELECT 1, ssn FROM changed; RETURN NULL; END"));

class OrdinaryTriggers : public testing::TestWithParam<const char*> {};
TEST_P(OrdinaryTriggers, StayOrdinary) {
  const Statement statement = trigger(GetParam());
  EXPECT_FALSE(statement.copies_sensitive) << GetParam();
  EXPECT_FALSE(statement.actions.has(Action::kUnknown)) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, OrdinaryTriggers,
    testing::Values("BEGIN RETURN NEW; END", "BEGIN NEW.updated_at := now(); RETURN NEW; END",
                    "BEGIN NEW.version = OLD.version + 1; RETURN NEW; END",
                    "BEGIN IF NEW.city = OLD.city THEN RETURN NULL; END IF; RETURN NEW; END",
                    "BEGIN NEW.ssn := 'x'; RETURN NEW; END"));

TEST(Handlers, AreToldWhatTheirBlockTouches) {
  const auto block = [](std::string_view fails, std::string_view handler) {
    return one("DO $$ DECLARE d text; BEGIN " + std::string{fails} +
               " EXCEPTION WHEN others THEN " + std::string{handler} + " END $$");
  };
  const char* change = "UPDATE customers SET name = NULL;";
  EXPECT_TRUE(block(change, "d := SQLERRM;").copies_sensitive);
  EXPECT_TRUE(block(change, "GET STACKED DIAGNOSTICS d = MESSAGE_TEXT;").copies_sensitive);
  EXPECT_TRUE(block(change, "BEGIN d := SQLERRM; END;").copies_sensitive);
  EXPECT_FALSE(block(change, "d := SQLSTATE;").copies_sensitive);
  EXPECT_FALSE(block(change, "GET STACKED DIAGNOSTICS d = RETURNED_SQLSTATE;").copies_sensitive);
  EXPECT_FALSE(block("UPDATE orders SET note = NULL;", "d := SQLERRM;").copies_sensitive);
}

TEST(Plans, TellWhatExecuteStandsFor) {
  const auto catalog = shop();
  const auto plan_of = [&](const char* prepared, const char* explain) {
    SessionNames names;
    names.completed(one(prepared, *catalog));
    return lineage_of(one(explain, *catalog, names));
  };
  EXPECT_EQ(plan_of("PREPARE p AS SELECT looks_up(1)", "EXPLAIN EXECUTE p"), "o");
  EXPECT_EQ(plan_of("PREPARE p AS SELECT upper(ssn) FROM customers", "EXPLAIN ANALYZE EXECUTE p"),
            "o");
  EXPECT_EQ(plan_of("PREPARE p AS SELECT upper(ssn) FROM customers", "EXPLAIN EXECUTE p"), ".");
  EXPECT_EQ(plan_of("PREPARE p AS SELECT ssn FROM customers", "EXPLAIN ANALYZE EXECUTE p"), "c");
  EXPECT_EQ(lineage_of(one("EXPLAIN ANALYZE SELECT id FROM customers")), "c");
  EXPECT_EQ(lineage_of(one("EXPLAIN ANALYZE SELECT id FROM orders")), ".");
  EXPECT_EQ(lineage_of(one("EXPLAIN ANALYZE UPDATE customers SET ssn = '1' WHERE id = 1")), "o");
  EXPECT_EQ(lineage_of(one("EXPLAIN UPDATE customers SET ssn = '1' WHERE id = 1")), ".");
  EXPECT_EQ(lineage_of(one("EXPLAIN ANALYZE UPDATE orders SET note = '1' WHERE id = 1")), ".");
}

class KeptExpressions : public testing::TestWithParam<const char*> {};
TEST_P(KeptExpressions, AreCopiesWhereTheyReadAnything) {
  EXPECT_TRUE(one(GetParam()).copies_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, KeptExpressions,
    testing::Values("CREATE TABLE t (a int CHECK (looks_up(a) = '1'))",
                    "CREATE TABLE t (a int, CHECK (looks_up(t.a) = '1'))",
                    "CREATE DOMAIN d AS int CHECK (looks_up(VALUE) = '1')",
                    "CREATE TABLE t (a int) PARTITION BY LIST ((looks_up(a)))",
                    "CREATE TABLE t (a int, EXCLUDE USING btree ((looks_up(a)) WITH =))",
                    "CREATE UNIQUE INDEX ON just_made ((looks_up(a)))",
                    "ALTER TABLE just_made ALTER a TYPE text USING looks_up(1)",
                    "CREATE SCHEMA s CREATE TABLE t (a int, b text DEFAULT looks_up(1))",
                    "CREATE RULE r AS ON UPDATE TO orders WHERE looks_up(NEW.id) = '1' DO NOTHING",
                    "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW WHEN (looks_up(NEW.id) "
                    "= '1') EXECUTE FUNCTION writes_log()"));

class OrdinaryExpressions : public testing::TestWithParam<const char*> {};
TEST_P(OrdinaryExpressions, AreNot) {
  const Statement statement = one(GetParam());
  EXPECT_FALSE(statement.copies_sensitive) << GetParam();
  EXPECT_FALSE(statement.searches_sensitive) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Sql, OrdinaryExpressions,
    testing::Values("CREATE TABLE t (a int CHECK (t.a > 0), ssn text, UNIQUE (ssn))",
                    "CREATE TABLE t (a int REFERENCES customers, b int REFERENCES customers (id))",
                    "CREATE DOMAIN d AS text CHECK (upper(VALUE) <> 'X')",
                    "CREATE UNIQUE INDEX ON just_made (upper(a))",
                    "CREATE RULE r AS ON UPDATE TO orders WHERE NEW.id > OLD.id DO NOTHING"));

TEST(ForeignKeys, ToASensitivePrimaryKeyAreSearches) {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(9001, "public", "holders", 'r', "ssn name").primary_key(9001, 1);
  const auto catalog = rows.build(shop_rules());
  EXPECT_TRUE(one("CREATE TABLE t (x text REFERENCES holders)", *catalog).searches_sensitive);
}

TEST(NamesThatOthersCall, AreNotTakenUnseen) {
  const auto has = [](const char* text, Action action) { return one(text).actions.has(action); };
  EXPECT_TRUE(has("CREATE FUNCTION public.upper(text) RETURNS text RETURN 'x'", Action::kUnknown));
  EXPECT_TRUE(has("CREATE OPERATOR public.= (FUNCTION = f, LEFTARG = text, RIGHTARG = text)",
                  Action::kUnknown));
  EXPECT_TRUE(has("CREATE DOMAIN public.text AS varchar", Action::kUnknown));
  EXPECT_FALSE(has("CREATE DOMAIN public.texts AS varchar", Action::kUnknown));
  EXPECT_FALSE(
      has("CREATE OPERATOR |*| (FUNCTION = abs, LEFTARG = int, RIGHTARG = int)", Action::kUnknown));
  EXPECT_TRUE(has("ALTER FUNCTION writes_log(int) RENAME TO other", Action::kSensitiveCopy));
  EXPECT_TRUE(has("ALTER FUNCTION writes_log(int) SET search_path = a", Action::kSensitiveCopy));
  EXPECT_TRUE(
      has("CREATE OR REPLACE FUNCTION looks_up(int) RETURNS text LANGUAGE sql AS 'INSERT "
          "INTO orders VALUES ($1) RETURNING note'",
          Action::kSensitiveCopy));
  EXPECT_FALSE(
      has("CREATE OR REPLACE FUNCTION looks_up(int) RETURNS text LANGUAGE sql AS 'SELECT "
          "$1::text'",
          Action::kSensitiveCopy));
  EXPECT_TRUE(has("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE x AS EXECUTE p'",
                  Action::kUnknown));
}

}  // namespace
}  // namespace sluice::sql::test
