// SPDX-License-Identifier: Apache-2.0
// What later statements do and show, where earlier ones have changed what names mean.
#include "sql/overlay.h"

#include <gtest/gtest.h>

#include "fixture.h"
#include "sql/quotes.h"
#include "sql/session_catalog.h"

namespace sluice::sql::test {
namespace {

// owners <- pets (cascades); old_box is an heir of box; people.ssn is sensitive; low stands on
// view, which stands on hay; sows has a rule that writes to view.
std::shared_ptr<const Catalog> farm() {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(1, "public", "owners", 'r', "id")
      .relation(2, "public", "pets", 'r', "id owner")
      .relation(3, "public", "box", 'r', "id")
      .relation(4, "public", "old_box", 'r', "id")
      .relation(5, "public", "hay", 'r', "id body")
      .relation(6, "public", "people", 'r', "id ssn")
      .relation(7, "public", "view", 'v', "id")
      .view(7, "SELECT hay.id FROM hay")
      .relation(8, "public", "low", 'v', "id")
      .view(8, "SELECT view.id FROM view")
      .relation(9, "public", "sows", 'r', "id")
      .rule(9, '3', "CREATE RULE r AS ON INSERT TO sows DO ALSO INSERT INTO view VALUES (1)")
      .relation(10, "pg_catalog", "pg_attribute", 'r', "attname")
      .inherits(4, 3)
      .foreign_key(2, "owner", 1, "id", 'c', 'a')
      .function(100, "public", "runs", 'v', "sql");
  SensitiveRule rule;
  rule.schema = "public", rule.table = "people", rule.column = "ssn", rule.mask = MaskKind::kHash;
  return rows.build({rule});
}

Statement last_of(const std::string& before, const std::string& text) {
  const auto analysis = analyse(before + ";" + text, *farm(), {});
  EXPECT_TRUE(analysis.ok()) << before << text;
  return analysis.ok() && !analysis->statements.empty() ? analysis->statements.back() : Statement{};
}

std::string names_in(const Statement& statement) {
  std::string names;
  for (const auto* list : {&statement.objects, &statement.kin})
    for (const ObjectRef& object : *list) names += (names.empty() ? "" : " ") + object.name;
  return names;
}

struct Case {
  const char* before;
  const char* text;
  const char* actions;
  const char* reaches;
};
class Behind : public testing::TestWithParam<Case> {};

TEST_P(Behind, WhatWasMadeBeforeCounts) {
  const Statement statement = last_of(GetParam().before, GetParam().text);
  EXPECT_EQ(actions_of(statement), GetParam().actions)
      << GetParam().before << " / " << GetParam().text;
  EXPECT_EQ(names_in(statement), GetParam().reaches)
      << GetParam().before << " / " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Overlay, Behind,
    testing::Values(
        Case{"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "insert", "t"},
        Case{"SELECT 1", "SELECT 1, '' INTO t UNION SELECT 2, ssn FROM people",
             "read ddl sensitive_search sensitive_copy", "t people"},
        Case{"CREATE TABLE t (ssn text); DROP COLLATION c CASCADE",
             "INSERT INTO hay SELECT id, (SELECT ssn FROM t) FROM people",
             "read insert sensitive_copy", "hay t people"},
        Case{"CREATE TABLE t (a int)", "INSERT INTO hay SELECT a, 'x' FROM t", "read insert",
             "hay t"},
        Case{"CREATE TABLE t (a int)", "INSERT INTO hay SELECT b, 'x' FROM t",
             "read insert sensitive_copy", "hay t"},
        Case{"CREATE TABLE t AS SELECT 1 AS id, 'x' AS body", "INSERT INTO hay SELECT * FROM t",
             "read insert", "hay t"},
        Case{"SELECT id, body INTO t FROM hay", "INSERT INTO hay SELECT * FROM t WHERE body = 'x'",
             "read insert", "hay t"},
        Case{"CREATE TABLE t (LIKE hay)", "INSERT INTO hay SELECT id, body FROM t", "read insert",
             "hay t"},
        Case{"CREATE TABLE t AS SELECT id, ssn AS body FROM people",
             "INSERT INTO hay SELECT id, body FROM t", "read insert sensitive_copy", "hay t"},
        Case{"CREATE TABLE t (LIKE hay); INSERT INTO t SELECT id, ssn FROM people",
             "INSERT INTO hay SELECT id, body FROM t", "read insert sensitive_copy", "hay t"},
        Case{"CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS id", "INSERT INTO hay SELECT id FROM t",
             "read insert sensitive_copy", "hay t"},
        Case{"CREATE MATERIALIZED VIEW t AS SELECT 1 AS id", "INSERT INTO hay SELECT id FROM t",
             "read insert sensitive_copy", "hay t"},
        Case{"CREATE TABLE t (a text); INSERT INTO t SELECT ssn FROM people",
             "INSERT INTO hay SELECT 1, a FROM t", "read insert sensitive_copy", "hay t"},
        Case{"CREATE TEMP TABLE t (a text); SELECT runs()", "UPDATE t SET a = 'x' WHERE a = 'y'",
             "update sensitive_search", "t"},
        Case{"CREATE TEMP VIEW v AS SELECT * FROM box", "DELETE FROM v", "read delete",
             "box v old_box"},
        Case{"CREATE TEMP VIEW v AS SELECT runs() FROM hay", "SELECT * FROM v", "read call",
             "runs hay v"},
        Case{"CREATE TEMP VIEW v AS SELECT * FROM pg_attribute", "UPDATE v SET attname = 'x'",
             "read update grant unknown", "pg_attribute v"},
        Case{"ALTER TABLE hay RENAME TO straw", "INSERT INTO straw VALUES (1)", "insert",
             "hay straw"},
        Case{"ALTER TABLE box RENAME TO crate", "SELECT * FROM crate", "read", "box crate old_box"},
        Case{"ALTER TABLE owners RENAME TO a; ALTER TABLE a RENAME TO b", "DELETE FROM b", "delete",
             "owners a b pets"},
        Case{"ALTER TABLE nobody RENAME TO hay", "DELETE FROM hay", "delete unknown", "hay"},
        Case{"ALTER TABLE owners SET SCHEMA s", "DELETE FROM s.owners", "delete",
             "owners owners pets"},
        Case{"ALTER SCHEMA public RENAME TO s", "DELETE FROM s.owners", "delete",
             "owners owners pets"},
        Case{"ALTER TABLE pets ADD FOREIGN KEY (id) REFERENCES hay ON DELETE CASCADE",
             "DELETE FROM hay", "delete", "hay pets"},
        Case{"ALTER TABLE pets ADD FOREIGN KEY (id) REFERENCES hay ON DELETE CASCADE",
             "DELETE FROM view", "read delete", "hay view pets"},
        Case{"ALTER TABLE owners ADD FOREIGN KEY (id) REFERENCES hay ON DELETE CASCADE",
             "DELETE FROM hay", "delete", "hay owners pets"},
        Case{"ALTER TABLE pets ADD FOREIGN KEY (id) REFERENCES hay ON DELETE NO ACTION",
             "DELETE FROM hay", "delete", "hay"},
        Case{"ALTER TABLE pets RENAME TO cats; ALTER TABLE hay ADD FOREIGN KEY (id) REFERENCES "
             "cats ON DELETE CASCADE",
             "DELETE FROM owners", "delete", "owners pets hay"},
        Case{"CREATE TABLE t (a int REFERENCES hay ON DELETE SET NULL)", "DELETE FROM hay",
             "update delete", "hay t"},
        Case{"ALTER TABLE pets INHERIT hay", "UPDATE hay SET id = 1", "update", "hay pets"},
        Case{"CREATE TABLE t (id int); ALTER TABLE box INHERIT t", "UPDATE t SET id = 1", "update",
             "t old_box box"},
        Case{"CREATE OR REPLACE VIEW view AS SELECT id FROM box", "DELETE FROM low",
             "read delete unknown", "hay view low"},
        Case{"CREATE OR REPLACE VIEW view AS SELECT id FROM box", "INSERT INTO sows VALUES (1)",
             "insert", "sows"},
        Case{"CREATE RULE r AS ON DELETE TO hay DO ALSO DELETE FROM box", "DELETE FROM low",
             "read delete", "hay view low box old_box"},
        Case{"CREATE RULE r AS ON INSERT TO box DO ALSO SELECT runs()",
             "INSERT INTO box VALUES (1)", "read insert call", "box runs old_box"},
        Case{"ALTER TABLE hay ADD x int", "UPDATE hay SET x = 1 WHERE x IS NULL", "update", "hay"},
        Case{"ALTER TABLE hay ADD x int; SAVEPOINT a; ALTER TABLE hay DROP x",
             "UPDATE hay SET x = 1 WHERE x IS NULL", "update", "hay"},
        Case{"COMMIT PREPARED 'x'", "SELECT id FROM hay WHERE id = 1",
             "read unknown sensitive_search", "hay"}));

class Session {
 public:
  Session() { catalog_.arrived(farm()); }
  Session& ran(const std::string& text) {
    const auto analysis = analyse(text, *catalog_.now(), {});
    EXPECT_TRUE(analysis.ok()) << text;
    if (analysis.ok()) catalog_.note(analysis->statements.front(), text, {});
    return *this;
  }
  std::string actions(const char* text) const { return actions_of(one(text, *catalog_.now())); }
  SessionCatalog& catalog() { return catalog_; }

 private:
  SessionCatalog catalog_;
};

// box, with that many heirs, of which the last has a column that is sensitive.
std::shared_ptr<const Catalog> boxes(std::size_t heirs) {
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(100, "public", "box", 'r', "id");
  for (std::size_t heir = 1; heir <= heirs; ++heir) {
    const auto oid = static_cast<Oid>(100 + heir);
    rows.relation(oid, "public", "box" + std::to_string(heir), 'r', heir == heirs ? "id ssn" : "id")
        .inherits(oid, 100);
  }
  rows.relation(99, "public", "crate", 'r', "id");
  SensitiveRule rule;
  rule.schema = "public", rule.table = "box" + std::to_string(heirs), rule.column = "ssn";
  rule.mask = MaskKind::kHash;
  return rows.build({rule});
}

std::string shown_after(const Catalog& catalog, const std::string& before,
                        const std::string& text) {
  const auto analysis = analyse(before + ";" + text, catalog, {});
  return analysis.ok() ? lineage_of(analysis->statements.back()) : "unread";
}

TEST(TakenOver, AnAddedColumnIsWhatAnHeirHasByThatName) {
  const auto few = boxes(3);
  EXPECT_EQ(shown_after(*few, "ALTER TABLE box ADD COLUMN ssn text", "SELECT ssn FROM box"), "o");
  EXPECT_EQ(shown_after(*few, "ALTER TABLE crate ADD COLUMN ssn text", "SELECT ssn FROM crate"),
            ".");
}

TEST(TakenOver, OfMoreHeirsThanAreKnownAnyMayHaveIt) {
  const auto many = boxes(Relation::kPartsKnown + 6);
  EXPECT_EQ(shown_after(*many, "ALTER TABLE box ADD COLUMN ssn text", "SELECT ssn FROM box"), "o");
}

TEST(SessionCatalog, WhatIsTemporaryOutlivesItsTransaction) {
  Session session;
  session.ran("CREATE TABLE t (a int)").ran("CREATE TEMP TABLE u (a int)");
  session.ran("CREATE VIEW v AS SELECT a FROM u")
      .ran("CREATE VIEW w AS SELECT * FROM pg_attribute");
  session.ran("CREATE RULE r AS ON INSERT TO u DO ALSO DELETE FROM box");
  session.ran("CREATE RULE r AS ON INSERT TO hay DO ALSO DELETE FROM box");
  EXPECT_EQ(session.actions("INSERT INTO hay VALUES (1)"), "insert delete");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("INSERT INTO hay VALUES (1)"), "insert");
  EXPECT_EQ(session.actions("INSERT INTO u VALUES (1)"), "insert delete");
  EXPECT_EQ(session.actions("UPDATE u SET a = 2 WHERE a = 1"), "update");
  EXPECT_TRUE(session.catalog().now()->relations_named("t").empty());
  EXPECT_FALSE(session.catalog().now()->relations_named("v").empty());
  EXPECT_TRUE(session.catalog().now()->relations_named("w").empty());
  session.catalog().discarded();
  EXPECT_TRUE(session.catalog().now()->relations_named("u").empty());
}

TEST(SessionCatalog, WhatARuleDoesIsReadAnewWithEachCatalogue) {
  Session session;
  session.ran("CREATE TEMP TABLE u (a int)");
  session.ran("CREATE RULE r AS ON INSERT TO u DO ALSO INSERT INTO view VALUES (1)");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("INSERT INTO u VALUES (1)"), "read insert");
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(2009, "pg_catalog", "pg_authid", 'r', "rolname")
      .relation(7, "public", "view", 'v', "id")
      .view(7, "SELECT pg_authid.rolname AS id FROM pg_authid");
  session.catalog().arrived(rows.build({}));
  EXPECT_EQ(session.actions("INSERT INTO u VALUES (1)"), "read insert grant unknown");
}

TEST(SessionCatalog, WhatADefinitionNamedMustBeCalledSoStill) {
  Session session;
  session.ran("CREATE TEMP VIEW v AS SELECT id FROM hay");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("DELETE FROM v"), "read delete");
  CatalogRows rows;
  add_builtins(rows);
  rows.relation(5, "public", "straw", 'r', "id").relation(6, "public", "hay", 'r', "id");
  session.catalog().arrived(rows.build({}));
  EXPECT_EQ(session.actions("DELETE FROM v"), "read delete unknown") << "it is straw's";
  session.catalog().arrived(farm());
  EXPECT_EQ(session.actions("DELETE FROM v"), "read delete");
}

