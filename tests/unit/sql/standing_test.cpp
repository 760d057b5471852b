// SPDX-License-Identifier: Apache-2.0
#include "sql/standing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::sql {
namespace {

constexpr Oid kClass = 1259, kSchemas = 2615, kTypes = 1247, kTriggers = 2620, kProcedures = 1255;

using Object = Standing::Object;
using Node = Standing::Node;

// Those that stand on what is called so, by their numbers.
std::vector<Oid> on(const Standing& standing, std::string_view name) {
  auto found = standing.find(1000);
  std::vector<Oid> tables;
  if (!found) return tables;
  for (const auto& pair : found->pairs)
    if (pair.name == name) tables.push_back(pair.relation);
  return tables;
}

Standing two_views() {
  Standing standing;
  for (const Oid relation : {1U, 2U, 3U}) {
    standing.is_part({kClass, relation}, relation, false);
    standing.is_called({kClass, relation}, "r" + std::to_string(relation), 'o');
    standing.depends({{kClass, relation}}, {{kSchemas, 9}});
  }
  standing.is_called({kSchemas, 9}, "home", 'o');
  // 3 is a view of 2's first column, and 2 one of 1's.
  standing.depends({{kClass, 3}}, {{kClass, 2}, 1});
  standing.depends({{kClass, 2}}, {{kClass, 1}, 1});
  return standing;
}

TEST(Standing, GoesOnFromWhatIsDependedOn) {
  const Standing standing = two_views();
  EXPECT_EQ(on(standing, "r1"), (std::vector<Oid>{2, 3}));
  EXPECT_EQ(on(standing, "r2"), std::vector<Oid>{3});
  EXPECT_EQ(on(standing, "r3"), std::vector<Oid>{});
}

TEST(Standing, TakesTheSchemaOfWhatItStandsOnButNotItsOwn) {
  EXPECT_EQ(on(two_views(), "home"), (std::vector<Oid>{2, 3}));
}

TEST(Standing, TakesTheColumnsOfATypeOfRows) {
  Standing standing = two_views();
  standing.is_called({kTypes, 11}, "r1", 't');
  standing.has_row_of({kTypes, 11}, {kClass, 1});
  standing.is_called({kTypes, 12}, "mood", 't');
  standing.depends({{kClass, 1}, 4}, {{kTypes, 12}});  // a column of 1
  standing.is_part({kClass, 5}, 5, false);
  standing.depends({{kClass, 5}, 1}, {{kTypes, 11}});  // a column of 5 has rows of 1
  EXPECT_EQ(on(standing, "mood"), (std::vector<Oid>{1, 5}));
}

TEST(Standing, TellsWhatRightsStandOn) {
  Standing standing = two_views();
  standing.is_part({kTriggers, 20}, 1, true);
  standing.depends({{kTriggers, 20}}, {{kClass, 1}, 2});
  standing.depends({{kTriggers, 20}}, {{kProcedures, 21}});
  standing.is_called({kProcedures, 21}, "fires", 'o');
  auto found = standing.find(1000);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->below_rights, std::vector<std::string>{"fires"});
  EXPECT_EQ(on(standing, "fires"), (std::vector<Oid>{1}));
}

TEST(Standing, GoesRoundInCircles) {
  Standing standing = two_views();
  standing.depends({{kClass, 1}}, {{kClass, 3}});
  EXPECT_EQ(on(standing, "r3"), (std::vector<Oid>{1, 2}));
}

TEST(Standing, GivesUpWhereItIsTooMuch) {
  EXPECT_TRUE(two_views().find(50).ok());
  EXPECT_FALSE(two_views().find(5).ok());
}

// What takes no step, as the indexes of one table do, takes memory all the same.
TEST(Standing, GivesUpWhereThereAreTooManyNames) {
  Standing standing;
  for (Oid index = 100; index < 130; ++index) {
    standing.is_part({kClass, index}, 1, false);
    standing.is_called({kClass, index}, "i" + std::to_string(index), 'i');
  }
  EXPECT_TRUE(standing.find(120).ok());
  EXPECT_FALSE(standing.find(119).ok());
}

}  // namespace
}  // namespace sluice::sql
