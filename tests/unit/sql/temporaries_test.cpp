// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

using Names = std::vector<std::string>;

TEST(Temporaries, AreWhatTheBodySaysItMakes) {
  EXPECT_EQ(temporaries_in("BEGIN CREATE TEMP TABLE One (id int); END"), Names{"one"});
  EXPECT_EQ(temporaries_in("create local temporary table if not exists pg_temp.\"My One\" as x"),
            Names{"My One"});
  EXPECT_EQ(temporaries_in("CREATE OR REPLACE TEMP RECURSIVE VIEW v (a) AS SELECT 1"), Names{"v"});
  EXPECT_EQ(temporaries_in("CREATE TEMP SEQUENCE s"), Names{"s"});
  EXPECT_EQ(temporaries_in("SELECT 1 AS a INTO TEMP t; SELECT 2 AS a INTO TEMPORARY TABLE t"),
            Names{"t"});
  EXPECT_EQ(temporaries_in("SELECT 1 FROM pg_temp_x; CREATE TABLE pg_temp . y ()"), Names{"y"});
}

TEST(Temporaries, AreNamedAsTheServerReadsNames) {
  EXPECT_EQ(temporaries_in("CREATE TEMP/* a /* b */ c */TABLE -- d\n One (id int)"), Names{"one"});
  EXPECT_EQ(temporaries_in("CREATE TEMP TABLE \"a \"\" b\" (id int)"), Names{"a \" b"});
  EXPECT_EQ(temporaries_in("CREATE TABLE \"pg_temp\" /**/ . /**/ \"Y\" ()"), Names{"Y"});
  EXPECT_EQ(temporaries_in("RAISE NOTICE '-- \"'; CREATE TEMP TABLE one (id int)"), Names{"one"});
  EXPECT_EQ(temporaries_in("CREATE TEMP /* CREATE TEMP TABLE two"), Names{"two"});
}

TEST(Temporaries, AreWhatIsMadeWithoutASchemaWherePgTempIsInThePath) {
  const std::string made =
      "CREATE TABLE a (); CREATE OR REPLACE VIEW b AS SELECT 1; CREATE SEQUENCE IF NOT EXISTS c;"
      "CREATE UNLOGGED TABLE other.d (); CREATE INDEX e ON a (id)";
  EXPECT_EQ(temporaries_in("SET search_path = pg_temp, public; " + made), (Names{"a", "b", "c"}));
  EXPECT_EQ(temporaries_in(made + "; PERFORM set_config('search_path', '\"pg_temp\"', true)"),
            (Names{"a", "b", "c"}));
  EXPECT_TRUE(temporaries_in("SET search_path = public; " + made).empty());
}

TEST(Temporaries, AreFoundInStrings) {
  EXPECT_EQ(temporaries_in("EXECUTE 'CREATE TEMP TABLE one (id int)'"), Names{"one"});
  EXPECT_EQ(temporaries_in("EXECUTE 'CREATE TEMP TABLE ' || 'one (id int)'"), (Names{"", "one"}));
}

TEST(Temporaries, MayHaveNamesThatTheBodyDoesNotTell) {
  EXPECT_EQ(temporaries_in("EXECUTE format('CREATE TEMP VIEW %I AS SELECT 1', a)"),
            (Names{"", "i"}));
  EXPECT_EQ(temporaries_in("EXECUTE 'CREATE TEMP TABLE ' || $1"), (Names{"", "$1"}));
  EXPECT_EQ(temporaries_in("EXECUTE 'CREATE TABLE pg_temp.' || $1"), Names{""});
  EXPECT_EQ(temporaries_in("EXECUTE format('CREATE TABLE pg_temp.%I ()', a)"), Names{""});
  EXPECT_EQ(temporaries_in("SET search_path = pg_temp; EXECUTE 'CREATE TABLE ' || $1"),
            (Names{"", "$1"}));
  for (const std::string column : {"serial", "int GENERATED ALWAYS AS IDENTITY"})
    EXPECT_EQ(temporaries_in("CREATE TEMP TABLE one (a " + column + ")"), (Names{"one", ""}));
  EXPECT_EQ(temporaries_in("CREATE TEMP TABLE one (LIKE two INCLUDING ALL)"), (Names{"one", ""}));
  EXPECT_TRUE(temporaries_in("CREATE TABLE one (a serial)").empty());
  EXPECT_EQ(temporaries_in("IF kind = 'temp' THEN RETURN one; END IF"), Names{"then"});
}

TEST(Temporaries, AreNotWhatIsOnlyCalledSo) {
  EXPECT_TRUE(temporaries_in("SELECT id FROM people").empty());
  EXPECT_TRUE(temporaries_in("").empty());
  EXPECT_TRUE(temporaries_in("CREATE TEMP TABLE").empty());
  EXPECT_TRUE(temporaries_in("SET search_path = pg_temp, public").empty());
  EXPECT_TRUE(temporaries_in("\"").empty());
}

std::shared_ptr<const Catalog> with_function(std::string_view body,
                                             const std::vector<SensitiveRule>& rules) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  constexpr Oid kMakes = 20000;
  rows.function(kMakes, "public", "makes", 'v', "plpgsql").revision('b', kMakes, body);
  return rows.build(rules);
}

TEST(Temporaries, AreChangesOfWhoCallsTheFunction) {
  for (const auto& rules : {shop_rules(), {}}) {
    const auto catalog = with_function("CREATE TEMP VIEW orders AS SELECT 1", rules);
    const Statement call = one("SELECT makes()", *catalog);
    ASSERT_EQ(call.changes.size(), 1U);
    EXPECT_EQ(call.changes[0].name, "orders");
    EXPECT_TRUE(call.changes[0].temporary && !call.changes[0].certain);
    EXPECT_FALSE(call.makes_anything);
  }
}

TEST(Temporaries, OfNoKnownNameAreAnythingWhereColumnsAreSensitive) {
  const std::string_view body = "EXECUTE format('CREATE TEMP VIEW %I AS SELECT 1', a)";
  EXPECT_TRUE(one("SELECT makes()", *with_function(body, shop_rules())).makes_anything);
  EXPECT_FALSE(one("SELECT makes()", *with_function(body, {})).makes_anything);
}

}  // namespace
}  // namespace sluice::sql::test
