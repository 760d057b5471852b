// SPDX-License-Identifier: Apache-2.0
#include "sql/declared_types.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kChecked = 20000, kPlain = 20001, kMissing = 20002, kText = 25, kJson = 114;

std::shared_ptr<const Catalog> types() {
  CatalogBuilder builder;
  const auto add = [&builder](CatalogTable table, std::vector<std::string> cells) {
    const std::vector<std::optional<std::string_view>> row{cells.begin(), cells.end()};
    EXPECT_TRUE(builder.add_row(table, row).ok());
  };
  add(CatalogTable::kRelations, {"16400", "public", "orders", "r"});
  add(CatalogTable::kFunctions,
      {"16500", "public", "keeps", "v", "f", "plpgsql", "f", "s", "", "f", ""});
  add(CatalogTable::kCasts, {"checked", "16500", std::to_string(kChecked)});
  add(CatalogTable::kCasts, {"json", "16500", std::to_string(kJson)});
  add(CatalogTable::kTypes, {std::to_string(kChecked), "checked"});
  add(CatalogTable::kTypes, {std::to_string(kPlain), "plain"});
  auto built = std::move(builder).build({}, 1);
  EXPECT_TRUE(built.ok());
  return *built;
}

std::string actions_with(const std::vector<Oid>& declared) {
  const auto catalog = types();
  auto analysis = analyse("SELECT 1", *catalog, {});
  EXPECT_TRUE(analysis.ok());
  declare_types(*analysis, declared, *catalog);
  return actions_of(analysis->statements.front());
}

TEST(DeclaredTypes, RunTheirChecks) {
  EXPECT_EQ(actions_with({kText, kChecked}), "read call");
  EXPECT_EQ(actions_with({kPlain, 0}), "read");
  EXPECT_EQ(actions_with({kText, kMissing}), "read unknown");
}

TEST(DeclaredTypes, ThatArePostgresOwnRunNothing) {
  EXPECT_FALSE(any_users_type({kText, 0, kJson, 16383}));
  EXPECT_EQ(actions_with({kText, kJson}), "read") << "a value is read, not cast, into json";
}

TEST(DeclaredTypes, ThatTheCatalogueLacksAreLookedFor) {
  EXPECT_FALSE(any_unknown_type({kText, kChecked, kPlain}, *types()));
  EXPECT_TRUE(any_unknown_type({kText, kMissing}, *types()));
}

}  // namespace
}  // namespace sluice::sql::test