TEST(SessionCatalog, WhatATransactionRenamedATextChangesByItsNewName) {
  Session session;
  session.ran("ALTER TABLE pets RENAME TO cats");
  const auto analysis = analyse(
      "ALTER TABLE hay ADD FOREIGN KEY (id) REFERENCES cats ON DELETE CASCADE; DELETE FROM owners",
      *session.catalog().now(), {});
  ASSERT_TRUE(analysis.ok());
  EXPECT_NE(names_in(analysis->statements.back()).find("hay"), std::string::npos);
}

TEST(SessionCatalog, TheSameTextMayMeanAnotherRelation) {
  Session session;
  session.ran("CREATE TEMP VIEW v AS SELECT id FROM hay");
  session.catalog().transaction_ended();
  session.ran("ALTER TABLE hay RENAME TO straw").ran("ALTER TABLE box RENAME TO hay");
  session.ran("CREATE TEMP VIEW v AS SELECT id FROM hay");
  const Statement change = one("DELETE FROM v", *session.catalog().now());
  EXPECT_NE(names_in(change).find("box"), std::string::npos) << names_in(change);
}

TEST(SessionCatalog, WhatCannotBeKeptMayBeAnythingAsLongAsItLasts) {
  const std::string pad(900'000, 'x');
  Session session;
  for (int i = 0; i < 6; ++i) session.ran("CREATE TEMP VIEW v AS SELECT 1 /*" + pad + "*/ AS a");
  session.catalog().transaction_ended();
  EXPECT_TRUE(session.catalog().now()->any_name_is_unknown());
  Session other;
  for (int i = 0; i < 6; ++i) other.ran("CREATE VIEW v AS SELECT 1 /*" + pad + "*/ AS a");
  EXPECT_TRUE(other.catalog().now()->any_name_is_unknown());
  other.catalog().transaction_ended();
  EXPECT_FALSE(other.catalog().now()->any_name_is_unknown());
}

TEST(SessionCatalog, BehindATextThatNobodyReadAnyNameMayBeAnythingUntilAllIsDiscarded) {
  Session session;
  session.catalog().anything_ran();
  EXPECT_EQ(session.actions("SELECT id FROM hay"), "read unknown");
  session.catalog().transaction_ended();
  session.catalog().arrived(farm());
  EXPECT_EQ(session.actions("SELECT id FROM hay"), "read unknown");
  session.catalog().discarded();
  EXPECT_EQ(session.actions("SELECT id FROM hay"), "read");
}

TEST(SessionCatalog, IsOnlyToldOfWhatConcernsIt) {
  const auto concerns = [](const char* text) {
    return SessionCatalog::concerns(one(text, *farm()));
  };
  for (const char* text :
       {"CREATE TEMP TABLE t (a int)", "SET search_path = pg_temp", "SELECT runs()",
        "INSERT INTO hay SELECT id, ssn FROM people", "ROLLBACK TO a", "SAVEPOINT a",
        "COMMIT PREPARED 'x'", "DO $$ BEGIN ALTER TABLE hay ADD x int; END $$"})
    EXPECT_TRUE(concerns(text)) << text;
  for (const char* text :
       {"SELECT ssn FROM people", "INSERT INTO hay VALUES (1)", "BEGIN", "COMMIT"})
    EXPECT_FALSE(concerns(text)) << text;
}

TEST(SessionCatalog, WithPgTempFirstInSearchPathWhatIsMadeMayBeTemporary) {
  for (const char* first :
       {"SET search_path = pg_temp, public", "SET LOCAL search_path TO 'PG_TEMP'",
        "SELECT set_config('search_path', 'pg_temp', false)", "SET SCHEMA 'pg_temp'",
        "SELECT set_config('search_path', 'a' || 'b', false)", "SELECT runs()"}) {
    Session session;
    session.ran(first).ran("CREATE VIEW hay AS SELECT * FROM pg_attribute");
    session.catalog().transaction_ended();
    EXPECT_EQ(session.actions("INSERT INTO hay VALUES (1)"), "read insert grant unknown") << first;
  }
  Session session;
  session.ran("SET search_path = public").ran("CREATE VIEW hay AS SELECT * FROM pg_attribute");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("INSERT INTO hay VALUES (1)"), "insert");
}

