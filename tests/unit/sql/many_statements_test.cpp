// SPDX-License-Identifier: Apache-2.0
// A text of very many statements is no text to look at, however short they are.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

TEST(Statements, OfOneTextHaveALimit) {
  AnalyseOptions options;
  options.limits.statements_max = 2;
  EXPECT_TRUE(analyse("select 1; select ';;;'; ;", *shop(), SessionNames{}, options).ok());
  const auto many = analyse("select 1; select 2; select 3", *shop(), SessionNames{}, options);
  ASSERT_FALSE(many.ok());
  EXPECT_NE(many.error().text().find("send it in parts"), std::string::npos);
}

TEST(Effort, IsToldOfWhatWasLookedAt) {
  const auto little = analyse("select 1", *shop(), SessionNames{});
  const auto more = analyse("select * from orders a, orders b, orders c", *shop(), SessionNames{});
  ASSERT_TRUE(little.ok() && more.ok());
  EXPECT_GT(more->effort, little->effort);
}

}  // namespace
}  // namespace sluice::sql::test
