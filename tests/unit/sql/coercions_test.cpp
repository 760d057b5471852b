// SPDX-License-Identifier: Apache-2.0
// Casts of users that run where nobody asks for one.
#include "sql/coercions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"
#include "sql/declared_types.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kRow = 20700, kArray = 20701, kPoint = 600, kOpaque = 3002, kReads = 20704;

// Of rows of public.orders, by a function of which nobody knows what it gives.
std::shared_ptr<const Catalog> coerced(Oid type = kRow, Oid function = kOpaque,
                                       const std::vector<SensitiveRule>& rules = shop_rules()) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.type(kRow, "orders").type(kArray, "_orders").revision('p', kArray, std::to_string(kRow));
  rows.function(20702, "public", "converts", 'i', "sql")
      .body(
          "CREATE OR REPLACE FUNCTION public.converts() RETURNS integer LANGUAGE sql IMMUTABLE "
          "AS $function$ SELECT 1 $function$");
  rows.function(20703, "public", "volatile_one", 'v', "plpgsql");
  rows.function(kReads, "public", "reads", 'v', "sql")
      .body(
          "CREATE OR REPLACE FUNCTION public.reads() RETURNS text LANGUAGE sql AS $function$ "
          "SELECT value FROM public.twin $function$");
  return rows.coercion(type, function).build(rules);
}

std::string of(std::string_view text, const Catalog& catalog) {
  const Statement statement = one(text, catalog);
  return lineage_of(statement) + " " + actions_of(statement);
}

TEST(Coercions, HideWhatIsComputedWhereTheirTypeMayBe) {
  const auto catalog = coerced();
  for (const char* text :
       {"SELECT upper(o) FROM orders o", "SELECT o.upper FROM orders o", "SELECT o FROM orders o",
        "SELECT upper('(1)'::orders)", "SELECT upper($1::orders[])", "SELECT 1 FROM orders, twin"})
    EXPECT_EQ(of(text, *catalog), "? read sensitive_search") << text;
  EXPECT_EQ(of("INSERT INTO twin SELECT 1, o FROM orders o", *catalog),
            "- read insert sensitive_search sensitive_copy");
}

TEST(Coercions, LeaveOthersAsTheyAre) {
  const auto catalog = coerced();
  for (const char* text :
       {"SELECT customer_id FROM public.orders", "SELECT o.* FROM orders o", "SELECT upper('x')",
        "SELECT value || 'x' FROM twin WHERE id = 1", "DROP TABLE orders", "LOCK TABLE orders"})
    EXPECT_EQ(of(text, *catalog), of(text, *shop())) << text;
}

TEST(Coercions, ThatOnlyConvertHideNothing) {
  const std::string text = "SELECT count(o) FROM orders o";
  EXPECT_EQ(of(text, *coerced(kRow, 20702)), of(text, *shop()));
  EXPECT_EQ(of(text, *coerced(kRow, kOpaque, {})), "= read") << "nothing is sensitive";
}

TEST(Coercions, DoWhatTheirFunctionDoes) {
  const std::string text = "SELECT upper(o) FROM orders o";
  EXPECT_EQ(of(text, *coerced(kRow, 20703)), "? read call sensitive_search sensitive_copy");
  EXPECT_EQ(of(text, *coerced(kRow, 20703, {})), "= read call") << "nothing is sensitive";
  EXPECT_EQ(of(text, *coerced(kRow, 29999, {})), "= read unknown") << "it is not there";
  EXPECT_EQ(of("SELECT customer_id FROM public.orders", *coerced(kRow, 20703, {})), "= read");
}

TEST(Coercions, ReadWhatTheirFunctionReads) {
  const auto reads_twin = [](std::string_view text) {
    const Statement statement = one(text, *coerced(kRow, kReads, {}));
    return std::any_of(statement.objects.begin(), statement.objects.end(),
                       [](const ObjectRef& object) { return object.name == "twin"; });
  };
  EXPECT_TRUE(reads_twin("SELECT upper(o) FROM orders o"));
  EXPECT_FALSE(reads_twin("SELECT customer_id FROM public.orders"));
}

TEST(Coercions, OfPostgresOwnTypesMayBeAnywhere) {
  const auto catalog = coerced(kPoint);
  EXPECT_EQ(of("SELECT upper('x')", *catalog), "? read sensitive_search");
  for (const char* text : {"BEGIN", "SELECT id FROM public.twin", "SET work_mem = '1MB'"})
    EXPECT_EQ(of(text, *catalog), of(text, *shop())) << text;
}

TEST(Coercions, OfDeclaredParametersCount) {
  const auto catalog = coerced();
  auto analysis = analyse("SELECT upper($1)", *catalog, {});
  ASSERT_TRUE(analysis.ok());
  declare_types(*analysis, {kArray}, *catalog);
  EXPECT_EQ(lineage_of(analysis->statements.front()), "?");
}

}  // namespace
}  // namespace sluice::sql::test
