// SPDX-License-Identifier: Apache-2.0
// What the functions of triggers say to those who change a table.
#include <gtest/gtest.h>

#include <string>

#include "fixture.h"
#include "sql/quotes.h"

namespace sluice::sql::test {
namespace {

constexpr Oid kOrders = 1002, kOdd = 1013;

std::string function(std::string_view body, std::string_view returns = "trigger") {
  return "CREATE OR REPLACE FUNCTION public.t() RETURNS " + std::string{returns} +
         " LANGUAGE plpgsql AS $function$ BEGIN " + std::string{body} +
         "; RETURN NEW; END $function$";
}

std::shared_ptr<const Catalog> with_triggers(std::string_view body, Oid table = kOrders,
                                             std::string_view other = "NULL") {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.function(20001, "public", "t", 'v', "plpgsql");
  rows.trigger(20001, table, function(body, table == 0 ? "event_trigger" : "trigger"));
  rows.function(20002, "public", "u", 'v', "plpgsql").trigger(20002, kOdd, function(other));
  return rows.build(shop_rules());
}

bool quotes(const char* text, const Catalog& catalog) {
  return may_quote_sensitive(one(text, catalog), catalog);
}

TEST(Triggers, ThatSpeakOfOtherTablesAreHeardByWhoChangesTheirs) {
  for (const char* body :
       {"PERFORM looks_up(1)::int", "PERFORM writes_log(1)", "UPDATE customers SET name = NULL",
        "EXECUTE 'x'", "PERFORM 1 / id FROM customers", "SET CONSTRAINTS ALL IMMEDIATE"}) {
    const auto catalog = with_triggers(body);
    EXPECT_TRUE(quotes("UPDATE orders SET note = NULL", *catalog)) << body;
    EXPECT_TRUE(quotes("INSERT INTO public.orders VALUES (1)", *catalog)) << body;
    EXPECT_TRUE(quotes("TRUNCATE orders", *catalog)) << body;
    EXPECT_TRUE(quotes("COPY orders FROM STDIN", *catalog)) << body;
    EXPECT_FALSE(quotes("SELECT 1 FROM orders", *catalog)) << body;
    EXPECT_TRUE(one("CREATE TRIGGER x AFTER INSERT ON orders EXECUTE FUNCTION t()", *catalog)
                    .copies_sensitive)
        << body;
  }
}

TEST(Triggers, ThatSpeakOfTheirOwnRowsAreOrdinary) {
  for (const char* body : {"NEW.updated_at := now()", "RAISE EXCEPTION 'not %', NEW.note",
                           "INSERT INTO pgbench_accounts VALUES (1)"}) {
    const auto catalog = with_triggers(body);
    EXPECT_FALSE(quotes("UPDATE orders SET note = NULL", *catalog)) << body;
    EXPECT_FALSE(one("CREATE TRIGGER x AFTER INSERT ON orders EXECUTE FUNCTION t()", *catalog)
                     .copies_sensitive)
        << body;
  }
}

TEST(Triggers, AreFiredByThoseOfOthers) {
  const auto catalog =
      with_triggers("PERFORM looks_up(1)::int", kOrders, "UPDATE orders SET note = NULL");
  EXPECT_TRUE(quotes("UPDATE odd SET x = 1", *catalog));
  EXPECT_FALSE(quotes("UPDATE orders SET note = NULL", *with_triggers("NULL")));
}

TEST(Triggers, WhoseNamesMayMeanAnotherAreKnown) {
  const auto fires = [](const char* body) {
    const auto catalog = with_triggers(body);
    return fires_names_of_users(one("UPDATE orders SET note = NULL", *catalog), *catalog);
  };
  EXPECT_TRUE(fires("PERFORM 1 FROM totals"));
  EXPECT_FALSE(fires("NEW.updated_at := now()"));
}

TEST(Triggers, OfEventsAreHeardByWhoDefines) {
  const auto catalog = with_triggers("PERFORM looks_up(1)::int", 0);
  EXPECT_TRUE(quotes("CREATE SEQUENCE s", *catalog));
  EXPECT_TRUE(quotes("GRANT SELECT ON orders TO x", *catalog));
  EXPECT_FALSE(quotes("UPDATE orders SET note = NULL", *catalog));
  EXPECT_FALSE(quotes("CREATE SEQUENCE s", *with_triggers("RAISE NOTICE 'x'", 0)));
  EXPECT_TRUE(one("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION t()", *catalog)
                  .copies_sensitive);
}

TEST(Triggers, AreJudgedWhenTheirFunctionIsMade) {
  const auto copies = [](std::string_view returns, const char* body) {
    return one(function(body, returns)).copies_sensitive;
  };
  EXPECT_TRUE(copies("trigger", "PERFORM looks_up(1)::int"));
  EXPECT_TRUE(copies("event_trigger", "PERFORM looks_up(1)::int"));
  EXPECT_TRUE(copies("pg_catalog.trigger", "UPDATE customers SET name = NULL"));
  EXPECT_FALSE(copies("trigger", "UPDATE orders SET note = NULL"));
  EXPECT_FALSE(copies("int", "UPDATE customers SET name = NULL"));
}

TEST(Triggers, OfExtensionsThatMakeSqlOfTheirArgumentsAreUnknown) {
  CatalogRows rows;
  add_builtins(rows);
  add_shop(rows);
  rows.function(20001, "public", "check_foreign_key", 'v', "c").trigger(20001, kOrders, "");
  rows.function(20002, "public", "nobody_listed_it", 'v', "c");
  rows.function(20003, "public", "moddatetime", 'v', "c");
  const auto catalog = rows.build(shop_rules());
  const auto is_unknown = [&](const std::string& call) {
    const std::string text = "CREATE TRIGGER x AFTER DELETE ON odd FOR EACH ROW EXECUTE FUNCTION ";
    return one(text + call, *catalog).actions.has(Action::kUnknown);
  };
  EXPECT_TRUE(is_unknown("check_foreign_key('1', 'cascade', 'id', 'orders', 'id')"));
  EXPECT_TRUE(is_unknown("public.nobody_listed_it()"));
  EXPECT_FALSE(is_unknown("moddatetime('x')"));
  EXPECT_TRUE(quotes("UPDATE orders SET note = NULL", *catalog));
}

}  // namespace
}  // namespace sluice::sql::test