TEST(SessionCatalog, ABlockThatFailsMayHaveCommitted) {
  Session session;
  const std::string text = "DO $$ BEGIN CREATE TEMP VIEW hay AS SELECT * FROM pg_attribute; END $$";
  session.catalog().note_failed(one(text, *farm()), text, {});
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("INSERT INTO hay VALUES (1)"), "read insert grant unknown");
}

TEST(SessionCatalog, WhatIsMadeAgainAndAgainIsKeptOnce) {
  Session session;
  for (int i = 0; i < 5'000; ++i) {
    session.ran("CREATE TEMP TABLE u (a int)").ran("DROP TABLE u");
    session.catalog().transaction_ended();
  }
  session.ran("CREATE TEMP TABLE u (a int)");
  EXPECT_EQ(session.actions("UPDATE u SET a = 1 WHERE a = 2"), "update");
  const auto before = session.catalog().now()->version();
  session.ran("CREATE TEMP TABLE u (a int)");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.catalog().now()->version(), before) << "nothing has to be read anew";
}

bool is_its_own(Session& session, std::string_view name) {
  const auto named = session.catalog().now()->relations_named(name);
  return std::any_of(named.begin(), named.end(), [](const Relation* one) {
    return one->of_session && one->only_written_here && !one->may_be_gone;
  });
}

