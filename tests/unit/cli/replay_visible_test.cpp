// SPDX-License-Identifier: Apache-2.0
// An agent writes the text that a person reads in a terminal; it must not reach the terminal raw.
#include "cli/replay/json_text.h"
#include "cli/replay/visible.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace sluice::cli {
namespace {

std::string in_utf8(char32_t code) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Visible, LeavesPlainTextAlone) {
  EXPECT_EQ(visible("select 'Zürich', '東京'"), "select 'Zürich', '東京'");
}

// The first and the last of each range, and what stands beside it.
TEST(Visible, ShowsWhatNobodySees) {
  const std::u32string unseen =
      U"\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B\u180F\u2000\u200F\u2028\u202F"
      U"\u205F\u206F\u2800\u3000\u3164\uFE00\uFE0F\uFEFF\uFFA0\uFFF0\uFFFC\U0001D173\U0001D17A"
      U"\U000E0000\U000E0FFF";
  for (const char32_t code : unseen) {
    char shown[16];
    std::snprintf(shown, sizeof shown, "\\u{%x}", static_cast<unsigned>(code));
    EXPECT_EQ(visible(in_utf8(code)), shown);
  }
  for (const char32_t code :
       std::u32string{U"\u00A1\u00AE\u0350\u115E\u1161\u1810\u2010\u2027\u2030"
                      U"\u205E\u2070\u2801\u3001\u3165\uFE10\uFFFD\U0001D172"})
    EXPECT_EQ(visible(in_utf8(code)), in_utf8(code));
}

TEST(Visible, ShowsWhatWouldActOnATerminal) {
  struct Case {
    std::string text, shown;
  };
  const Case cases[] = {
      {"\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"},
      {"a\rb", "a\\rb"},
      {"a\nb\tc", "a\\nb\\tc"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\u{9b}31m"},  // C1 CSI as UTF-8
      {"\x9b"
       "31m",
       "\\x9b"
       "31m"},  // and as a bare byte
      {"\xe2\x80\xae"
       "x",
       "\\u{202e}x"},                                         // right-to-left override
      {"\xe2\x80\x8b", "\\u{200b}"},                          // zero width space
      {"\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80"},  // overlong, surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},           // past U+10FFFF
      {"\xe2\x82", "\\xe2\\x82"},                             // cut short
      {std::string{"\0", 1}, "\\x00"},
  };
  for (const Case& each : cases) EXPECT_EQ(visible(each.text), each.shown);
}

TEST(Visible, KeepsLinesOnlyWhereAsked) { EXPECT_EQ(visible("a\n\tb\x1b", true), "a\n\tb\\x1b"); }

TEST(JsonText, QuotesWhatJsonAndATerminalMind) {
  EXPECT_EQ(json_quoted("a\"\\\n\x1b\xc2\x9b"), "\"a\\\"\\\\\\n\\u001b\\u009b\"");
  EXPECT_EQ(json_quoted("\xff"), "\"\\ufffd\"");
  EXPECT_EQ(json_quoted("ü"), "\"ü\"");
}

}  // namespace
}  // namespace sluice::cli
