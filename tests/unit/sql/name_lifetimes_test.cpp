// SPDX-License-Identifier: Apache-2.0
// How long a name stands for something, and since when it stands for what it does.
#include <gtest/gtest.h>

#include "fixture.h"
#include "sql/session_names.h"

namespace sluice::sql::test {
namespace {

using Space = SessionNames::Space;
using Outcome = SessionNames::Outcome;

struct Session {
  SessionNames names;
  Session& done(const char* text, Outcome outcome = Outcome::kCommitted) {
    const Statement statement = one(text);
    names.sent(statement);
    names.completed(statement, outcome);
    return *this;
  }
  bool has(const char* cursor) const { return names.find(Space::kCursor, cursor) != nullptr; }
};

TEST(NameLifetimes, OfCursorsEndWithTheirTransaction) {
  for (const char* end : {"COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "END",
                          "ABORT", "PREPARE TRANSACTION 'x'"})
    EXPECT_FALSE(Session{}.done("DECLARE k CURSOR FOR SELECT 1").done(end).has("k")) << end;
}

TEST(NameLifetimes, OfCursorsWithHoldEndWhereTheirOwnTransactionDoesNotCommit) {
  const char* const declare = "DECLARE k CURSOR WITH HOLD FOR SELECT 1";
  EXPECT_TRUE(Session{}.done(declare).done("COMMIT").has("k"));
  EXPECT_TRUE(Session{}.done(declare).done("COMMIT").done("ROLLBACK").has("k"));
  EXPECT_FALSE(Session{}.done(declare).done("ROLLBACK").has("k"));
  EXPECT_FALSE(Session{}.done(declare).done("COMMIT", Outcome::kRolledBack).has("k"));
  EXPECT_FALSE(Session{}.done(declare).done("COMMIT").done("CLOSE k").has("k"));
}

TEST(NameLifetimes, OfWhatWasMadeSinceASavepointEndWhenThatIsRolledBackTo) {
  Session s;
  s.done("DECLARE a CURSOR FOR SELECT 1").done("SAVEPOINT x").done("DECLARE b CURSOR FOR SELECT 1");
  s.done("SAVEPOINT y").done("DECLARE c CURSOR FOR SELECT 1").done("ROLLBACK TO y");
  EXPECT_TRUE(s.has("a") && s.has("b") && !s.has("c"));
  s.done("RELEASE y").done("ROLLBACK TO x");
  EXPECT_TRUE(s.has("a") && !s.has("b"));
  s.done("DECLARE b CURSOR WITH HOLD FOR SELECT 1").done("ROLLBACK TO x");
  EXPECT_TRUE(s.has("a") && !s.has("b"));
  s.done("ROLLBACK TO another");
  EXPECT_FALSE(s.has("a")) << "a savepoint that we do not know";
}

TEST(NameLifetimes, OfWhatFailedNeverBegan) {
  SessionNames names;
  names.sent(one("DECLARE k CURSOR FOR SELECT 1"));
  names.forget_failed();
  EXPECT_FALSE(names.find(Space::kCursor, "k"));
  names.completed(Space::kPrepared, "p", one("SELECT 1"));
  names.sent(one("PREPARE p AS DELETE FROM orders"));
  names.forget_failed();
  EXPECT_EQ(actions_of(one("EXECUTE p", *shop(), names)), "read delete");
}

TEST(NameLifetimes, EndWithinAText) {
  SessionNames names;
  names.completed(one("DECLARE k CURSOR FOR SELECT 1"));
  const auto last_of = [&](const char* text) {
    const auto analysis = analyse(text, *shop(), names);
    return analysis.ok() ? actions_of(analysis->statements.back()) : "?";
  };
  EXPECT_EQ(last_of("SELECT 1; FETCH k"), "read");
  EXPECT_EQ(last_of("COMMIT; FETCH k"), "unknown");
  EXPECT_EQ(last_of("CLOSE k; FETCH k"), "unknown");
  EXPECT_EQ(last_of("ROLLBACK TO x; FETCH k"), "unknown");
  EXPECT_EQ(last_of("BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT 1; COMMIT; FETCH h"), "read");
  EXPECT_EQ(last_of("BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT 1; COMMIT;"
                    " INSERT INTO orders VALUES (1); FETCH h"),
            "unknown")
      << "the COMMIT may have been a rollback, and a trigger may open a cursor";
}

TEST(NameLifetimes, OfWhatNamesAnotherAreNotFollowed) {
  SessionNames names;
  names.completed(Space::kPrepared, "p", one("SELECT 1"));
  names.completed(Space::kPrepared, "s", one("EXECUTE p", *shop(), names));
  EXPECT_EQ(actions_of(one("EXECUTE s", *shop(), names)), "read unknown");
}

TEST(NameLifetimes, ShowWhenANameIsGivenAgain) {
  SessionNames names;
  names.completed(one("PREPARE p AS SELECT 1"));
  const auto uses = one("EXPLAIN EXECUTE p", *shop(), names).uses;
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses.front(), (NameUse{false, "p"}));
  const auto given = names.given_at(uses);
  const auto version = names.version();
  names.renewed(Space::kPrepared, "p", one("SELECT 1"));
  EXPECT_EQ(names.given_at(uses), given) << "read by another catalogue, it is the same one";
  EXPECT_NE(names.version(), version);
  names.completed(one("DEALLOCATE p"));
  names.completed(one("PREPARE p AS SELECT 1"));
  EXPECT_NE(names.given_at(uses), given);
}

TEST(NameLifetimes, BeyondAsciiAreNotKnownInADatabaseOfAnotherEncoding) {
  SessionNames names;
  const std::string cut(62, 'x');
  for (const std::string& name : {std::string{"é"}, cut, std::string{"e"}})
    names.completed(one("PREPARE \"" + name + "\" AS SELECT 1"));
  names.know_beyond_ascii(false);
  EXPECT_FALSE(names.find(Space::kPrepared, "é"));
  EXPECT_FALSE(names.find(Space::kPrepared, cut)) << "another letter may have been cut off";
  EXPECT_TRUE(names.find(Space::kPrepared, "e"));
}

TEST(NameLifetimes, AreOfNamesAsTheServerCutsThem) {
  EXPECT_EQ(one("PREPARE \"" + std::string(70, 'x') + "\" AS SELECT 1").name, std::string(63, 'x'));
  EXPECT_EQ(one("PREPARE \"" + std::string(62, 'x') + "é\" AS SELECT 1").name,
            std::string(62, 'x'));
}

}  // namespace
}  // namespace sluice::sql::test
