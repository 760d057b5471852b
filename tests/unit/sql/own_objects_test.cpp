// SPDX-License-Identifier: Apache-2.0
// Definitions whose parts nobody checks, PostgreSQL's own objects, and what goes along with others.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

struct Case {
  const char* text;
  const char* actions;
};

class OwnObjects : public testing::TestWithParam<Case> {};

TEST_P(OwnObjects, AreTold) {
  EXPECT_EQ(actions_of(one(GetParam().text, *shop_without_rules())), GetParam().actions)
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    PartsInC, OwnObjects,
    testing::Values(
        Case{"CREATE AGGREGATE a(text) (SFUNC = concat, STYPE = internal)", "ddl unknown"},
        Case{"CREATE AGGREGATE a(text) (SFUNC = concat, STYPE = 'internal')", "ddl unknown"},
        Case{"CREATE AGGREGATE a (BASETYPE = text, SFUNC = concat, STYPE = pg_catalog.internal)",
             "ddl unknown"},
        Case{"CREATE AGGREGATE a(text) (SFUNC = concat, STYPE = text, SERIALFUNC = concat)",
             "ddl unknown"},
        Case{"CREATE OPERATOR |~| (FUNCTION = abs, RIGHTARG = int, RESTRICT = upper)",
             "ddl unknown"},
        Case{"ALTER TYPE mine SET (SUBSCRIPT = upper)", "ddl unknown"},
        Case{"ALTER TYPE mine SET (STORAGE = plain)", "ddl"},
        Case{"CREATE TEXT SEARCH TEMPLATE t (LEXIZE = upper)", "ddl unknown"},
        Case{"CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)", "ddl"},
        Case{"CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, StopWords = x)", "ddl host"},
        Case{"ALTER TEXT SEARCH DICTIONARY d (StopWords = x)", "ddl host"},
        Case{"ALTER TEXT SEARCH DICTIONARY d (StopWords)", "ddl"},
        Case{"CREATE FUNCTION f() RETURNS int SUPPORT upper RETURN 1", "ddl unknown"},
        Case{"ALTER FUNCTION writes_log(int) SUPPORT upper", "ddl unknown"},
        Case{"CREATE FUNCTION f() RETURNS int LEAKPROOF RETURN 1", "ddl grant"},
        Case{"CREATE FUNCTION f() RETURNS int NOT LEAKPROOF RETURN 1", "ddl"}));

INSTANTIATE_TEST_SUITE_P(
    Changed, OwnObjects,
    testing::Values(
        Case{"ALTER TYPE bytea SET (STORAGE = plain)", "ddl unknown"},
        Case{"ALTER TYPE public.bytea SET (STORAGE = plain)", "ddl"},
        Case{"ALTER TYPE internal RENAME TO x", "ddl unknown"},
        Case{"ALTER OPERATOR = (text, text) SET (RESTRICT = NONE)", "ddl unknown"},
        Case{"ALTER OPERATOR |~| (text, text) SET (RESTRICT = NONE)", "ddl"},
        Case{"ALTER FUNCTION upper(text) COST 1", "ddl unknown"},
        Case{"ALTER FUNCTION pg_catalog.anything(text) COST 1", "ddl unknown"},
        Case{"ALTER FUNCTION writes_log(int) CALLED ON NULL INPUT", "ddl"},
        Case{"ALTER FUNCTION writes_log(int) COST 1", "ddl"},
        Case{"DROP FUNCTION writes_log(int)", "ddl"},
        Case{"DROP OPERATOR CLASS int4_ops USING btree", "ddl unknown"},
        Case{"DROP OPERATOR CLASS mine USING btree", "ddl"},
        Case{"DROP OPERATOR CLASS public.int4_ops USING btree", "ddl"},
        Case{"DROP VIEW information_schema.columns", "ddl unknown"},
        Case{"DROP TABLE columns", "ddl"}, Case{"DROP SCHEMA information_schema", "ddl unknown"},
        Case{"DROP COLLATION \"en_US.utf8\"", "ddl unknown"}, Case{"DROP COLLATION mine", "ddl"},
        Case{"ALTER TEXT SEARCH CONFIGURATION english DROP MAPPING FOR word", "ddl unknown"},
        Case{"ALTER TEXT SEARCH CONFIGURATION mine DROP MAPPING FOR word", "ddl"},
        Case{"COMMENT ON FUNCTION upper(text) IS 'x'", "ddl"},
        Case{"SELECT 1 FROM pg_toast.pg_toast_1", "read unknown"},
        Case{"SELECT 1 FROM pg_toast_1", "read unknown"},
        Case{"VACUUM pg_toast.pg_toast_1", "ddl unknown"},
        Case{"REINDEX SCHEMA pg_toast", "ddl unknown"}));

INSTANTIATE_TEST_SUITE_P(
    RightsAndPlaces, OwnObjects,
    testing::Values(
        Case{"ALTER TABLE orders ENABLE ALWAYS TRIGGER t", "ddl grant"},
        Case{"ALTER TABLE orders ENABLE REPLICA TRIGGER t", "ddl grant"},
        Case{"ALTER TABLE orders ENABLE REPLICA RULE r", "ddl grant"},
        Case{"DROP TRIGGER t ON orders", "ddl grant"}, Case{"DROP RULE r ON orders", "ddl grant"},
        Case{"ALTER VIEW totals SET (security_invoker)", "read ddl grant"},
        Case{"ALTER TABLE orders SET (fillfactor = 50)", "ddl"},
        Case{"DROP CONVERSION c", "ddl host"},
        Case{"CREATE TABLE t (a int) TABLESPACE elsewhere", "ddl host"},
        Case{"CREATE TABLE t (a int) TABLESPACE pg_default", "ddl"},
        Case{"CREATE TABLE t TABLESPACE elsewhere AS SELECT 1", "read ddl host"},
        Case{"CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE elsewhere)", "ddl host"},
        Case{"CREATE INDEX ON orders (id) TABLESPACE elsewhere", "ddl host"},
        Case{"REINDEX (TABLESPACE elsewhere) TABLE orders", "ddl host"},
        Case{"SET default_tablespace = ''", "session"},
        Case{"SET default_tablespace = elsewhere", "session host"},
        Case{"SELECT set_config('temp_tablespaces', 'elsewhere', false)", "read session host"}));

TEST(Rights, GoWithWhatTheyStandOn) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.rights_on("writes_log", 'p').rights_on("orders", 'q');
  const auto catalog = rows.build({});
  for (const char* text :
       {"DROP FUNCTION writes_log(int) CASCADE", "ALTER TABLE orders DROP COLUMN id CASCADE",
        "ALTER TABLE orders DROP CONSTRAINT c CASCADE"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "ddl grant") << text;
  for (const char* text :
       {"DROP FUNCTION writes_log(int)", "DROP FUNCTION sneaky(int) CASCADE",
        "ALTER TABLE orders DROP COLUMN id", "ALTER TABLE customers DROP COLUMN id CASCADE"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "ddl") << text;
}

TEST(Aggregates, WhoseStateIsMemoryAreUnknown) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.function(20777, "public", "kept", 'i', "internal", 's', {}, 'a').not_shipped();
  rows.uses(20777, "i", 3010);
  EXPECT_EQ(actions_of(one("SELECT kept(1)", *rows.build({}))), "read call unknown");
}

}  // namespace
}  // namespace sluice::sql::test
