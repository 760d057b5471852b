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
  EXPECT_EQ(words_of("\"a\"\"b\""), (Words{"a", "a\"b", "b"}));
  EXPECT_EQ(words_of("\"a"), Words{"a"});
}

TEST(Words, AreCutAsTheServerCutsThem) {
  const std::string most(kServerNameBytesMax, 'a'), less(kServerNameBytesMax - 1, 'a');
  EXPECT_EQ(words_of(most + "b"), Words{most});
  EXPECT_EQ(words_of(less + "\u00e9"), Words{less});
  EXPECT_EQ(words_of("\"" + most + " b\""), (Words{most, "b"}));
}

TEST(Words, StandBehindEscapes) {
  EXPECT_EQ(words_of("\\nOne"), (Words{"One", "nOne", "none", "one"}));
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
  EXPECT_TRUE(has_letters_by_number("U&\"\\0061\""));
  EXPECT_FALSE(has_letters_by_number("E'a\\n'"));
  EXPECT_FALSE(has_letters_by_number("'a'"));
}

}  // namespace
}  // namespace sluice::sql::test
