// SPDX-License-Identifier: Apache-2.0
// What CREATE RULE made of a change counts as the change does.
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

std::shared_ptr<const Catalog> with_rules() {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(4001, "public", "open_orders", 'v', "id note")
      .view(4001, "SELECT orders.id, orders.note FROM public.orders;")
      .relation(4002, "public", "inbox", 'r', "id note")
      .rule(4002, 'i',
            "CREATE RULE r AS ON INSERT TO public.inbox DO INSTEAD UPDATE orders SET note = "
            "new.note WHERE (orders.id = new.id);")
      .rule(
          4002, 'd',
          "CREATE RULE r AS ON DELETE TO public.inbox DO ALSO ( DELETE FROM customers; NOTIFY x );")
      .relation(4003, "public", "outbox", 'r', "id note")
      .rule(4003, 'u',
            "CREATE RULE r AS ON UPDATE TO public.outbox DO ALSO INSERT INTO inbox (id) VALUES "
            "(new.id);")
      .relation(4004, "public", "inbox_view", 'v', "id")
      .view(4004, "SELECT inbox.id FROM public.inbox;")
      .relation(4005, "public", "settings", 'v', "name setting")
      .view(4005, "SELECT 'a'::text AS name, 'b'::text AS setting;")
      .rule(4005, 'u',
            "CREATE RULE r AS ON UPDATE TO public.settings WHERE (new.name = old.name) DO SELECT "
            "set_config(old.name, new.setting, false) AS set_config;")
      .rule(4005, 'd', "CREATE RULE r AS ON DELETE TO public.settings DO INSTEAD NOTHING;")
      .rule(4005, 'i', "not what a server says");
  return rows.build(shop_rules());
}

// The server gives what the rule returns, and calls it the view's column.
TEST(Returning, OfARuleDecides) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.relation(4010, "public", "noted", 'v', "id note")
      .view(4010, "SELECT orders.id, orders.note FROM public.orders;")
      .rule(4010, 'u',
            "CREATE RULE r AS ON UPDATE TO public.noted DO INSTEAD UPDATE customers SET id = "
            "customers.id WHERE customers.id = new.id RETURNING customers.id, customers.ssn;")
      .relation(4011, "public", "above", 'v', "id note")
      .view(4011, "SELECT noted.id, noted.note FROM public.noted;")
      .relation(4012, "public", "plain", 'v', "id note")
      .view(4012, "SELECT orders.id, orders.note FROM public.orders;")
      .rule(4012, 'u',
            "CREATE RULE r AS ON UPDATE TO public.plain DO INSTEAD UPDATE orders SET note = "
            "new.note WHERE orders.id = new.id RETURNING orders.id, orders.note;");
  const auto catalog = rows.build(shop_rules());
  for (const char* table : {"noted", "public.noted", "above"})
    EXPECT_EQ(lineage_of(one("UPDATE " + std::string{table} + " SET note = 'x' RETURNING id, note",
                             *catalog)),
              "dd")
        << table;
  EXPECT_EQ(lineage_of(one("UPDATE plain SET note = 'x' RETURNING id, note", *catalog)), "..");
}

// Of `length` tables each hands on what is inserted, and from the last one customers are deleted.
std::shared_ptr<const Catalog> with_chain_of(int length) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  for (int i = 0; i < length; ++i) {
    const Oid oid = 4100U + static_cast<Oid>(i);
    const std::string name = "link" + std::to_string(i);
    const std::string does = i + 1 == length
                                 ? "DELETE FROM customers"
                                 : "INSERT INTO link" + std::to_string(i + 1) + " VALUES (1)";
    rows.relation(oid, "public", name, 'r', "id")
        .rule(oid, 'i', "CREATE RULE r AS ON INSERT TO public." + name + " DO ALSO " + does + ";");
  }
  return rows.build(shop_rules());
}

TEST(Rules, UponRulesAreFollowedOrMayDoAnything) {
  EXPECT_EQ(actions_of(one("INSERT INTO link0 VALUES (1)", *with_chain_of(20))), "insert delete");
  for (const char* first : {"link0", "link39"})
    EXPECT_TRUE(one("INSERT INTO " + std::string{first} + " VALUES (1)", *with_chain_of(40))
                    .actions.has(Action::kUnknown))
        << first;
}

struct Case {
  const char* text;
  const char* actions;
};

class Rewrites : public testing::TestWithParam<Case> {};

TEST_P(Rewrites, CountAsWhatTheyAreWrittenFor) {
  EXPECT_EQ(actions_of(one(GetParam().text, *with_rules())), GetParam().actions) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Rewrites,
    testing::Values(Case{"INSERT INTO inbox VALUES (1)", "insert update"},
                    Case{"DELETE FROM inbox WHERE id = 1", "delete session"},
                    Case{"UPDATE inbox SET id = 1 WHERE id = 2", "update"},
                    Case{"SELECT id FROM inbox", "read"},
                    // A rule that makes another rule's change, and a view over its table.
                    Case{"UPDATE outbox SET id = 1 WHERE id = 2", "insert update"},
                    Case{"INSERT INTO inbox_view VALUES (1)", "read insert update"},
                    Case{"WITH x AS (INSERT INTO inbox VALUES (1)) SELECT 1", "read insert update"},
                    // As pg_settings has it.
                    Case{"UPDATE settings SET setting = 'x' WHERE name = 'role'",
                         "read update session unknown"},
                    Case{"DELETE FROM settings WHERE name = 'x'", "read delete"},
                    Case{"INSERT INTO settings VALUES ('x')", "read insert unknown"}));

TEST(Rewrites, NameWhatTheyReach) {
  const Statement statement = one("INSERT INTO inbox VALUES (1)", *with_rules());
  EXPECT_TRUE(std::any_of(statement.objects.begin(), statement.objects.end(),
                          [](const ObjectRef& object) { return object.name == "orders"; }));
  EXPECT_TRUE(one("UPDATE settings SET setting = 'x'", *with_rules()).changes_meaning);
}

}  // namespace
}  // namespace sluice::sql::test
