// SPDX-License-Identifier: Apache-2.0
// An agent writes the text that a person reads in a terminal; it must not reach the terminal raw.
#include "cli/replay/json_text.h"
#include "cli/replay/visible.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(Visible, LeavesPlainTextAlone) {
  EXPECT_EQ(visible("select 'Zürich', '東京'"), "select 'Zürich', '東京'");
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
