// SPDX-License-Identifier: Apache-2.0
#include "sql/foreign_keys.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

// words.upper is made of words.body, words.loud of nobody knows what.
// owners <- accounts (cascades) <- entries (cascades; set null) ; owners <- visits (set null);
// accounts <- audits (no action); branch inherits owners and has leases (cascades).
std::shared_ptr<const Catalog> bank() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "public", "owners", 'r', "id name code")
      .relation(2, "public", "accounts", 'r', "id owner")
      .relation(3, "public", "entries", 'r', "id account")
      .relation(4, "public", "visits", 'r', "id owner")
      .relation(5, "public", "audits", 'r', "id account")
      .relation(6, "public", "branch", 'r', "id name code")
      .relation(7, "public", "leases", 'r', "id branch")
      .relation(8, "public", "nodes", 'r', "id parent")
      .relation(9, "public", "owner_names", 'v', "who")
      .view(9, "SELECT owners.name AS who FROM public.owners")
      .foreign_key(2, "owner", 1, "id", 'c', 'c')
      .foreign_key(3, "account", 2, "id", 'c', 'n')
      .foreign_key(4, "owner", 1, "code", 'n', 'd')
      .foreign_key(7, "branch", 6, "id", 'c', 'a')
      .foreign_key(8, "parent", 8, "id", 'c', 'a')
      .relation(10, "public", "words", 'r', "id body upper= loud=")
      .relation(11, "public", "uppers", 'r', "word")
      .relation(12, "public", "louds", 'r', "word")
      .dependent(10, 3, 10, 2)
      .foreign_key(11, "word", 10, "upper", 'a', 'c')
      .foreign_key(12, "word", 10, "loud", 'a', 'c')
      .inherits(6, 1);
  return rows.build({});
}

struct Case {
  const char* name;
  const char* text;
  const char* actions;
  const char* tables;
};

class ForeignKeys : public ::testing::TestWithParam<Case> {};

TEST_P(ForeignKeys, AddWhatTheyPassOn) {
  const Statement statement = one(GetParam().text, *bank());
  EXPECT_EQ(actions_of(statement), GetParam().actions) << GetParam().text;
  std::string tables;
  for (const ObjectRef& object : statement.objects)
    tables += (tables.empty() ? "" : " ") + object.name;
  EXPECT_EQ(tables, GetParam().tables) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Text, ForeignKeys,
    ::testing::Values(
        Case{"delete", "DELETE FROM owners WHERE id = 1", "update delete",
             "owners accounts visits leases entries"},
        Case{"delete_below", "DELETE FROM accounts WHERE id = 1", "delete", "accounts entries"},
        Case{"delete_leaf", "DELETE FROM entries WHERE id = 1", "delete", "entries"},
        Case{"delete_view", "DELETE FROM owner_names", "read update delete",
             "owners owner_names accounts visits leases entries"},
        Case{"delete_itself", "DELETE FROM nodes WHERE id = 1", "delete", "nodes"},
        Case{"update_key", "UPDATE owners SET id = 2 WHERE id = 1", "update", "owners accounts"},
        Case{"update_other_key", "UPDATE owners SET code = 2", "update", "owners visits"},
        Case{"update_no_key", "UPDATE owners SET name = 'x'", "update", "owners"},
        Case{"update_two", "UPDATE accounts SET (owner, id) = (1, 2)", "update",
             "accounts entries"},
        Case{"insert", "INSERT INTO owners VALUES (1)", "insert", "owners"},
        Case{"conflict", "INSERT INTO owners VALUES (1) ON CONFLICT (id) DO UPDATE SET code = 3",
             "insert update", "owners visits"},
        Case{"update_generated", "UPDATE words SET body = 'x' WHERE id = 1", "update",
             "words uppers louds"},
        Case{"update_beside_generated", "UPDATE words SET id = 2 WHERE id = 1", "update",
             "words louds"},
        Case{"merge",
             "MERGE INTO accounts a USING owners o ON o.id = a.owner WHEN MATCHED THEN DELETE",
             "read delete", "accounts entries owners"},
        Case{"cte", "WITH d AS (DELETE FROM accounts RETURNING id) SELECT id FROM d", "read delete",
             "accounts entries"}),
    [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace sluice::sql::test
