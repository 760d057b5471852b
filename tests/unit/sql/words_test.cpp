// SPDX-License-Identifier: Apache-2.0
#include "sql/words.h"

#include <gtest/gtest.h>

namespace sluice::sql::test {
namespace {

using Words = std::vector<std::string>;

TEST(Words, AreAllThatCouldBeAName) {
  EXPECT_EQ(
      words_of("PERFORM Called(\"My Table\")"),
      (Words{"Called", "My", "My Table", "PERFORM", "Table", "called", "my", "perform", "table"}));
  EXPECT_EQ(words_of("a===b"), (Words{"===", "a", "b"}));
  EXPECT_TRUE(words_of("").empty());
}

TEST(Words, OfStringsBeginWithTheFirst) {
  EXPECT_EQ(from_first_string("SELECT 1 FROM a"), "");
  EXPECT_EQ(from_first_string("SELECT nextval('s')"), "'s')");
  EXPECT_EQ(from_first_string("DO $x$ $x$"), "$x$ $x$");
}

TEST(Words, MayHideBehindNumbers) {
  EXPECT_TRUE(has_letters_by_number("E'\\x61'"));
  EXPECT_TRUE(has_letters_by_number("E'\\\\ \\141'"));
  EXPECT_TRUE(has_letters_by_number("U&'!0061' UESCAPE '!'"));
  EXPECT_FALSE(has_letters_by_number("E'a\\n'"));
  EXPECT_FALSE(has_letters_by_number("'a'"));
}

}  // namespace
}  // namespace sluice::sql::test
