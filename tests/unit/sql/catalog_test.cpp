// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

TEST(Catalog, AnswersByTheNumbersOfRowDescription) {
  const auto catalog = shop();
  EXPECT_EQ(catalog->mask_of(1001, 4), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(1001, 3), MaskKind::kPartial);
  EXPECT_EQ(catalog->mask_of(1001, 1), std::nullopt);
  EXPECT_EQ(catalog->mask_of(1001, 0), MaskKind::kRedact) << "a whole row";
  EXPECT_EQ(catalog->mask_of(1002, 0), std::nullopt);
  EXPECT_TRUE(catalog->sensitivity(1001, -1).known) << "ctid";
  EXPECT_FALSE(catalog->sensitivity(1001, 9).known);
  EXPECT_FALSE(catalog->sensitivity(999999, 1).known);
  EXPECT_FALSE(catalog->sensitivity(0, 0).known);
  EXPECT_EQ(catalog->version(), 7u);
}

TEST(Catalog, LetsParentsAndChildrenInheritFromEachOtherByName) {
  EXPECT_EQ(shop()->mask_of(1005, 1), MaskKind::kNull) << "the partition has it first";
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "a", "parent", 'p', "id secret")
      .relation(2, "b", "child", 'r', "secret id")
      .relation(3, "b", "sibling", 'r', "id secret")
      .inherits(2, 1)
      .inherits(3, 1);
  SensitiveRule rule;
  rule.schema = "b", rule.table = "child", rule.column = "secret", rule.mask = MaskKind::kHash;
  const auto catalog = rows.build({rule});
  EXPECT_EQ(catalog->mask_of(1, 2), MaskKind::kHash) << "upwards";
  EXPECT_EQ(catalog->mask_of(3, 2), MaskKind::kHash) << "and down again";
}

TEST(Catalog, FollowsViewsHoweverTheyAreListed) {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(10, "public", "v3", 'v', "x y")
      .view(10, "SELECT a, b FROM public.v2")
      .relation(11, "public", "v2", 'v', "a b")
      .view(11, "SELECT t.ssn AS a, max(t.ssn) OVER () AS b FROM public.t")
      .relation(12, "public", "t", 'r', "ssn")
      .relation(13, "public", "m", 'm', "k")
      .view(13, "SELECT v3.x FROM public.v3");
  const auto catalog = rows.build(shop_rules());
  EXPECT_EQ(catalog->mask_of(10, 1), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(10, 2), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(13, 1), MaskKind::kRedact);
}

TEST(Catalog, MasksAllOfViewsThatAreLockedAndOfThoseAboveThem) {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(12, "public", "t", 'r', "ssn")
      .relation(10, "public", "above", 'v', "x y")
      .view(10, "SELECT v.a, 1 AS y FROM public.v")
      .relation(11, "public", "v", 'v', "a")
      .locked_view(11);
  const auto catalog = rows.build(shop_rules());
  EXPECT_FALSE(catalog->whole());
  EXPECT_EQ(catalog->mask_of(11, 1), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(10, 1), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(10, 2), std::nullopt);
  for (const char* text : {"SELECT a FROM v", "SELECT y FROM above"}) {
    const Statement statement = one(text, *catalog);
    EXPECT_EQ(actions_of(statement), "read unknown") << text;
  }
  EXPECT_EQ(
      one("SELECT a FROM v", *catalog).notes.front(),
      "the definition of view v cannot be read while somebody holds a lock on it or below it");
  EXPECT_TRUE(shop()->whole());
}

TEST(Catalog, MasksAllOfViewsThatAreNotUnderstood) {
  EXPECT_EQ(shop()->mask_of(1010, 1), MaskKind::kRedact);
}

// However long the chain, and whichever of them was made first.
TEST(Catalog, FollowsViewsUponViews) {
  constexpr Oid kViews = 300;
  for (const bool from_above : {false, true}) {
    CatalogRows rows;
    add_builtins(rows);
    rows.relation(1, "public", "t", 'r', "ssn other");
    for (Oid i = 0; i < kViews; ++i) {
      const Oid view = from_above ? kViews - 1 - i : i;
      const std::string below = "public.v" + std::to_string(view - 1);
      rows.relation(10 + view, "public", "v" + std::to_string(view), 'v', "c d")
          .view(10 + view, view == 0 ? "SELECT other AS c, ssn AS d FROM public.t"
                                     : "SELECT c, d FROM " + below);
    }
    const auto catalog = rows.build(shop_rules());
    for (const Oid view : {Oid{0}, kViews / 2, kViews - 1}) {
      EXPECT_EQ(catalog->mask_of(10 + view, 1), std::nullopt) << view;
      EXPECT_EQ(catalog->mask_of(10 + view, 2), MaskKind::kRedact) << view;
    }
  }
}

