// SPDX-License-Identifier: Apache-2.0
// What is kept of prepared statements and cursors, and which of them are read anew.
#include <gtest/gtest.h>

#include "session/postgres/names.h"

namespace sluice::session::test {
namespace {

using Space = sql::SessionNames::Space;

sql::Statement select() {
  sql::Statement statement;
  statement.kind = sql::StatementKind::kSelect;
  statement.actions = {Action::kRead};
  return statement;
}

AnalysedTextPtr text_of(const sql::Statement& statement, std::string text = "select 1",
                        std::uint64_t catalog_version = 1) {
  auto analysed = std::make_shared<AnalysedText>();
  analysed->text = std::move(text);
  analysed->uses_names = !statement.uses.empty();
  sql::Analysis analysis;
  analysis.catalog_version = catalog_version;
  analysis.statements.push_back(statement);
  analysed->analysis = std::make_shared<const sql::Analysis>(std::move(analysis));
  return analysed;
}

Unit parse(const std::string& name, const AnalysedTextPtr& text = text_of(select())) {
  Unit unit;
  unit.kind = Unit::Kind::kParse;
  unit.prepared = std::make_shared<PreparedStatement>();
  unit.prepared->name = name;
  unit.prepared->text = text;
  return unit;
}

AnalysedTextPtr execute(const std::vector<std::string>& names) {
  sql::Statement statement;
  statement.kind = sql::StatementKind::kExecute;
  for (const std::string& name : names) statement.uses.push_back({false, name, false});
  return text_of(statement, "execute");
}

void have(Names& names, const std::string& name) {
  Unit unit = parse(name);
  names.parse_sent(unit);
  names.parse_complete(unit, false);
}

// Counts what it reads, at so much a text.
struct Counting {
  std::size_t work = 0, texts = 0;
  Names::Reader reader(std::uint64_t version, std::size_t cost = 1) {
    return {version, [this, version, cost](const std::string&, const std::vector<std::uint32_t>&) {
              ++texts;
              work += cost;
              return text_of(select(), "select 1", version);
            }};
  }
};

TEST(KeptNames, OnlyWhatIsUsedIsReadAnewAndOnce) {
  Names names;
  for (const std::string name : {"a", "b", "c"}) have(names, name);
  Counting counting;
  EXPECT_FALSE(names.renew(*execute({"a", "nothing"}), counting.reader(1), counting.work));
  EXPECT_EQ(counting.texts, 0U);
  EXPECT_TRUE(names.renew(*execute({"a", "nothing"}), counting.reader(2), counting.work));
  EXPECT_FALSE(names.renew(*execute({"a", "nothing"}), counting.reader(2), counting.work));
  EXPECT_EQ(counting.texts, 1U);
}

TEST(KeptNames, AnErrorHasOnlyItsOwnNameReadAnew) {
  Names names;
  for (const std::string name : {"a", "b", "c"}) have(names, name);
  Units units;
  units.push_back(parse("a"));
  names.parse_sent(units.back());
  names.skipped(units, 1);
  Counting counting;
  names.renew(*execute({"a", "b", "c"}), counting.reader(1), counting.work);
  EXPECT_EQ(counting.texts, 1U);
}

TEST(KeptNames, WhatIsTooMuchForOneTextIsNotKnown) {
  Names names;
  for (const std::string name : {"a", "b", "c"}) have(names, name);
  Counting counting;
  EXPECT_TRUE(
      names.renew(*execute({"a", "b", "c"}), counting.reader(2, 40'000'000), counting.work));
  EXPECT_EQ(counting.texts, 2U);
  EXPECT_TRUE(names.for_analysis().find(Space::kPrepared, "b"));
  EXPECT_FALSE(names.for_analysis().find(Space::kPrepared, "c"));
}

TEST(KeptNames, AnErrorLeavesWhatIsSentBehindIt) {
  Names names;
  have(names, "a");
  const PreparedPtr old = names.prepared("a");
  Units units;
  const auto send = [&](Unit unit) {
    units.push_back(std::move(unit));
    if (units.back().kind == Unit::Kind::kParse) names.parse_sent(units.back());
    if (units.back().kind == Unit::Kind::kClose) names.close_sent(units.back());
  };
  Unit close;
  close.kind = Unit::Kind::kClose;
  close.closed_statement = true;
  close.closed_name = "a";
  send(parse("a"));  // fails
  send(Unit{});      // Sync
  send(std::move(close));
  send(parse("a"));
  send(Unit{});
  const PreparedPtr last = names.prepared("a");
  names.skipped(units, 1);
  EXPECT_EQ(names.prepared("a"), last);
  EXPECT_EQ(units[1].previous_prepared, old) << "what the Close takes away now";
  units.pop_front();
  names.skipped(units, 2);
  EXPECT_EQ(names.prepared("a"), old) << "neither the Close nor the Parse came to be";
}

TEST(KeptNames, WhatSqlPreparesCountsWithItsText) {
  Names names;
  Units units;
  const auto prepare = [&](const std::string& name) {
    sql::Statement statement = select();
    statement.kind = sql::StatementKind::kPrepare;
    statement.name = name;
    const AnalysedTextPtr text = text_of(statement, std::string(std::size_t{1} << 20, 'x'));
    names.text_sent(*text);
    names.statement_complete(statement, text->text, "PREPARE", units);
  };
  for (int i = 0; i < 40; ++i) prepare("p" + std::to_string(i));
  EXPECT_TRUE(names.prepared("p0"));
  EXPECT_FALSE(names.prepared("p39"));
  EXPECT_FALSE(names.for_analysis().find(Space::kPrepared, "p39")) << "not known, so refused";
}

TEST(KeptNames, WhatIsKnownOfThemCountsToo) {
  Names names;
  sql::Statement wide = select();
  wide.columns.resize(8000);
  std::size_t count = 0;
  for (; count < 4000 && !names.full(); ++count) {
    Unit unit = parse("p" + std::to_string(count), text_of(wide));
    names.parse_sent(unit);
  }
  EXPECT_LT(count, 100U);
  EXPECT_GT(count, 50U);
}

TEST(KeptNames, OneThatIsGivenAgainCountsOnce) {
  Names names;
  sql::Statement wide = select();
  wide.outputs.resize(8000);
  for (int i = 0; i < 1000; ++i) {
    Unit unit = parse("p" + std::to_string(i % 20), text_of(wide));
    names.parse_sent(unit);
    ASSERT_FALSE(names.full()) << i;
  }
}

}  // namespace
}  // namespace sluice::session::test
