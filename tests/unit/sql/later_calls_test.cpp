// SPDX-License-Identifier: Apache-2.0
// Definitions by which the server calls a function where no statement names it.
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

struct Case {
  const char* text;
  const char* actions;
};

class LaterCalls : public testing::TestWithParam<Case> {};

TEST_P(LaterCalls, AreJudgedWhenTheyAreDefined) {
  EXPECT_EQ(actions_of(one(GetParam().text, *shop_without_rules())), GetParam().actions)
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Definitions, LaterCalls,
    testing::Values(
        Case{"CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION writes_log()",
             "ddl call"},
        Case{"CREATE TRIGGER t BEFORE UPDATE ON orders EXECUTE FUNCTION made_just_before()",
             "ddl call"},
        Case{"CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION writes_log()", "ddl call"},
        Case{"CREATE CAST (orders AS text) WITH FUNCTION sneaky(orders) AS ASSIGNMENT", "ddl call"},
        Case{"CREATE CAST (orders AS text) WITH FUNCTION sneaky(orders) AS IMPLICIT", "ddl call"},
        Case{"CREATE CAST (orders AS text) WITH FUNCTION sneaky(orders)", "ddl call"},
        Case{"CREATE CAST (text AS bytea) WITH FUNCTION pg_read_binary_file(text)", "ddl host"},
        Case{"CREATE CAST (orders AS text) WITHOUT FUNCTION", "ddl unknown"},
        Case{"CREATE CAST (orders AS text) WITH INOUT", "ddl"},
        Case{"CREATE OPERATOR @@ (FUNCTION = pg_catalog.pg_read_file, RIGHTARG = text)",
             "ddl host"},
        Case{"CREATE OPERATOR @@ (PROCEDURE = sneaky, LEFTARG = int, RIGHTARG = int)", "ddl call"},
        Case{"CREATE OPERATOR @@ (FUNCTION = abs, RIGHTARG = int, NEGATOR = ===)", "ddl call"},
        Case{"CREATE OPERATOR @@ (FUNCTION = abs, RIGHTARG = int, COMMUTATOR = OPERATOR(x.===))",
             "ddl call"},
        Case{"CREATE OPERATOR @@ (FUNCTION = abs, RIGHTARG = int)", "ddl"},
        Case{"CREATE OPERATOR @@ (FUNCTION = nobody_knows, RIGHTARG = int)", "ddl unknown"},
        Case{"ALTER OPERATOR @@ (int, int) SET (RESTRICT = sneaky)", "ddl call unknown"},
        Case{"CREATE AGGREGATE a(text) (SFUNC = concat, STYPE = text, FINALFUNC = pg_read_file)",
             "ddl host"},
        Case{"CREATE AGGREGATE a (BASETYPE = text, SFUNC = 'sneaky', STYPE = text)", "ddl call"},
        Case{"CREATE AGGREGATE a(text) (SFUNC = set_config, STYPE = text)", "ddl session unknown"},
        Case{"CREATE AGGREGATE a(text) (SFUNC = concat, STYPE = text)", "ddl"},
        Case{"CREATE AGGREGATE pg_catalog.a(text) (SFUNC = concat, STYPE = text)", "ddl unknown"},
        Case{"CREATE FUNCTION pg_catalog.f() RETURNS int RETURN 1", "ddl unknown"},
        Case{"ALTER FUNCTION sneaky(int) SET SCHEMA information_schema", "ddl call unknown"},
        Case{"CREATE TYPE r AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = sneaky)", "ddl call"},
        Case{"CREATE TYPE r AS RANGE (SUBTYPE = int)", "ddl"},
        Case{"CREATE OPERATOR CLASS c FOR TYPE int USING btree AS FUNCTION 1 sneaky(int, int)",
             "ddl call unknown"},
        Case{"ALTER OPERATOR FAMILY f USING btree ADD FUNCTION 1 (int, int) sneaky(int, int)",
             "ddl call unknown"},
        Case{"CREATE TABLE t (id int DEFAULT writes_log(1))", "ddl call"},
        Case{"ALTER TABLE orders ALTER id SET DEFAULT writes_log(1)", "ddl call"},
        Case{"ALTER TABLE orders ADD CHECK (writes_log(id) > 0)", "ddl call"},
        Case{"CREATE INDEX ON orders (sneaky(id))", "ddl call"},
        Case{"CREATE DOMAIN d AS int CHECK (writes_log(VALUE) > 0)", "ddl call"},
        // Written like a field.
        Case{"CREATE TABLE t (id int DEFAULT (1).writes_log)", "ddl call"},
        Case{"CREATE TABLE t (id int CHECK ((id).writes_log > 0))", "ddl call"},
        Case{"ALTER TABLE orders ALTER id SET DEFAULT (1).writes_log", "ddl call"},
        Case{"CREATE DOMAIN d AS int CHECK ((VALUE).writes_log > 0)", "ddl call"},
        Case{"ALTER DOMAIN d ADD CHECK ((VALUE).writes_log > 0)", "ddl call"},
        Case{"CREATE INDEX ON orders (((id).writes_log))", "ddl call"},
        Case{"CREATE TABLE t (id int, CHECK (t.writes_log > 0))", "ddl call"},
        Case{"CREATE TABLE t (writes_log int, CHECK (t.writes_log > 0))", "ddl"},
        Case{"CREATE TABLE t (id int, CHECK (t.id > 0 AND t.tableoid > 0 AND t IS NOT NULL))",
             "ddl"},
        Case{"CREATE TABLE t (id int CHECK ((id).nothing > 0))", "ddl"}));

