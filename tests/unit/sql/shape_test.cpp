// SPDX-License-Identifier: Apache-2.0
// Texts of one shape are analysed alike.
#include <gtest/gtest.h>

#include "fixture.h"
#include "sql/shape.h"

namespace sluice::sql::test {
namespace {

// With # for a literal; "" where the text has no shape.
std::string shape(std::string_view text) {
  std::string out;
  if (!shape_of(text, out)) return "";
  for (char& c : out)
    if (c == '\x01') c = '#';
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
  for (const char* text : {"select 'a1', 5", "select \"a\", 5", "select $1, 5", "select 5 -- 6",
                           "select 5 /* 6 */", "select 5\\", "select $$5$$", "select 5, \xc3\xa9",
                           "select 5\x01", "select 5\f", "select x"})
    EXPECT_EQ(shape(text), "") << text;
}

}  // namespace
}  // namespace sluice::sql::test