// Of so many names nobody keeps account: who makes them may make any.
TEST(Catalog, TakesManyTemporariesForAny) {
  constexpr Oid kFirst = 20000;
  for (const auto& [functions, each] :
       {std::pair{1U, 499U}, {1U, 500U}, {1U, 2000U}, {30U, 100U}}) {
    CatalogRows rows;
    add_builtins(rows);
    rows.relation(1, "public", "t", 'r', "a");
    std::string calls_all = "BEGIN ";
    unsigned made = 0;
    for (Oid i = 0; i < functions; ++i) {
      std::string body = "BEGIN ";
      for (unsigned j = 0; j < each; ++j)
        body += "CREATE TEMP TABLE q" + std::to_string(made++) + " (); ";
      const std::string name = "makes" + std::to_string(i);
      rows.function(kFirst + i, "public", name, 'v', "plpgsql")
          .revision('b', kFirst + i, body + "END");
      calls_all += "PERFORM " + name + "(); ";
    }
    rows.function(kFirst + functions, "public", "calls", 'v', "plpgsql")
        .revision('b', kFirst + functions, calls_all + "END");
    const auto catalog = rows.build(shop_rules());
    const Function* caller = catalog->function(kFirst + functions);
    ASSERT_NE(caller, nullptr);
    EXPECT_EQ(caller->temporaries.contains(""), made > 500) << made;
    EXPECT_GE(caller->temporaries.size(), std::min(made, 500U)) << made;
  }
}

TEST(Catalog, AppliesWildcardsToTheUsersTablesOnly) {
  SensitiveRule rule;
  rule.schema = "*", rule.table = "*", rule.column = "relname";
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  EXPECT_FALSE(rows.build({rule})->any_sensitive());
  rule.schema = "pg_catalog";
  EXPECT_TRUE(rows.build({rule})->any_sensitive()) << "said by name, it counts";
}

TEST(Catalog, TakesTheStrongerOfTwoMasks) {
  SensitiveRule weak, strong;
  weak.schema = strong.schema = weak.table = strong.table = "*";
  weak.column = strong.column = "name";
  weak.mask = MaskKind::kPartial;
  strong.mask = MaskKind::kNull;
  for (const auto& rules : {std::vector{weak, strong}, std::vector{strong, weak}}) {
    CatalogRows rows;
    add_builtins(rows);
    add_shop(rows);
    EXPECT_EQ(rows.build(rules)->mask_of(1001, 2), MaskKind::kNull);
  }
}

TEST(CatalogBuilder, RefusesRowsThatItCannotRead) {
  CatalogBuilder builder;
  const std::optional<std::string_view> letters = "x", none;
  EXPECT_FALSE(builder.add_row(CatalogTable::kRelations, std::vector{letters, letters}).ok());
  EXPECT_FALSE(
      builder.add_row(CatalogTable::kRelations, std::vector{letters, letters, letters, letters})
          .ok());
  EXPECT_FALSE(builder.add_row(CatalogTable::kInheritance, std::vector{none, none}).ok());
  EXPECT_FALSE(std::move(builder).build({}, 1).ok()) << "an empty catalogue masks nothing";
}

TEST(CatalogBuilder, StopsAtItsLimits) {
  CatalogBuilder builder{{.relations_max = 1}};
  const std::optional<std::string_view> oid = "1", text = "x", kind = "r";
  const std::vector row{oid, text, text, kind};
  EXPECT_TRUE(builder.add_row(CatalogTable::kRelations, row).ok());
  EXPECT_FALSE(builder.add_row(CatalogTable::kRelations, row).ok());
}

TEST(CatalogQueries, AreReadOnlyStatementsOfOurOwnKind) {
  for (const CatalogQuery& query : catalog_queries()) {
    const auto analysis = analyse(query.text, *shop(), SessionNames{});
    ASSERT_TRUE(analysis.ok()) << query.text << analysis.error().text();
    ASSERT_EQ(analysis->statements.size(), 1u);
    EXPECT_EQ(analysis->statements[0].kind, StatementKind::kSelect);
  }
}

TEST(FunctionCall, IsJudgedByItsOid) {
  EXPECT_TRUE(analyse_function_call(99, *shop()).actions.has(Action::kUnknown));
  const Statement log = analyse_function_call(3001, *shop());
  EXPECT_EQ(actions_of(log), "call");
  EXPECT_EQ(lineage_of(log), "?");
  const auto* read_file = shop()->functions_named("pg_read_file")[0];
  EXPECT_TRUE(analyse_function_call(read_file->oid, *shop()).actions.has(Action::kHost));
  const auto* upper = shop()->functions_named("upper")[0];
  EXPECT_EQ(lineage_of(analyse_function_call(upper->oid, *shop())), "=");
}

}  // namespace
}  // namespace sluice::sql::test
