// SPDX-License-Identifier: Apache-2.0
// Texts of one shape are analysed alike.
#include <gtest/gtest.h>

#include "fixture.h"
#include "sql/shape.h"

namespace sluice::sql::test {
namespace {

// With # for an integer and % for a string; "" where the text has no shape.
std::string shape(std::string_view text) {
  std::string out;
  if (!shape_of(text, out)) return "";
  for (char& c : out)
    if (c == '\x01' || c == '\x02') c = c == '\x01' ? '#' : '%';
  return out;
}

TEST(Shape, IsTheTextWithoutItsIntegers) {
  EXPECT_EQ(shape("SELECT abalance FROM t1 WHERE aid = 42;"),
            "SELECT abalance FROM t1 WHERE aid = #;");
  EXPECT_EQ(shape("select -5, 1+2,(3)\n"), "select -#, #+#,(#)\n");
  EXPECT_EQ(shape("select 000000000"), "select #");
}

TEST(Shape, LeavesOtherNumbersAsTheyAre) {
  EXPECT_EQ(shape("select 1.5, .5, 5., 1e5, 0x1f, 1_000, t.1, a1, 1234567890, 7"),
            "select 1.5, .5, 5., 1e5, 0x1f, 1_000, t.1, a1, 1234567890, #");
}

TEST(Shape, HasNoTextInWhichALiteralCouldHide) {
  for (const char* text :
       {"select \"a\", 5", "select $1, 5", "select 5 -- 6", "select 5 /* 6 */", "select 5\\",
        "select $$5$$", "select 5, \xc3\xa9", "select 5\x01", "select 5\f", "select x"})
    EXPECT_EQ(shape(text), "") << text;
}

TEST(Shape, IsTheTextWithoutItsStrings) {
  EXPECT_EQ(shape("select 'a1', 5"), "select %, #");
  EXPECT_EQ(shape("select '', 'it''s', ''''"), "select %, %, %");
  EXPECT_EQ(shape("select 'a -- /* b \"$1'"), "select %");
  EXPECT_EQ(shape("select 'a'\n'b'"), "select %\n%");
  for (const char* text :
       {"select E'a'", "select e'a'", "select B'1'", "select x'1'", "select N'a'", "select U&'a'",
        "select 'a", "select 'a''", "select 'a\\'", "select 'a\nb'", "select '\xc3\xa9'",
        "select 'a\tb'", "select 'a' -- b", "select t1'a'"})
    EXPECT_EQ(shape(text), "") << text;
}

// Each text with @ for a string.
const char* const kWithStrings[] = {
    "SELECT id FROM orders WHERE note = @",
    "SELECT id, note FROM orders WHERE note <> @ AND id = 5",
    "SELECT id FROM customers WHERE ssn = @",
    "SELECT id FROM orders WHERE note IN (@, @)",
    "SELECT id FROM orders WHERE note = @ OR note <> @",
    "SELECT id FROM orders WHERE NOT note = @",
    "SELECT id FROM orders WHERE note LIKE @",
    "SELECT id FROM orders WHERE note BETWEEN @ AND @",
    "SELECT id FROM orders WHERE @ = @",
    "SELECT id FROM orders WHERE @",
    "SELECT id FROM orders WHERE lower(note) = @",
    "SELECT id FROM orders WHERE note = lower(@)",
    "SELECT id FROM orders WHERE note = @::text",
    "SELECT @",
    "SELECT @::regclass",
    "SELECT text @ FROM orders",
    "SELECT set_config(@, @, true)",
    "SELECT nextval(@)",
    "SELECT query_to_xml(@, true, true, @)",
    "SELECT id FROM orders ORDER BY note = @",
    "SELECT id FROM orders LIMIT @",
    "SELECT count(*) FROM orders GROUP BY @",
    "SELECT id FROM orders WHERE id = (SELECT max(id) FROM customers WHERE ssn = @)",
    "INSERT INTO orders (id, note) VALUES (1, @), (2, @)",
    "INSERT INTO orders (id, note) SELECT 1, @",
    "INSERT INTO orders (id, note) VALUES (1, lower(@))",
    "INSERT INTO orders (id, note) VALUES (1, @) ON CONFLICT (id) DO UPDATE SET note = @",
    "INSERT INTO orders (id, note) VALUES (1, @) RETURNING id, @",
    "UPDATE orders SET note = @ WHERE id = 1",
    "UPDATE orders SET note = @ WHERE note = @ OR @ = note",
    "UPDATE orders SET note = lower(@)",
    "DELETE FROM orders WHERE note = @",
    "DELETE FROM orders WHERE note = @ AND @ = @",
    "DELETE FROM orders WHERE note IN (@) OR id = 1",
    "DELETE FROM orders WHERE note >= @ AND note < @ RETURNING note || @",
    "WITH x AS (DELETE FROM orders WHERE note = @) SELECT 1",
    "WITH x AS (SELECT @ AS a) SELECT a FROM x",
    "MERGE INTO orders o USING customers c ON o.note = @ WHEN MATCHED THEN DELETE",
};
const char* const kStrings[] = {
    "''",    "'x'",        "'%'",  "'f'",           "'false'",
    "'1'",   "'pg_class'", "'no'", "'customers'",   "'search_path'",
    "'off'", "'it''s'",    "'%%'", "'{customers}'", "'SELECT ssn FROM customers'"};

std::string with_strings(std::string_view pattern, std::size_t first, std::size_t step) {
  std::string text;
  for (const char c : pattern) {
    if (c != '@') {
      text.push_back(c);
      continue;
    }
    text += kStrings[first % std::size(kStrings)];
    first += step;
  }
  return text;
}

TEST(Shape, WhereItMayStandForATextNoOtherStringChangesTheAnalysis) {
  int kept = 0;
  for (const char* pattern : kWithStrings) {
    const std::string base_text = with_strings(pattern, 1, 0);
    const auto base = analyse(base_text, *shop(), SessionNames{});
    ASSERT_TRUE(base.ok()) << base_text;
    if (!stands_for_its_shape(*base)) continue;
    kept += 1;
    for (std::size_t first = 0; first < std::size(kStrings); ++first)
      for (const std::size_t step : {0U, 1U, 4U}) {
        const std::string text = with_strings(pattern, first, step);
        ASSERT_EQ(shape(text), shape(base_text));
        const auto other = analyse(text, *shop(), SessionNames{});
        ASSERT_TRUE(other.ok()) << text;
        ASSERT_TRUE(stands_for_its_shape(*other)) << text;
        const Statement &a = base->statements[0], &b = other->statements[0];
        EXPECT_EQ(a.kind, b.kind) << text;
        EXPECT_EQ(a.actions, b.actions) << text;
        EXPECT_EQ(a.objects, b.objects) << text;
        EXPECT_EQ(a.columns, b.columns) << text;
        EXPECT_EQ(a.unbounded, b.unbounded) << text;
        EXPECT_EQ(a.lineage, b.lineage) << text;
        EXPECT_EQ(a.outputs.size(), b.outputs.size()) << text;
        EXPECT_EQ(a.touches_sensitive, b.touches_sensitive) << text;
        EXPECT_EQ(a.notes, b.notes) << text;
        EXPECT_EQ(a.fingerprint, b.fingerprint) << text;
        EXPECT_EQ(a.changes_meaning, b.changes_meaning) << text;
      }
  }
  // The plain ones among them are kept, or nothing would be won.
  EXPECT_EQ(kept, 10);
}

}  // namespace
}  // namespace sluice::sql::test
