// SPDX-License-Identifier: Apache-2.0
#include "sql/session_names.h"

#include <gtest/gtest.h>

#include "fixture.h"
#include "sql/worst_of.h"

namespace sluice::sql::test {
namespace {

using Space = SessionNames::Space;

TEST(SessionNames, LetExecuteDoWhatWasPrepared) {
  SessionNames names;
  names.sent(one("PREPARE p AS SELECT ssn FROM customers WHERE id = $1"));
  const Statement execute = one("EXECUTE p(1)", *shop(), names);
  EXPECT_EQ(execute.kind, StatementKind::kExecute);
  EXPECT_EQ(actions_of(execute), "read");
  EXPECT_EQ(lineage_of(execute), "r");
  EXPECT_EQ(lineage_of(one("EXPLAIN ANALYZE EXECUTE p(1)", *shop(), names)), "c");
  EXPECT_TRUE(one("CREATE TABLE t AS EXECUTE p(1)", *shop(), names).copies_sensitive);
}

TEST(SessionNames, LetFetchGiveWhatTheCursorReads) {
  SessionNames names;
  names.sent(one("DECLARE c CURSOR FOR SELECT id, ssn FROM customers"));
  for (const char* text : {"FETCH ALL FROM c", "FETCH BACKWARD 5 IN c"})
    EXPECT_EQ(lineage_of(one(text, *shop(), names)), ".r") << text;
  names.completed(one("CLOSE c"));
  EXPECT_EQ(actions_of(one("FETCH c", *shop(), names)), "unknown");
}

// PREPARE of a name in use fails at the server, and the name goes on running what it ran.
TEST(SessionNames, KeepEverythingThatANameMayRunUntilTheOutcomeIsKnown) {
  SessionNames names;
  const Statement first = one("PREPARE p AS DELETE FROM orders");
  names.sent(first);
  names.completed(first);
  const Statement second = one("PREPARE p AS SELECT ssn FROM customers");
  names.sent(second);
  const Statement either = one("EXECUTE p", *shop(), names);
  EXPECT_EQ(actions_of(either), "read delete");
  EXPECT_TRUE(either.unbounded);
  names.completed(one("DEALLOCATE p"));
  names.sent(second);
  names.completed(second);
  EXPECT_EQ(actions_of(one("EXECUTE p", *shop(), names)), "read");
}

TEST(SessionNames, AreNotForgottenByADeallocateThatWasOnlySent) {
  SessionNames names;
  names.sent(one("PREPARE p AS DELETE FROM orders"));
  names.sent(one("DEALLOCATE p"));
  EXPECT_EQ(actions_of(one("EXECUTE p", *shop(), names)), "delete");
  names.completed(one("DISCARD ALL"));
  EXPECT_EQ(actions_of(one("EXECUTE p", *shop(), names)), "unknown");
}

TEST(SessionNames, OfOneTextAreKnownToItsNextStatement) {
  SessionNames names;
  const auto analysis = analyse(
      "PREPARE p AS TRUNCATE orders; EXECUTE p; DEALLOCATE p; PREPARE p AS SELECT 1; "
      "EXECUTE p",
      *shop(), names);
  // TRUNCATE cannot be prepared: PostgreSQL's grammar refuses it.
  EXPECT_FALSE(analysis.ok());
  const auto next = analyse("PREPARE p AS DELETE FROM orders; EXECUTE p", *shop(), names);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(actions_of(next->statements[1]), "delete");
  EXPECT_EQ(names.size(), 0u) << "the caller's own are untouched";
}

TEST(SessionNames, WithTheExtendedProtocolShareOneSpace) {
  SessionNames names;
  names.sent(Space::kPrepared, "s1", one("SELECT ssn FROM customers"));
  EXPECT_EQ(lineage_of(one("EXECUTE s1", *shop(), names)), "r");
  names.closed(Space::kPrepared, "s1");
  EXPECT_FALSE(names.find(Space::kPrepared, "s1"));
}

TEST(SessionNames, BeyondTheirLimitMakeEveryNameUncertain) {
  SessionNames names{2};
  const Statement select = one("SELECT 1");
  for (const char* name : {"a", "b", "c"}) names.sent(Space::kPrepared, name, select);
  EXPECT_FALSE(names.find(Space::kPrepared, "a"));
  names.clear();
  names.sent(Space::kPrepared, "a", select);
  EXPECT_TRUE(names.find(Space::kPrepared, "a"));
}

TEST(WorstOf, TwoStatementsIsMaskedWhereEitherIs) {
  const Statement a = one("SELECT id, ssn FROM customers"),
                  b = one("SELECT ssn, ssn FROM customers");
  EXPECT_EQ(lineage_of(worst_of(a, b)), "dr");
  EXPECT_EQ(lineage_of(worst_of(a, one("SELECT 1"))), "?");
  EXPECT_EQ(lineage_of(worst_of(a, one("DELETE FROM orders"))), ".r");
  EXPECT_EQ(lineage_of(worst_of(one("SELECT 1"), one("SHOW work_mem"))), "=");
}

// One that names as much as a statement may.
Statement that_names_much(std::size_t objects) {
  Statement statement;
  statement.kind = StatementKind::kPrepare;
  statement.actions = {Action::kRead};
  for (std::size_t i = 0; i < objects; ++i)
    statement.objects.push_back({ObjectRef::Kind::kTable, "public", "t" + std::to_string(i)});
  return statement;
}

TEST(SessionNames, OfMoreThanIsKeptInAllAreNotKnownAnyMore) {
  SessionNames names;
  const Statement much = that_names_much(4000);
  names.sent(SessionNames::Space::kPrepared, "first", much);
  EXPECT_NE(names.find(SessionNames::Space::kPrepared, "first"), nullptr);
  for (int i = 0; i < 400; ++i)
    names.sent(SessionNames::Space::kPrepared, "p" + std::to_string(i), much);
  EXPECT_EQ(names.find(SessionNames::Space::kPrepared, "first"), nullptr);
  EXPECT_LT(names.size(), 300U) << "nothing more is kept";
  names.clear();
  names.sent(SessionNames::Space::kPrepared, "first", much);
  EXPECT_NE(names.find(SessionNames::Space::kPrepared, "first"), nullptr);
}

TEST(SessionNames, ThatAreClosedMakeRoom) {
  SessionNames names;
  const Statement much = that_names_much(4000);
  for (int i = 0; i < 2000; ++i) {
    names.sent(SessionNames::Space::kPrepared, "p", much);
    names.completed(SessionNames::Space::kPrepared, "p", much);
    names.closed(SessionNames::Space::kPrepared, "p");
  }
  names.sent(SessionNames::Space::kPrepared, "p", much);
  EXPECT_NE(names.find(SessionNames::Space::kPrepared, "p"), nullptr);
}

TEST(WorstOf, MoreThanOneStatementMayNameIsUnknown) {
  Statement other = that_names_much(10);
  for (ObjectRef& object : other.objects) object.name += "_other";
  const Statement few = worst_of(that_names_much(10), other);
  EXPECT_EQ(few.objects.size(), 20U);
  EXPECT_FALSE(few.actions.has(Action::kUnknown));
  const Statement many = worst_of(that_names_much(4090), other);
  EXPECT_EQ(many.objects.size(), Limits{}.objects_max);
  EXPECT_TRUE(many.actions.has(Action::kUnknown));
}

}  // namespace
}  // namespace sluice::sql::test
