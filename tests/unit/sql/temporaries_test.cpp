// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

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

// makes() makes a view; calls() names `name` in its body, and is called.
struct Reaching {
  CatalogRows rows;
  static constexpr Oid kMakes = 20000, kCalls = 20001, kTable = 20002;

  Reaching() {
    add_builtins(rows);
    add_shop(rows);
    rows.relation(kTable, "public", "reached", 'r', "id");
    rows.function(kMakes, "public", "makes", 'v', "plpgsql")
        .not_shipped()
        .revision('b', kMakes, "CREATE VIEW orders AS SELECT 1");
    rows.function(kCalls, "public", "calls", 'v', "plpgsql").not_shipped();
  }

  std::size_t changes_of(std::string_view body, std::string_view text = "SELECT calls()") {
    rows.revision('b', kCalls, body);
    return one(text, *rows.build(shop_rules())).changes.size();
  }
};

TEST(Temporaries, AreOfWhoReachesTheFunction) {
  EXPECT_EQ(Reaching{}.changes_of("PERFORM makes()"), 1U);
  EXPECT_EQ(Reaching{}.changes_of("PERFORM 1"), 0U);
  EXPECT_EQ(Reaching{}.changes_of("EXECUTE 'SELECT m' || 'akes()'"), 1U);
  Reaching by_operator;
  by_operator.rows.operator_call("|*|", Reaching::kMakes)
      .revision('x', Reaching::kMakes,
                "|*|\x1f"
                "1");
  EXPECT_EQ(by_operator.changes_of("RETURN 1 |*| 2"), 1U);
  Reaching by_check;
  by_check.rows.type(20005, "checked").check_call("checked", 20005, Reaching::kMakes);
  EXPECT_EQ(by_check.changes_of("PERFORM 'x'::checked"), 1U);
}

TEST(Temporaries, AreOfWhatStandsOnATable) {
  for (const bool fires : {false, true}) {
    const auto reaching = [&] {
      Reaching made;
      made.rows.table_on("makes", Reaching::kTable);
      if (fires) made.rows.trigger(Reaching::kMakes, Reaching::kTable, {});
      return made;
    };
    EXPECT_EQ(reaching().changes_of("INSERT INTO reached VALUES (1)"), 1U);
    EXPECT_EQ(reaching().changes_of("PERFORM id FROM reached"), fires ? 0U : 1U);
    EXPECT_EQ(reaching().changes_of("", "INSERT INTO reached VALUES (1)"), 1U);
    EXPECT_EQ(reaching().changes_of("", "SELECT id FROM reached"), fires ? 0U : 1U);
  }
}

TEST(Temporaries, OfNoKnownNameAreAnythingWhereColumnsAreSensitive) {
  const std::string_view body = "EXECUTE format('CREATE TEMP VIEW %I AS SELECT 1', a)";
  EXPECT_TRUE(one("SELECT makes()", *with_function(body, shop_rules())).makes_anything);
  EXPECT_FALSE(one("SELECT makes()", *with_function(body, {})).makes_anything);
}

}  // namespace
}  // namespace sluice::sql::test
