// SPDX-License-Identifier: Apache-2.0
#include "sql/made_in_body.h"

#include <gtest/gtest.h>

namespace sluice::sql::test {
namespace {

Temporaries made(std::string_view body) { return made_in_body(body).made; }
const Temporaries kAny{{"", false}};
const Temporaries kOne{{"one", false}};
const Temporaries kOneTable{{"one", true}};

bool makes_any(std::string_view body) { return made(body).contains(""); }

TEST(MadeInBody, IsWhatItSaysItMakes) {
  EXPECT_EQ(made("BEGIN CREATE TEMP TABLE One (id int); END"), kOne);
  EXPECT_EQ(made("create local temporary table if not exists pg_temp.\"My One\" as x"),
            (Temporaries{{"My One", false}}));
  EXPECT_EQ(made("CREATE OR REPLACE TEMP RECURSIVE VIEW one (a) AS SELECT 1"), kOne);
  EXPECT_EQ(made("CREATE TEMP SEQUENCE one"), kOne);
  EXPECT_EQ(made("CREATE TABLE pg_temp . one ()"), kOne);
  EXPECT_EQ(made("CREATE VIEW shop.pg_temp.one AS SELECT 1"), kOne);
  EXPECT_EQ(made("CREATE VIEW shop.public.one AS SELECT 1"), Temporaries{});
  EXPECT_EQ(made("ALTER VIEW two RENAME TO one; ALTER TABLE a RENAME COLUMN b TO c"), kOne);
  EXPECT_EQ(made("CREATE RULE r AS ON DELETE TO one DO INSTEAD DELETE FROM two"), kOne);
}

TEST(MadeInBody, MayBeTemporaryWithoutTheWord) {
  EXPECT_EQ(made("CREATE OR REPLACE VIEW one AS SELECT 1"), kOne);
  EXPECT_EQ(made("CREATE TABLE IF NOT EXISTS one (id int)"), kOneTable);
  EXPECT_EQ(made("CREATE UNLOGGED TABLE one (a serial)"), kOneTable);
  EXPECT_EQ(made("CREATE TABLE one (); CREATE VIEW one AS SELECT 1"), kOne);
  EXPECT_EQ(made("CREATE VIEW public.one AS SELECT 1; CREATE INDEX two ON one (id)"),
            Temporaries{});
  EXPECT_EQ(made("CREATE TABLE one PARTITION OF two DEFAULT"), Temporaries{});
}

TEST(MadeInBody, IsNamedAsTheServerReadsNames) {
  EXPECT_EQ(made("CREATE TEMP/* a /* b */ c */TABLE -- d\n One (id int)"), kOne);
  EXPECT_EQ(made("CREATE TEMP TABLE \"a \"\" b\" (id int)"), (Temporaries{{"a \" b", false}}));
  EXPECT_EQ(made("CREATE TABLE \"pg_temp\" /**/ . /**/ \"Y\" ()"), (Temporaries{{"Y", false}}));
  EXPECT_EQ(made("RAISE NOTICE '-- \"'; CREATE TEMP TABLE one (id int)"), kOne);
  EXPECT_EQ(made("CREATE TEMP VIEW /*" + std::string(5000, ' ') + "*/ one AS SELECT 1"), kOne);
  EXPECT_EQ(made("EXECUTE 'CREATE TEMP TABLE one (id int)'"), kOne);
  EXPECT_EQ(made("EXECUTE $q$CREATE TEMP TABLE one (id int)$q$ USING a"), kOne);
  EXPECT_EQ(made("EXECUTE E'CREATE\\nTEMP TABLE \\x6fn\\145 (id int)'"), kOne);
  EXPECT_EQ(made("EXECUTE E'CREATE -- a\\nTEMP TABLE one (id int)'"), kOne);
}

// What seems to be within a comment or a name where strings are thought to end elsewhere.
TEST(MadeInBody, IsSeenBehindStringsThatEndElsewhere) {
  const std::string makes = "CREATE TEMP VIEW one AS SELECT 1; ";
  for (const char* opens : {"/*", "\"", "--"}) {
    const std::string closes = opens == std::string_view{"/*"} ? "*/" : opens;
    for (const std::string& before :
         {"x := 1$$" + std::string{opens} + "$$; ", "x := 1E'\\'" + std::string{opens} + "'; ",
          "x := $1$$" + std::string{opens} + "$$; ", "x := E'a'\n'\\'" + std::string{opens} + "'; ",
          "x := E'a' -- it's\n\r  -- and\n '\\'" + std::string{opens} + "'; "})
      EXPECT_TRUE(made(before + makes + "x := '" + closes + "';").contains("one")) << before;
  }
  EXPECT_EQ(made("EXECUTE 'CREATE TEMP VI'\n'EW one AS SELECT 1'"), kOne);
  EXPECT_TRUE(makes_any("EXECUTE 'CREATE TEMP VIEW o' 'ne AS SELECT 1'"));
}

TEST(MadeInBody, MayBeOfNoNameThatIsTold) {
  for (const char* body :
       {"EXECUTE format('CREATE TEMP VIEW %I AS SELECT 1', a)",
        "EXECUTE 'CREATE TEMP TABLE ' || $1", "EXECUTE 'CREATE TABLE pg_temp.' || $1",
        "EXECUTE format('CREATE TABLE pg_temp.%I ()', a)", "EXECUTE $q$CREATE TEMP VIEW $q$ || a",
        "EXECUTE replace('CREATE VIEW @ AS x', '@', a)",
        "EXECUTE replace('CREATE VIEW one AS x', 'one', a)", "s := 'CREATE ' || a; EXECUTE s",
        "EXECUTE 'CREATE VIEW ord' || 'ers AS x'", "EXECUTE format('ALTER VIEW a RENAME TO %I', b)",
        "EXECUTE 'DO $$ BEGIN EXECUTE ''CREATE VIEW '' || a; END $$'",
        "CREATE TEMP VIEW U&\"\\006Frders\" AS x", "CREATE VIEW U&\"pg\\005Ftemp\".one AS x",
        "CREATE TEMP TABLE one (a serial)", "CREATE TEMP TABLE one (LIKE two INCLUDING ALL)",
        "CREATE VIEW one AS SELECT 'x", "CREATE TEMP VIEW a /* two"})
    EXPECT_TRUE(makes_any(body)) << body;
  EXPECT_EQ(made("CREATE TEMP VIEW " + std::string(64, 'a') + " AS SELECT 1"), kAny);
}

TEST(MadeInBody, IsNothingWhereTextsThatAreRunDoNotMakeAny) {
  for (const char* body :
       {"", "SELECT id FROM people", "EXECUTE format('INSERT INTO %I VALUES ($1.*)', a) USING NEW",
        "EXECUTE 'INSERT INTO audit_' || TG_TABLE_NAME || ' VALUES (1)'",
        "RAISE NOTICE 'create table %', a; EXECUTE format('DELETE FROM %I', a)",
        "EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF logs DEFAULT', a)",
        "EXECUTE 'CREATE TABLE ' || a || ' PARTITION OF logs DEFAULT'",
        "EXECUTE format('CREATE INDEX ON %I (id)', a)",
        "EXECUTE format('CREATE TABLE archive.%I ()', a)",
        "SELECT regexp_replace(a, '(b)', '\\1') FROM c", "-- create a view\nSELECT 1",
        "IF kind = 'temp' THEN RETURN one; END IF", "SET search_path = pg_catalog, pg_temp"})
    EXPECT_EQ(made(body), Temporaries{}) << body;
}

TEST(MadeInBody, IntoIsOfVariablesInOneLanguage) {
  EXPECT_EQ(made_in_body("SELECT 1 AS a INTO one").selected_into, kOneTable);
  EXPECT_EQ(made_in_body("SELECT 1 AS a INTO TEMP TABLE one").selected_into, kOne);
  EXPECT_EQ(made_in_body("INSERT INTO one VALUES (1)").selected_into, Temporaries{});
  for (const char* explained : {"SELECT 1 AS a INTO one", "SELECT 1 INTO pg_temp.one FROM two"})
    EXPECT_TRUE(made("EXECUTE 'EXPLAIN ANALYZE " + std::string{explained} + "'").contains("one"));
  EXPECT_TRUE(made("EXECUTE a || ' INTO TEMP one FROM two'").contains("one"));
  EXPECT_TRUE(makes_any("EXECUTE format('EXPLAIN ANALYZE SELECT 1 INTO %I', a)"));
  EXPECT_TRUE(makes_any("EXECUTE 'EXPLAIN ANALYZE SELECT 1 INTO ' || a"));
  for (const char* body :
       {"EXECUTE format('INSERT INTO %I SELECT 1', a)", "EXECUTE 'INSERT INTO one SELECT 1'",
        "PERFORM told('moved into one')", "EXECUTE 'SELECT 1' INTO one"})
    EXPECT_EQ(made(body), Temporaries{}) << body;
}

TEST(MadeInBody, MayCallWhatItDoesNotName) {
  for (const char* body :
       {"EXECUTE 'SELECT m' || 'k()'", "EXECUTE 'SELECT ' || a || '()'",
        "EXECUTE format('SELECT %I()', a)", "PERFORM U&\"\\006Dk\"()",
        "EXECUTE 'SELECT count(*) FROM ' || a", "EXECUTE $1",
        "EXECUTE format('INSERT INTO %I SELECT $1.*', a) USING NEW",
        "EXECUTE 'DO $d$ BEGIN EXECUTE $$SELECT m$$ || a; END $d$'", "EXECUTE E'SELECT \\xe9()'",
        "PERFORM query_to_xml('SELECT m' || 'k()', true, true, '')",
        "SELECT * FROM \"crosstab\"(a)", "PERFORM schema_to_xml('public', true, true, '')"})
    EXPECT_TRUE(made_in_body(body).calls_any) << body;
  for (const char* body :
       {"EXECUTE 'SELECT mk()'", "EXECUTE E'SELECT\\nmk(''\\u00e9'')' INTO a", "PERFORM mk()",
        "PERFORM query_to_xml('SELECT mk()', true, true, '')",
        "RAISE 'cannot execute %', a; EXECUTE 'SELECT 1'", "PERFORM told('it will execute soon')",
        "GRANT EXECUTE ON FUNCTION mk() TO one", "SELECT query_to_xml FROM one"})
    EXPECT_FALSE(made_in_body(body).calls_any) << body;
}

}  // namespace
}  // namespace sluice::sql::test
