// SPDX-License-Identifier: Apache-2.0
#include "sql/names_in_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::sql::test {
namespace {

bool has(const NamesInText& found, std::string_view name) {
  return std::find(found.names.begin(), found.names.end(), name) != found.names.end();
}

TEST(NamesInText, AreThoseOfStringsAsTheServerReadsThem) {
  for (const char* text :
       {"one()", "EXECUTE E'SELECT\\none()'", "EXECUTE E'SELECT\\tone()'", "E'\\x6fne'",
        "E'o\\156e'", "E'\\u006fne'", "E'\\U0000006fne'", "$$one$$", "$a$E'\\x6fne'$a$",
        "'E''\\x6fne'''", "E'E\\'\\\\x6fne\\''", "'o'\n'ne'", "-- it's\n\"one\"", "'it''s \\none'",
        "E'-- a\\nE\\'\\\\x6fne\\''"}) {
    EXPECT_TRUE(has(names_in(text), "one")) << text;
    EXPECT_TRUE(names_in(text).all) << text;
  }
  EXPECT_TRUE(has(names_in("E'caf\\u00e9'"), "caf\u00e9"));
  EXPECT_TRUE(has(names_in("E'\\u20ac'"), "\u20ac"));
  EXPECT_TRUE(has(names_in("E'\\U0001F600'"), "\U0001F600"));
}

TEST(NamesInText, MayBeMoreThanCanBeRead) {
  for (const char* text : {"U&\"\\006fne\"()", "EXECUTE U&'\\006fne'", "E'caf\\xc3\\xa9'",
                           "'SELECT U&\"\\006fne\"()'", "E'\\ud83d\\ude00'", "'it''s \\x6fne'"})
    EXPECT_FALSE(names_in(text).all) << text;
  std::string nested = "E'\\x6fne'";
  for (int depth = 0; depth < 12; ++depth) {
    const std::string tag = "$d" + std::to_string(depth) + "$";
    nested.insert(0, tag).append(tag);
  }
  EXPECT_FALSE(names_in(nested).all);
  for (const char* text : {"'it''s'", "regexp_replace(a, '(b)', '\\1')", "E'a\\\\b'", "a & b"})
    EXPECT_TRUE(names_in(text).all) << text;
}

TEST(NamesInText, OfAStatementAreThoseInItsStrings) {
  EXPECT_TRUE(has(names_in_strings("SELECT f(E'\\none')"), "one"));
  EXPECT_TRUE(has(names_in_strings("DO $d$ BEGIN PERFORM E'\\none'; END $d$"), "one"));
  EXPECT_FALSE(has(names_in_strings("SELECT one"), "one"));
  EXPECT_TRUE(names_in_strings("SELECT U&\"\\006fne\"").all);
  EXPECT_FALSE(names_in_strings("SELECT U&'\\006fne'").all);
}

}  // namespace
}  // namespace sluice::sql::test
