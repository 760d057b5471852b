// SPDX-License-Identifier: Apache-2.0
// COPY data: as a PostgreSQL 15 server wrote it, whole and cut at every byte.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/postgres/copy_rows.h"

namespace sluice::pg {
namespace {

using namespace std::string_literals;
using Kind = CopyFormat::Kind;
constexpr std::size_t kRowMax = 4096;

std::string shown(const CopyCell& cell) {
  if (!cell.value) return "NULL";
  return "<" + std::string{as_text(*cell.value)} + ">";
}

struct Seen {
  std::vector<std::string> rows;
  std::string between;  // what is no row, as it came
  std::string raw;      // everything, from the raw cells
  std::string error;
};

class Feeder {
 public:
  Feeder(CopyFormat format, std::size_t columns)
      : format_(format), reader_(format, columns, kRowMax) {}

  void feed(std::string_view data) {
    if (!seen_.error.empty()) return;
    const auto read = reader_.read(as_bytes(data), [&](const CopyPiece& piece) {
      if (!piece.is_row) {
        seen_.between += as_text(piece.whole);
        seen_.raw += as_text(piece.whole);
        return;
      }
      std::string row;
      Bytes again;
      CopyRowWriter writer{again, format_, piece.cells.size()};
      for (const CopyCell& cell : piece.cells) {
        row += shown(cell);
        writer.add_raw(cell.raw);
      }
      writer.finish();
      seen_.rows.push_back(row);
      seen_.raw += as_text(again);
    });
    if (!read) seen_.error = read.error().text();
  }
  Seen end() {
    const auto ended = reader_.finish();
    if (seen_.error.empty() && !ended) seen_.error = ended.error().text();
    return seen_;
  }

