// SPDX-License-Identifier: Apache-2.0
// Statements that change a table which they do not name, by way of what it stands on.
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"
#include "sql/made_names.h"

namespace sluice::sql::test {
namespace {

// orders stands on all of these; customers on nothing.
std::shared_ptr<const Catalog> catalog() {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(1101, "public", "parent", 'r', "id x")
      .relation(1102, "public", "above_parent", 'r', "id")
      .inherits(1101, 1102)
      .relation(1104, "public", "above_row_of", 'r', "id")
      .inherits(1103, 1104)
      .table_on("parent", 1002)
      .table_on("feeling", 1002)
      .table_of_type("feeling", 1002)
      .relation(1103, "public", "row_of", 'r', "id x")
      .table_of_type("row_of", 1002)
      .table_on("order_ids", 1002)
      .table_on("loud", 1002)
      .table_on("orders_by_note", 1002, true)
      .table_on("kept_view", 1002);
  return rows.build({});
}

bool changes_orders(const char* text) {
  const auto analysis = analyse(text, *catalog(), {});
  if (!analysis) {
    ADD_FAILURE() << text << ": " << analysis.error().text();
    return false;
  }
  const ObjectRef orders{ObjectRef::Kind::kTable, "public", "orders"};
  return std::any_of(analysis->statements.begin(), analysis->statements.end(),
                     [&](const auto& one) {
                       const auto& objects = one.objects;
                       return std::find(objects.begin(), objects.end(), orders) != objects.end();
                     });
}

TEST(TablesBelow, ChangeWithWhatTheyStandOn) {
  for (const char* text :
       {"DROP TABLE parent CASCADE",
        "DROP SEQUENCE order_ids CASCADE",
        "DROP FUNCTION loud CASCADE",
        "DROP INDEX orders_by_note",
        "DROP STATISTICS orders_by_note",
        "ALTER TABLE parent DROP COLUMN id CASCADE",
        "ALTER TABLE parent DROP CONSTRAINT c CASCADE",
        "ALTER TABLE above_parent DROP COLUMN id CASCADE",
        "ALTER TABLE row_of DROP COLUMN x",
        "ALTER TABLE row_of ADD COLUMN y int",
        "ALTER TABLE row_of ALTER COLUMN x TYPE text",
        "ALTER TABLE row_of RENAME COLUMN x TO y",
        "ALTER TYPE feeling RENAME TO other",
        "ALTER TYPE feeling RENAME VALUE 'a' TO 'b'",
        "ALTER TYPE feeling DROP ATTRIBUTE a",
        "ALTER TYPE feeling SET (STORAGE = plain)",
        "ALTER DOMAIN feeling RENAME CONSTRAINT a TO b",
        "ALTER COLLATION loud RENAME TO other",
        "ALTER SCHEMA loud RENAME TO other",
        "ALTER TEXT SEARCH CONFIGURATION loud SET SCHEMA other",
        "ALTER TEXT SEARCH CONFIGURATION loud DROP MAPPING FOR word",
        "ALTER TEXT SEARCH DICTIONARY loud (a = b)",
        "ALTER OPERATOR CLASS loud USING btree RENAME TO a",
        "ALTER OPERATOR FAMILY loud USING btree DROP FUNCTION 1 (int, int)",
        "ALTER SEQUENCE order_ids RESTART",
        "ALTER SEQUENCE order_ids OWNED BY customers.id",
        "ALTER STATISTICS orders_by_note SET STATISTICS 0",
        "ALTER INDEX orders_by_note RENAME TO other",
        "ALTER FUNCTION loud(text) STRICT",
        "ALTER FUNCTION loud(text) DEPENDS ON EXTENSION e",
        "CREATE OR REPLACE FUNCTION loud(text) RETURNS text RETURN $1",
        "CREATE OR REPLACE FUNCTION loud(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE VIEW kept_view AS SELECT 1",
        "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO kept_view DO INSTEAD SELECT 1",
        "ALTER TABLE above_row_of DROP COLUMN id",
        "ALTER TABLE above_row_of RENAME COLUMN id TO i",
        "ALTER TABLE row_of RENAME TO other",
        "REINDEX INDEX orders_by_note",
        "REINDEX SCHEMA public",
        "REINDEX DATABASE shop",
        "VACUUM",
        "VACUUM FULL",
        "ANALYZE",
        "CLUSTER",
        "DO $$ BEGIN DROP TABLE parent CASCADE; END $$",
        "DO $$ BEGIN ALTER TABLE parent RENAME TO a; ALTER TABLE a RENAME TO b; DROP TABLE b "
        "CASCADE; "
        "END $$",
        "DO $$ BEGIN ALTER TABLE parent SET SCHEMA s; DROP SCHEMA s CASCADE; END $$"})
    EXPECT_TRUE(changes_orders(text)) << text;
}

TEST(TablesBelow, DoNotChangeWithWhatIsBeside) {
  for (const char* text :
       {"DROP TABLE parent",
        "ALTER TABLE parent DROP COLUMN x",
        "ALTER TABLE parent ADD COLUMN y int",
        "ALTER TABLE parent RENAME TO other",
        "ALTER TABLE parent DROP CONSTRAINT c",
        "ALTER TABLE customers DROP COLUMN id CASCADE",
        "ALTER TABLE parent ALTER COLUMN x SET DEFAULT 1",
        "ALTER TYPE feeling ADD VALUE 'c'",
        "ALTER ROLE parent RENAME TO other",
        "ALTER TABLE parent RENAME CONSTRAINT a TO b",
        "ALTER TABLE customers RENAME TO other",
        "CREATE FUNCTION loud(int) RETURNS int RETURN 1",
        "CREATE OR REPLACE FUNCTION loud(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "CREATE VIEW kept_view AS SELECT 1",
        "VACUUM customers",
        "ANALYZE customers",
        "REINDEX TABLE customers",
        "REINDEX SYSTEM shop",
        "REINDEX SCHEMA hr",
        "CLUSTER customers"})
    EXPECT_FALSE(changes_orders(text)) << text;
}

// A table may be renamed, but what stands on it goes with its new name.
TEST(TablesBelow, ChangeWithATableThatTheTransactionHasRenamed) {
  const auto shop = catalog();
  const auto orders_after = [&](std::initializer_list<const char*> before, const char* text) {
    MadeNames made;
    for (const char* each : before) {
      EXPECT_FALSE(changes_orders(each)) << each;
      made.note(one(each, *shop));
    }
    const auto objects = made.use_of(one(text, *shop)).objects;
    const ObjectRef orders{ObjectRef::Kind::kTable, "public", "orders"};
    return std::find(objects.begin(), objects.end(), orders) != objects.end();
  };
  const char* rename = "ALTER TABLE parent RENAME TO a";
  EXPECT_TRUE(orders_after({rename}, "DROP TABLE a CASCADE"));
  EXPECT_TRUE(orders_after({rename}, "ALTER TABLE a DROP CONSTRAINT c CASCADE"));
  EXPECT_TRUE(orders_after({rename, "ALTER TABLE a RENAME TO b"}, "DROP TABLE b CASCADE"));
  EXPECT_TRUE(orders_after({"ALTER TABLE parent SET SCHEMA s"}, "DROP SCHEMA s CASCADE"));
  EXPECT_FALSE(orders_after({rename}, "INSERT INTO a VALUES (1, 2)"));
  EXPECT_FALSE(orders_after({rename}, "DROP TABLE a"));
  EXPECT_FALSE(orders_after({"ALTER TABLE customers RENAME TO a"}, "DROP TABLE a CASCADE"));
}

TEST(TablesBelow, AllAtOnceNamesNoneOfPostgresOwn) {
  for (const ObjectRef& object : one("VACUUM", *catalog()).objects)
    EXPECT_NE(object.schema, "pg_catalog") << object.name;
}

TEST(TablesBelow, ExtensionsAreTheHosts) {
  EXPECT_EQ(actions_of(one("ALTER EXTENSION e SET SCHEMA other", *catalog())), "ddl host");
}

// `mood` has a check that calls, and so has the row of a table with such a column.
TEST(TablesBelow, ChecksAreCalledByWhoeverGivesTheTypeANewName) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.check_call("mood", 25, 3010).check_call("orders", 1202, 3010).operator_class("ops", 3010);
  const auto catalog = rows.build({});
  for (const char* text :
       {"CREATE TABLE t AS SELECT note FROM orders", "SELECT note INTO t FROM orders",
        "CREATE VIEW v AS TABLE orders", "CREATE MATERIALIZED VIEW v AS SELECT * FROM orders",
        "CREATE DOMAIN d AS mood", "CREATE DOMAIN d AS mood[]", "ALTER TABLE orders RENAME TO t",
        "ALTER OPERATOR CLASS ops USING btree RENAME TO other",
        "ALTER OPERATOR CLASS ops USING btree SET SCHEMA other"})
    EXPECT_TRUE(one(text, *catalog).actions.has(Action::kCall)) << text;
  for (const char* text :
       {"CREATE TABLE t AS SELECT 1", "DECLARE c CURSOR FOR SELECT note FROM orders",
        "ALTER TABLE orders RENAME COLUMN note TO other", "CREATE DOMAIN d AS text"})
    EXPECT_FALSE(one(text, *catalog).actions.has(Action::kCall)) << text;
}

}  // namespace
}  // namespace sluice::sql::test
