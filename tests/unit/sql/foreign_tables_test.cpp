// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

std::shared_ptr<const Catalog> with_foreign_tables() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "public", "people", 'r', "id ssn")
      .relation(2, "public", "contacts", 'v', "id number")
      .view(2, "SELECT people.id, people.ssn AS number FROM public.people")
      .relation(3, "public", "plain", 'r', "id name")
      .relation(10, "far", "mirror", 'f', "id code")
      .foreign_table(10, true, "public", "people", "code\x1essn")
      .relation(11, "far", "mirror_of_view", 'f', "id number")
      .foreign_table(11, true, "public", "contacts")
      .relation(12, "far", "above", 'v', "x")
      .view(12, "SELECT mirror_of_view.number AS x FROM far.mirror_of_view")
      .relation(13, "far", "shorter", 'f', "id dropped")
      .foreign_table(13, true, "public", "people")
      .relation(14, "far", "mirror_of_plain", 'f', "id name")
      .foreign_table(14, true, "public", "plain")
      .relation(20, "far", "stranger", 'f', "id name")
      .foreign_table(20, true, "public", "nobody_knows")
      .relation(21, "far", "file", 'f', "line")
      .foreign_table(21, false, "far", "people")
      .relation(22, "far", "archive", 'p', "line")
      .inherits(21, 22);
  SensitiveRule rule;
  rule.schema = "public", rule.table = "people", rule.column = "ssn";
  return rows.build({rule});
}

TEST(ForeignTables, AreMaskedAsWhatTheyAreCalledOverThere) {
  const auto catalog = with_foreign_tables();
  EXPECT_EQ(catalog->mask_of(10, 2), MaskKind::kRedact);
  EXPECT_EQ(catalog->mask_of(10, 1), std::nullopt);
  EXPECT_EQ(catalog->mask_of(11, 2), MaskKind::kRedact) << "of a view";
  EXPECT_EQ(catalog->mask_of(12, 1), MaskKind::kRedact) << "a view above";
  EXPECT_EQ(catalog->mask_of(13, 2), MaskKind::kRedact) << "of a column that is not there";
  EXPECT_EQ(catalog->mask_of(14, 2), std::nullopt);
}

TEST(ForeignTables, OfNobodyKnowsWhatLeaveTheDatabase) {
  const auto catalog = with_foreign_tables();
  for (const char* text :
       {"SELECT name FROM far.stranger", "SELECT line FROM file", "SELECT line FROM archive"}) {
    const Statement statement = one(text, *catalog);
    EXPECT_EQ(actions_of(statement), "read host") << text;
    ASSERT_FALSE(statement.notes.empty()) << text;
  }
  EXPECT_EQ(actions_of(one("SELECT id FROM far.mirror_of_plain", *catalog)), "read");
}

TEST(ForeignTables, AreTheTableThatTheyStandFor) {
  const Statement statement = one("DELETE FROM far.mirror WHERE id = 1", *with_foreign_tables());
  EXPECT_EQ(actions_of(statement), "delete");
  ASSERT_EQ(statement.objects.size(), 2U);
  EXPECT_EQ(statement.objects[0].schema + "." + statement.objects[0].name, "public.people");
}

TEST(ForeignTables, ThatAreCalledOtherwiseMayBeOthersOverThere) {
  for (const char* text :
       {"ALTER TABLE far.mirror RENAME TO plain", "ALTER SCHEMA far RENAME TO near",
        "ALTER TABLE far.mirror SET SCHEMA public",
        "ALTER FOREIGN TABLE far.mirror ALTER id OPTIONS (ADD column_name 'x')"})
    EXPECT_TRUE(one(text, *with_foreign_tables()).actions.has(Action::kHost)) << text;
  for (const char* text :
       {"ALTER TABLE plain RENAME TO mirror_of_it", "ALTER SCHEMA public RENAME TO x"})
    EXPECT_FALSE(one(text, *with_foreign_tables()).actions.has(Action::kHost)) << text;
}

}  // namespace
}  // namespace sluice::sql::test