 private:
  CopyFormat format_;
  CopyReader reader_;
  Seen seen_;
};

Seen seen(const CopyFormat& format, std::size_t columns, std::string_view data) {
  Feeder feeder{format, columns};
  feeder.feed(data);
  return feeder.end();
}

struct Golden {
  const char* name;
  CopyFormat format;
  std::size_t columns;
  std::string data;
  std::vector<std::string> rows;
  std::string between;
};

// SELECT 1, E'a\tb\\c\nd', NULL; SELECT 2, '\N', ''.
const std::string kHead = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
const std::vector<Golden>& goldens() {
  static const std::vector<Golden> all{
      {"text",
       {},
       3,
       "1\ta\\tb\\\\c\\nd\t\\N\n2\t\\\\N\t\n",
       {"<1><a\tb\\c\nd>NULL", "<2><\\N><>"},
       ""},
      {"text_with_header_and_bars",
       {.header = true, .delimiter = '|'},
       3,
       "a|b\\|c|d\n1|x\\|y|\\N\n",
       {"<1><x|y>NULL"},
       "a|b\\|c|d\n"},
      {"text_with_a_word_for_null", {.null = "nil"}, 2, "nil\tx\n", {"<nil><x>"}, ""},
      {"csv",
       {.kind = Kind::kCsv, .delimiter = ',', .null = ""},
       3,
       "1,\"a,\"\"b\"\"\nc\",\n2,plain,\"\"\n",
       {"<1><a,\"b\"\nc>NULL", "<2><plain><>"},
       ""},
      {"csv_with_header_and_escape",
       {.kind = Kind::kCsv,
        .header = true,
        .delimiter = ';',
        .null = "nil",
        .quote = '\'',
        .escape = '\\'},
       2,
       "'a;b';c\n'it\\'s \\\\ \n two';nil\nx;'nil'\n",
       {"<it's \\ \n two>NULL", "<x><nil>"},
       "'a;b';c\n"},
      {"csv_of_one_column",
       {.kind = Kind::kCsv, .delimiter = ',', .null = ""},
       1,
       "\n\"\"\n\"\\.\"\n",
       {"NULL", "<>", "<\\.>"},
       ""},
      {"binary",
       {.kind = Kind::kBinary},
       2,
       kHead + "\0\2\0\0\0\4\0\0\0\1\0\0\0\1a"s + "\0\2\0\0\0\4\0\0\0\2\377\377\377\377\377\377"s,
       {"<\0\0\0\1><a>"s, "<\0\0\0\2>NULL"s},
       kHead + "\377\377"},
      {"binary_without_rows",
       {.kind = Kind::kBinary},
       2,
       kHead + "\377\377",
       {},
       kHead + "\377\377"},
      {"no_columns", {}, 0, "\n\n", {"", ""}, ""},
  };
  return all;
}

class CopyRows : public testing::TestWithParam<Golden> {};

TEST_P(CopyRows, AreReadWhole) {
  const Golden& golden = GetParam();
  const Seen all = seen(golden.format, golden.columns, golden.data);
  EXPECT_EQ(all.error, "");
  EXPECT_EQ(all.rows, golden.rows);
  EXPECT_EQ(all.between, golden.between);
  EXPECT_EQ(all.raw, golden.data);
}

TEST_P(CopyRows, AreReadWhereverTheMessagesAreCut) {
  const Golden& golden = GetParam();
  for (std::size_t cut = 0; cut <= golden.data.size(); ++cut) {
    Feeder feeder{golden.format, golden.columns};
    feeder.feed(std::string_view{golden.data}.substr(0, cut));
    feeder.feed(std::string_view{golden.data}.substr(cut));
    const Seen both = feeder.end();
    EXPECT_EQ(both.error, "") << cut;
    EXPECT_EQ(both.rows, golden.rows) << cut;
    EXPECT_EQ(both.raw, golden.data) << cut;
  }
}

TEST_P(CopyRows, ThatEndEarlyAreAnError) {
  const Golden& golden = GetParam();
  std::size_t rows_before = 0;
  for (std::size_t cut = 0; cut < golden.data.size(); ++cut) {
    const Seen part = seen(golden.format, golden.columns, golden.data.substr(0, cut));
    EXPECT_GE(part.rows.size(), rows_before);
    rows_before = part.rows.size();
    // Between two rows text and CSV may end.
    if (part.error.empty()) {
      EXPECT_NE(golden.format.kind, Kind::kBinary) << cut;
      EXPECT_EQ(part.raw, golden.data.substr(0, cut));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Goldens, CopyRows, testing::ValuesIn(goldens()),
                         [](const auto& each) { return std::string{each.param.name}; });

struct Wrong {
  const char* name;
  CopyFormat format;
  std::size_t columns;
  std::string data;
};

class CopyData : public testing::TestWithParam<Wrong> {};

TEST_P(CopyData, ThatIsNoneIsAnError) {
  const Seen all = seen(GetParam().format, GetParam().columns, GetParam().data);
  EXPECT_NE(all.error, "");
  EXPECT_TRUE(all.rows.empty());
}

const CopyFormat kCsv{.kind = Kind::kCsv, .delimiter = ',', .null = ""};
const CopyFormat kBinary{.kind = Kind::kBinary};
INSTANTIATE_TEST_SUITE_P(
    Kinds, CopyData,
    testing::Values(Wrong{"too_few_cells", {}, 3, "a\tb\n"},
                    Wrong{"too_many_cells", {}, 1, "a\tb\n"},
                    Wrong{"a_cell_where_no_column_is", {}, 0, "a\n"},
                    Wrong{"a_backslash_before_the_end", {}, 1, "a\\\n"},
                    Wrong{"an_octal_escape", {}, 1, "\\101\n"},
                    Wrong{"a_quote_in_the_middle", kCsv, 1, "a\"b\n"},
                    Wrong{"more_after_the_quote", kCsv, 1, "\"a\"b\n"},
                    Wrong{"a_quote_that_does_not_end", kCsv, 1, "\"a\n"},
                    Wrong{"another_signature", kBinary, 1, "PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0"s},
                    Wrong{"a_flag", kBinary, 1, "PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0"s},
                    Wrong{"a_long_header", kBinary, 1, "PGCOPY\n\377\r\n\0\0\0\0\0\177\0\0\0"s},
                    Wrong{"another_count", kBinary, 1, kHead + "\0\2\0\0"s},
                    Wrong{"a_negative_length", kBinary, 1, kHead + "\0\1\377\377\377\376"s},
                    Wrong{"more_after_the_end", kBinary, 1, kHead + "\377\377\377\377"s}),
    [](const auto& each) { return std::string{each.param.name}; });

TEST(CopyReader, GathersNoMoreThanARow) {
  Feeder feeder{{}, 1};
  feeder.feed(std::string(kRowMax - 1, 'x'));
  feeder.feed("x");
  EXPECT_NE(feeder.end().error.find("middle of a row"), std::string::npos);
  Feeder longer{{}, 1};
  longer.feed(std::string(kRowMax, 'x'));
  longer.feed("x");
  EXPECT_NE(longer.end().error.find("longer than"), std::string::npos);
  Feeder at_once{{}, 1};
  at_once.feed(std::string(kRowMax + 1, 'x'));
  EXPECT_NE(at_once.end().error.find("longer than"), std::string::npos);
}

TEST(CopyReader, DoesNotLookAtARowAgainAndAgain) {
  Feeder feeder{{}, 1};
  for (int i = 0; i < 100; ++i) feeder.feed("x");
  EXPECT_NE(feeder.end().error.find("messages"), std::string::npos);
  Feeder rows{{}, 1};
  for (int i = 0; i < 100; ++i) rows.feed("x\nx");
  rows.feed("\n");
  EXPECT_EQ(rows.end().error, "");
}

TEST(CopyRowWriter, WritesWhatItsReaderReads) {
  const std::vector<std::string> values{"",  "\\N",  "a\tb", "a\nb\r\b\f\v", "\\",       "\"",
                                        "'", ",;|x", "nil",  "\\.",          "\0\1\377"s};
  std::vector<CopyFormat> formats{{}, kCsv, kBinary};
  formats.push_back({.delimiter = '|', .null = "nil"});
  formats.push_back(
      {.kind = Kind::kCsv, .delimiter = ';', .null = "nil", .quote = '\'', .escape = '\\'});
  for (const CopyFormat& format : formats) {
    Bytes out;
    if (format.kind == Kind::kBinary) append(out, kHead);
    CopyRowWriter writer{out, format, values.size() + 1};
    std::string row;
    for (const std::string& value : values) {
      writer.add(as_bytes(value));
      row += "<" + value + ">";
    }
    writer.add_null();
    writer.finish();
    row += format.null_is_certain() ? "NULL" : "<nil>";
    if (format.kind == Kind::kBinary) append(out, "\377\377");
    const Seen back = seen(format, values.size() + 1, as_text(out));
    EXPECT_EQ(back.error, "");
    EXPECT_EQ(back.rows, std::vector<std::string>{row});
  }
}

}  // namespace
}  // namespace sluice::pg
