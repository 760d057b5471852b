// SPDX-License-Identifier: Apache-2.0
// Rows of PostgreSQL's own tables are what names mean and who may do what.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

std::shared_ptr<const Catalog> library() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "pg_catalog", "pg_class", 'r', "oid relname")
      .relation(2, "pg_catalog", "pg_user", 'v', "usename")
      .view(2, "SELECT pg_class.relname FROM pg_catalog.pg_class")
      .relation(3, "information_schema", "enabled_roles", 'v', "role_name")
      .view(3, "SELECT pg_class.relname FROM pg_catalog.pg_class")
      .relation(4, "information_schema", "columns", 'v', "column_name")
      .view(4, "SELECT c.relname FROM pg_catalog.pg_class c, public.books b")
      .relation(5, "public", "columns", 'r', "id")
      .relation(6, "public", "books", 'r', "id")
      .relation(7, "public", "shelf", 'v', "id")
      .view(7, "SELECT books.id FROM public.books")
      .relation(8, "public", "named", 'v', "oid relname")
      .view(8, "SELECT pg_class.oid, pg_class.relname FROM pg_catalog.pg_class");
  return rows.build({});
}

struct Case {
  const char* text;
  bool changes;
};
class SystemCatalogs : public testing::TestWithParam<Case> {};

TEST_P(SystemCatalogs, AreNotOrdinaryTables) {
  const Statement statement = one(GetParam().text, *library());
  EXPECT_EQ(statement.actions.has(Action::kUnknown), GetParam().changes) << GetParam().text;
  EXPECT_EQ(statement.actions.has(Action::kGrant), GetParam().changes) << GetParam().text;
  EXPECT_EQ(statement.blinds, GetParam().changes) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Text, SystemCatalogs,
    testing::Values(Case{"UPDATE pg_class SET relname = 'x'", true},
                    Case{"UPDATE pg_catalog.pg_class SET relname = 'x' WHERE oid = 1", true},
                    Case{"DELETE FROM pg_class", true},
                    Case{"INSERT INTO pg_class VALUES (1)", true},
                    Case{"INSERT INTO pg_catalog.not_known VALUES (1)", true},
                    Case{"DELETE FROM pg_toast.pg_toast_1", true},
                    Case{"COPY pg_class FROM STDIN", true}, Case{"TRUNCATE books, pg_class", true},
                    Case{"MERGE INTO pg_class USING books ON true WHEN MATCHED THEN DELETE", true},
                    Case{"WITH d AS (DELETE FROM pg_class RETURNING 1) SELECT 1", true},
                    Case{"INSERT INTO books SELECT 1 RETURNING (SELECT oid FROM pg_class)", false},
                    Case{"DELETE FROM pg_user", true}, Case{"UPDATE named SET relname = 'x'", true},
                    Case{"DELETE FROM information_schema.enabled_roles", true},
                    Case{"DELETE FROM enabled_roles", true}, Case{"DELETE FROM columns", false},
                    Case{"DELETE FROM shelf", false}, Case{"UPDATE books SET id = 1", false},
                    Case{"SELECT oid FROM pg_class FOR UPDATE", false},
                    Case{"COPY pg_class TO STDOUT", false},
                    Case{"DO $$ BEGIN DELETE FROM pg_class; END $$", true},
                    Case{"EXPLAIN SELECT 1 FROM pg_class", false}));

}  // namespace
}  // namespace sluice::sql::test
