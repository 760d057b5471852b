// SPDX-License-Identifier: Apache-2.0
// How a COPY writes its rows, and which of its columns are sensitive.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sluice::sql::test {
namespace {

std::string shown(const std::optional<CopyFormat>& format) {
  if (!format) return "unknown";
  std::string text = format->kind == CopyFormat::Kind::kText  ? "text"
                     : format->kind == CopyFormat::Kind::kCsv ? "csv"
                                                              : "binary";
  if (format->kind != CopyFormat::Kind::kBinary) {
    text +=
        std::string{" "} + (format->delimiter == '\t' ? "tab" : std::string(1, format->delimiter));
    text += " [" + format->null + "]";
  }
  if (format->kind == CopyFormat::Kind::kCsv)
    text += std::string{" "} + format->quote + format->escape;
  if (format->header) text += " header";
  if (!format->encoding.empty()) text += " " + format->encoding;
  return text;
}

struct Case {
  const char* options;
  const char* format;
};

class CopyOptions : public testing::TestWithParam<Case> {};

TEST_P(CopyOptions, SayHowRowsAreWritten) {
  const std::string text = std::string{"COPY orders TO STDOUT "} + GetParam().options;
  EXPECT_EQ(shown(one(text).copy_format), GetParam().format) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Known, CopyOptions,
    testing::Values(Case{"", "text tab [\\N]"}, Case{"(FORMAT text)", "text tab [\\N]"},
                    Case{"(FORMAT 'csv')", "csv , [] \"\""}, Case{"(FORMAT binary)", "binary"},
                    Case{"CSV HEADER", "csv , [] \"\" header"}, Case{"BINARY", "binary"},
                    Case{"DELIMITER '|' NULL ''", "text | []"},
                    Case{"(DELIMITER ';', NULL 'nil', HEADER)", "text ; [nil] header"},
                    Case{"(FORMAT csv, QUOTE '''', ESCAPE '\\')", "csv , [] '\\"},
                    Case{"(FORMAT csv, QUOTE '''')", "csv , [] ''"},
                    Case{"(FORMAT csv, HEADER false)", "csv , [] \"\""},
                    Case{"(FORMAT csv, HEADER 0, FORCE_QUOTE *)", "csv , [] \"\""},
                    Case{"(FORMAT csv, HEADER ON, FORCE_QUOTE (id))", "csv , [] \"\" header"},
                    Case{"(ENCODING 'latin1')", "text tab [\\N] latin1"}));

// What the server refuses, and what would let rows be read in two ways.
INSTANTIATE_TEST_SUITE_P(
    Unknown, CopyOptions,
    testing::Values(Case{"(FORMAT arrow)", "unknown"}, Case{"(COMPRESSION gzip)", "unknown"},
                    Case{"(HEADER maybe)", "unknown"}, Case{"(HEADER 2)", "unknown"},
                    Case{"(DELIMITER '||')", "unknown"}, Case{"(DELIMITER E'\\n')", "unknown"},
                    Case{"(DELIMITER '\\')", "unknown"}, Case{"(DELIMITER 'x')", "unknown"},
                    Case{"(NULL 'x\\')", "unknown"}, Case{"(NULL E'a\\tb')", "unknown"},
                    Case{"(NULL E'a\\nb')", "unknown"}, Case{"(FORMAT csv, NULL '\"')", "unknown"},
                    Case{"(FORMAT csv, QUOTE ',')", "unknown"},
                    Case{"(FORMAT csv, QUOTE E'\\n')", "unknown"},
                    Case{"(FORMAT csv, ESCAPE E'\\r')", "unknown"}));

TEST(CopyOptions, OfWhatGivesNoRowsAreNotAsked) {
  EXPECT_FALSE(one("COPY orders FROM STDIN").copy_format);
  EXPECT_FALSE(one("COPY orders TO '/tmp/x'").copy_format);
  EXPECT_FALSE(one("SELECT 1").copy_format);
}

TEST(CopyColumns, OfAWholeTableAreThoseThatAreStored) {
  SensitiveRule rule;
  rule.schema = "public";
  rule.table = "priced";
  rule.column = "price";
  const auto catalog = CatalogRows{}
                           .relation(1, "public", "priced", 'r', "id total= price")
                           .builtin('i', "lower")
                           .build({rule});
  EXPECT_EQ(lineage_of(one("COPY priced TO STDOUT", *catalog)), ".r");
  EXPECT_EQ(lineage_of(one("COPY priced (price, id) TO STDOUT", *catalog)), "r.");
  EXPECT_EQ(lineage_of(one("COPY (SELECT * FROM priced) TO STDOUT", *catalog)), "..r");
  EXPECT_EQ(lineage_of(one("COPY (UPDATE priced SET id = 1 RETURNING price) TO STDOUT", *catalog)),
            "r");
}

}  // namespace
}  // namespace sluice::sql::test