INSTANTIATE_TEST_SUITE_P(
    Replacements, LaterCalls,
    testing::Values(
        Case{"CREATE OR REPLACE FUNCTION writes_log(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
             "ddl call"},
        Case{"CREATE OR REPLACE FUNCTION public.writes_log(int) RETURNS int RETURN 1", "ddl call"},
        Case{"CREATE OR REPLACE FUNCTION pg_catalog.upper(text) RETURNS text RETURN 'x'",
             "ddl call unknown"},
        Case{"CREATE OR REPLACE FUNCTION other.writes_log(int) RETURNS int RETURN 1", "ddl"},
        Case{"CREATE OR REPLACE FUNCTION new_one(int) RETURNS int RETURN 1", "ddl"},
        // With another search_path that is PostgreSQL's own.
        Case{"CREATE OR REPLACE FUNCTION upper(int) RETURNS int RETURN 1", "ddl unknown"},
        Case{"CREATE OR REPLACE AGGREGATE my_total(int) (SFUNC = abs, STYPE = int)", "ddl call"},
        Case{"CREATE FUNCTION writes_log(int, int) RETURNS int RETURN 1", "ddl"}));

// A call of a function that is not volatile counts as reading.
INSTANTIATE_TEST_SUITE_P(
    Volatility, LaterCalls,
    testing::Values(
        Case{"CREATE FUNCTION f() RETURNS int IMMUTABLE RETURN writes_log(1)", "ddl call"},
        Case{"CREATE FUNCTION f() RETURNS int STABLE LANGUAGE sql AS 'SELECT writes_log(1)'",
             "ddl call"},
        Case{"CREATE FUNCTION f() RETURNS int STABLE LANGUAGE sql AS 'DELETE FROM orders'",
             "delete ddl"},
        Case{"CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM "
             "writes_log(1); RETURN 1; END $$",
             "ddl call"},
        Case{"CREATE FUNCTION f() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT "
             "1'; RETURN 1; END $$",
             "ddl unknown"},
        Case{"CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plperl AS 'return 1'",
             "ddl unknown"},
        Case{"CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE c AS 'x', 'y'", "ddl host"},
        Case{"CREATE FUNCTION f() RETURNS int STABLE LANGUAGE sql AS 'SELECT id FROM orders'",
             "ddl"},
        Case{"CREATE FUNCTION f(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN a "
             "+ 1; END $$",
             "ddl"},
        Case{"CREATE FUNCTION f() RETURNS int VOLATILE LANGUAGE sql AS 'SELECT writes_log(1)'",
             "ddl call"},
        Case{"ALTER FUNCTION writes_log(int) STABLE", "ddl call"},
        Case{"ALTER FUNCTION writes_log(int) IMMUTABLE", "ddl call"},
        Case{"ALTER FUNCTION writes_log(int) VOLATILE", "ddl"},
        Case{"ALTER FUNCTION writes_log(int) COST 10", "ddl"}));

TEST(LaterCalls, NameWhatIsCalled) {
  const auto names = [](const char* text, std::string_view name) {
    const Statement statement = one(text, *shop_without_rules());
    return std::any_of(statement.objects.begin(), statement.objects.end(),
                       [&](const ObjectRef& object) { return object.name == name; });
  };
  EXPECT_TRUE(
      names("CREATE TRIGGER t BEFORE UPDATE ON orders EXECUTE FUNCTION sneaky()", "sneaky"));
  EXPECT_TRUE(
      names("CREATE TRIGGER t BEFORE UPDATE ON orders EXECUTE FUNCTION sneaky()", "orders"));
  EXPECT_TRUE(names(
      "CREATE FUNCTION f() RETURNS int STABLE RETURN (SELECT max(id) FROM \"Secrets\")", "Secrets"))
      << "it will be read without being named";
}

TEST(Operators, ThatNobodyWritesAreCallsToo) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.operator_call("=", 3010).operator_call("<=", 3010);
  const auto catalog = rows.build({});
  for (const char* text : {
           "SELECT 1 = 'x'",
           "SELECT 1 IN ('x')",
           "SELECT id IN (SELECT note FROM orders) FROM orders",
           "SELECT CASE id WHEN 'x' THEN 1 END FROM orders",
           "SELECT 1 FROM orders JOIN twin USING (id)",
           "SELECT 1 FROM orders NATURAL JOIN twin",
           "SELECT id BETWEEN 'a' AND 'b' FROM orders",
           "SELECT id NOT BETWEEN SYMMETRIC 'a' AND 'b' FROM orders",
           "SELECT NULLIF(id, 'x') FROM orders",
           "SELECT id IS DISTINCT FROM 'x' FROM orders",
       })
    EXPECT_EQ(actions_of(one(text, *catalog)), "read call") << text;
  for (const char* text :
       {"SELECT CASE WHEN true THEN 1 END FROM orders", "SELECT 1 FROM orders JOIN twin ON true",
        "SELECT EXISTS (SELECT 1 FROM orders)", "SELECT (SELECT id FROM orders LIMIT 1)"})
    EXPECT_EQ(actions_of(one(text, *catalog)), "read") << text;
}

}  // namespace
}  // namespace sluice::sql::test
