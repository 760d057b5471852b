// SPDX-License-Identifier: Apache-2.0
// Whether what runs where no statement names it may change settings.
#include <gtest/gtest.h>

#include <string>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kUnnamed = 20001, kOther = 20002, kFired = 20003, kTill = 20004, kChest = 20005;

CatalogRows shop() {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  return rows;
}

// A function that runs unnamed, one that it may call, and one of a trigger.
CatalogRows with_bodies(std::string_view body, std::string_view other = "SELECT 1",
                        std::string_view fired = "NULL") {
  CatalogRows rows = shop();
  rows.function(kUnnamed, "public", "unnamed", 'v', "plpgsql").revision('b', kUnnamed, body);
  rows.function(kOther, "public", "other", 'v', "sql").revision('b', kOther, other);
  rows.function(kFired, "public", "fired", 'v', "plpgsql").revision('b', kFired, fired);
  rows.relation(kTill, "public", "till", 'r', "id note").table_on("fired", kTill);
  rows.relation(kChest, "public", "chest", 'r', "id").uses(0, "u", kUnnamed);
  return rows;
}

bool sets(CatalogRows rows) { return rows.build(shop_rules())->unnamed_code_sets(); }

TEST(UnnamedCode, ThatComputesOrRaisesSetsNothing) {
  for (const char* body :
       {"BEGIN RETURN upper($1); END", "BEGIN RAISE EXCEPTION 'not %', $1; END",
        "BEGIN INSERT INTO till VALUES (1); END", "BEGIN RETURN other($1); END",
        "BEGIN UPDATE till SET note = NULL; END", "BEGIN RETURN current_setting('a.b'); END"})
    EXPECT_FALSE(sets(with_bodies(body))) << body;
  EXPECT_FALSE(sets(shop()));
}

TEST(UnnamedCode, ThatMaySetIsSeenByItsWords) {
  for (const char* body :
       {"BEGIN PERFORM set_config('client_encoding', $1, false); END",
        "BEGIN SET client_encoding = SJIS; END", "BEGIN SET NAMES 'SJIS'; END",
        "BEGIN SET \"client_encoding\" = SJIS; END", "BEGIN RESET ALL; END",
        "BEGIN EXECUTE $1; END", "BEGIN UPDATE pg_settings SET setting = $1; END",
        "BEGIN PERFORM query_to_xml($1, true, true, ''); END",
        "BEGIN SET DateStyle = 'ISO, DMY'; END", "BEGIN SET TIME ZONE 'UTC'; END",
        "BEGIN PERFORM U&\"set\\005Fconfig\"($1, $2, false); END"})
    EXPECT_TRUE(sets(with_bodies(body))) << body;
}

TEST(UnnamedCode, WritesToWhatItsWordsName) {
  const auto writes = [](const CatalogRows& rows, std::string_view name) {
    return CatalogRows{rows}.build(shop_rules())->may_be_written_unseen(name);
  };
  for (const char* body : {"BEGIN INSERT INTO own VALUES (1); END", "BEGIN DROP TABLE own; END"}) {
    EXPECT_TRUE(writes(with_bodies(body), "own")) << body;
    EXPECT_FALSE(writes(with_bodies(body), "another")) << body;
  }
  EXPECT_FALSE(writes(with_bodies("BEGIN RETURN (SELECT max(id) FROM own); END"), "own"));
  EXPECT_TRUE(writes(with_bodies("BEGIN RETURN other(); END", "DELETE FROM own"), "own"));
  EXPECT_TRUE(writes(with_bodies("BEGIN INSERT INTO till VALUES (1); END", "SELECT 1",
                                 "BEGIN INSERT INTO own VALUES (1); END"),
                     "own"));
  EXPECT_TRUE(writes(with_bodies("BEGIN EXECUTE $1; END"), "any"));
  EXPECT_FALSE(writes(shop(), "own"));
}

TEST(UnnamedCode, IsFollowedToWhatItNames) {
  const char* const setting = "SELECT set_config('client_encoding', 'SJIS', false)";
  EXPECT_TRUE(sets(with_bodies("BEGIN RETURN other(); END", setting)));
  EXPECT_FALSE(sets(with_bodies("BEGIN RETURN 1; END", setting)));
  EXPECT_TRUE(sets(with_bodies("BEGIN INSERT INTO till VALUES (1); END", "", setting)));
  EXPECT_FALSE(sets(with_bodies("BEGIN INSERT INTO chest VALUES (1); END", "", setting)));
  EXPECT_FALSE(sets(with_bodies("BEGIN PERFORM note FROM till; END", "", setting)));
}

TEST(UnnamedCode, ThatCannotBeReadMaySet) {
  for (const char* language : {"c", "internal", "plpython3u"}) {
    CatalogRows rows = shop();
    rows.function(kUnnamed, "public", "unnamed", 'i', language).not_shipped();
    EXPECT_TRUE(sets(rows.uses(0, "u", kUnnamed))) << language;
  }
  CatalogRows extension = shop();
  extension.function(kUnnamed, "public", "unnamed", 'v', "c");
  EXPECT_FALSE(sets(extension.uses(0, "u", kUnnamed)));
  for (const char volatility : {'v', 's'}) {
    CatalogRows tree = shop();
    tree.function(kUnnamed, "public", "unnamed", volatility, "sql");
    EXPECT_EQ(sets(tree.uses(0, "u", kUnnamed)), volatility == 'v');
  }
}

// --- relations

bool defines(CatalogRows rows) { return rows.build(shop_rules())->early_code_defines(); }

TEST(EarlyCode, ThatRunsUnnamedDefinesBySomeWord) {
  EXPECT_FALSE(defines(shop()));
  EXPECT_FALSE(defines(with_bodies("BEGIN INSERT INTO till VALUES (1); END")));
  for (const char* body : {"BEGIN CREATE TEMP VIEW orders AS SELECT 1; END",
                           "BEGIN ALTER TABLE till DROP COLUMN id; END", "BEGIN DROP VIEW v; END"})
    EXPECT_TRUE(defines(with_bodies(body))) << body;
  EXPECT_TRUE(
      defines(with_bodies("BEGIN RETURN other(); END", "CREATE TEMP TABLE orders (a int)")));
  EXPECT_FALSE(defines(with_bodies("BEGIN RETURN 1; END", "CREATE TEMP TABLE orders (a int)")));
}

TEST(EarlyCode, ThatIsFoldedDefinesByWhatItCalls) {
  for (const char volatility : {'v', 's', 'i'}) {
    CatalogRows rows = shop();
    rows.function(kOther, "public", "makes", 'v', "plpgsql")
        .not_shipped()
        .revision('b', kOther, "BEGIN CREATE TEMP TABLE orders (a int); RETURN 1; END");
    rows.function(kUnnamed, "public", "folded", volatility, "plpgsql")
        .not_shipped()
        .revision('b', kUnnamed, "BEGIN RETURN makes(); END");
    EXPECT_EQ(defines(rows), volatility != 'v') << volatility;
  }
}

}  // namespace
}  // namespace sluice::sql::test