TEST(SessionCatalog, AfterARollbackOnlyWhatWasMadeBeforeTheSavepointIsItsOwn) {
  Session session;
  session.ran("CREATE TEMP TABLE t (a int)")
      .ran("SAVEPOINT one")
      .ran("CREATE TEMP TABLE u (a int)");
  session.ran("SAVEPOINT two").ran("ALTER TABLE t RENAME TO v").ran("ROLLBACK TO two");
  EXPECT_TRUE(is_its_own(session, "u"));
  EXPECT_FALSE(is_its_own(session, "v"));
  session.ran("ROLLBACK TO one");
  EXPECT_FALSE(is_its_own(session, "u"));
  session.ran("CREATE TEMP TABLE u (a int)");
  EXPECT_TRUE(is_its_own(session, "u"));
  session.catalog().transaction_ended();
  session.catalog().arrived(farm());
  EXPECT_TRUE(is_its_own(session, "u"));
  session.ran("CREATE TEMP TABLE w (a int)");
  session.catalog().transaction_ended(false);
  EXPECT_TRUE(is_its_own(session, "u"));
  EXPECT_FALSE(is_its_own(session, "w"));
}

TEST(SessionCatalog, WhatIsDroppedIsNotItsOwnUntilItIsMadeAgain) {
  for (const char* drop : {"DROP TABLE u", "DROP TABLE IF EXISTS pg_temp.u", "DISCARD TEMP",
                           "DROP OWNED BY somebody", "ALTER TABLE u RENAME TO other"}) {
    Session session;
    session.ran("CREATE TEMP TABLE u (a int)");
    session.catalog().transaction_ended();
    session.ran(drop);
    EXPECT_FALSE(is_its_own(session, "u")) << drop;
    session.catalog().transaction_ended();
    session.catalog().arrived(farm());
    EXPECT_FALSE(is_its_own(session, "u")) << drop;
    session.ran("CREATE TEMP TABLE u (a int)");
    EXPECT_TRUE(is_its_own(session, "u")) << drop;
  }
  Session session;
  session.ran("CREATE TEMP TABLE u (a int) ON COMMIT DROP");
  EXPECT_TRUE(is_its_own(session, "u"));
  session.catalog().block_ended(true);
  EXPECT_FALSE(is_its_own(session, "u"));
}

TEST(SessionCatalog, BeyondWhatIsKeptAnyNameMayBeAnything) {
  Session session;
  for (int i = 0; i < 21'000; ++i) session.ran("CREATE TABLE t" + std::to_string(i) + " (a int)");
  EXPECT_TRUE(session.catalog().now()->any_name_is_unknown());
  EXPECT_EQ(session.actions("SELECT id FROM hay ORDER BY id"), "read unknown sensitive_search");
  session.catalog().transaction_ended();
  EXPECT_EQ(session.actions("SELECT id FROM hay ORDER BY id"), "read");
}

}  // namespace
}  // namespace sluice::sql::test
