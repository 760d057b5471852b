// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/new_meanings.h"

#include <gtest/gtest.h>

namespace sluice::session::test {
namespace {

sql::Statement alters(const std::string& table) {
  sql::Statement statement;
  statement.kind = sql::StatementKind::kDdl;
  statement.actions = {Action::kDdl};
  statement.objects = {{ObjectRef::Kind::kTable, "public", table}};
  return statement;
}

sql::Statement makes(const std::string& name, bool temporary) {
  sql::Statement statement;
  statement.kind = sql::StatementKind::kCreateTableAs;
  statement.actions = {Action::kDdl, Action::kRead};
  statement.objects = {{ObjectRef::Kind::kTable, "public", "orders"}};
  sql::CatalogChange made;
  made.schema = temporary ? "" : "public";
  made.name = name;
  made.temporary = temporary;
  statement.changes = {made};
  return statement;
}

TEST(NewMeanings, AreOfTheNamesThatAStatementGaveAndOfNoOther) {
  NewMeanings meanings;
  EXPECT_EQ(meanings.of({"orders"}), 0U);
  meanings.note(alters("orders"));
  EXPECT_NE(meanings.of({"customers", "orders"}), 0U);
  EXPECT_EQ(meanings.of({"customers"}), 0U);
}

TEST(NewMeanings, CountUpEachTime) {
  NewMeanings meanings;
  meanings.note(alters("orders"));
  const auto first = meanings.of({"orders"});
  meanings.note(alters("customers"));
  EXPECT_EQ(meanings.of({"orders"}), first);
  meanings.note(alters("orders"));
  EXPECT_NE(meanings.of({"orders"}), first);
}

TEST(NewMeanings, EndWithTheTransactionButForTemporaryRelations) {
  NewMeanings meanings;
  meanings.note(alters("orders"));
  meanings.note(makes("passing", true));
  meanings.transaction_ended();
  EXPECT_EQ(meanings.of({"orders"}), 0U);
  EXPECT_NE(meanings.of({"passing"}), 0U);
}

TEST(NewMeanings, LastForWhatBecomesOfTemporaryRelations) {
  NewMeanings meanings;
  meanings.note(makes("passing", true));
  meanings.transaction_ended();
  const auto made = meanings.of({"passing"});
  meanings.note(alters("passing"));
  meanings.transaction_ended();
  const auto altered = meanings.of({"passing"});
  EXPECT_NE(altered, made);
  sql::Statement renames = alters("passing");
  sql::CatalogChange change;
  change.kind = sql::CatalogChange::Kind::kOtherName;
  change.name = "passing";
  change.new_name = "past";
  renames.changes = {change};
  meanings.note(renames);
  meanings.transaction_ended();
  EXPECT_NE(meanings.of({"passing"}), altered);
  EXPECT_NE(meanings.of({"past"}), 0U);
}

TEST(NewMeanings, LeaveWhatATableIsMadeOfAsItIs) {
  NewMeanings meanings;
  meanings.note(makes("copy", false));
  EXPECT_EQ(meanings.of({"orders"}), 0U);
  EXPECT_NE(meanings.of({"copy"}), 0U);
}

TEST(NewMeanings, AreOfEveryNameOnceNobodyCanTell) {
  NewMeanings meanings;
  sql::Statement unknown;
  unknown.actions = {Action::kUnknown};
  meanings.note(unknown);
  meanings.transaction_ended();
  EXPECT_NE(meanings.of({"orders"}), 0U);
}

TEST(NewMeanings, AreNotMadeByReadingAndWriting) {
  NewMeanings meanings;
  sql::Statement statement;
  statement.kind = sql::StatementKind::kUpdate;
  statement.actions = {Action::kUpdate, Action::kRead, Action::kCall};
  statement.objects = {{ObjectRef::Kind::kTable, "public", "orders"}};
  meanings.note(statement);
  EXPECT_EQ(meanings.of({"orders"}), 0U);
}

}  // namespace
}  // namespace sluice::session::test
