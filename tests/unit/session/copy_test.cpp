// SPDX-License-Identifier: Apache-2.0
// COPY TO STDOUT: what a sensitive column holds does not come out, in any format; all else comes as
// it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// customers: id int4, name text, email varchar (partial), ssn text (redact).
constexpr std::size_t kAllColumns = 4;
const std::string kRow = "1\tAda\tada@example.com\t078-05-1120\n";
const std::string kMaskedRow = "1\tAda\ta***@example.com\t[redacted]\n";

struct Copied {
  std::string data;  // of all CopyData messages
  std::string rest;  // the other messages, in order
};

Copied copied(Harness& h) {
  Copied out;
  const Bytes all = h.agent_bytes();
  const pg::Limits limits;
  for (ByteView bytes = all; !bytes.empty();) {
    const auto step = pg::next_frame(pg::Direction::kBackend, bytes, limits);
    const auto& frame = std::get<pg::Frame>(step);
    if (frame.type == 'd')
      out.data += as_text(frame.body);
    else
      out.rest.push_back(frame.type);
    bytes = bytes.subspan(frame.size);
  }
  return out;
}

Copied copy_of(Harness& h, const std::string& statement, std::size_t columns,
               const std::vector<std::string>& data, pg::Format format = pg::Format::kText) {
  h.agent(Say{}.query(statement));
  EXPECT_EQ(h.server_got(), "Query " + statement);
  Reply reply;
  reply.copy_out(columns, format);
  for (const std::string& one : data) reply.copy_data(one);
  h.server(reply.copy_done().complete("COPY 1").ready());
  return copied(h);
}

TEST(CopyOut, OfATableMasksItsColumns) {
  Harness h;
  h.logged_in();
  const Copied out =
      copy_of(h, "copy customers to stdout", kAllColumns, {kRow, "2\t\\N\t\\N\t\\N\n"});
  EXPECT_EQ(out.data, kMaskedRow + "2\t\\N\t\\N\t\\N\n");
  EXPECT_EQ(out.rest, "HcCZ");
}

TEST(CopyOut, OfSomeColumnsGoesByTheirNames) {
  Harness h;
  h.logged_in();
  EXPECT_EQ(copy_of(h, "copy customers (ssn, id) to stdout", 2, {"078-05-1120\t1\n"}).data,
            "[redacted]\t1\n");
  EXPECT_EQ(copy_of(h, "copy customers (name, id) to stdout", 2, {"Ada\t1\n"}).data, "Ada\t1\n");
}

TEST(CopyOut, OfAQueryGoesByItsLineage) {
  Harness h;
  h.logged_in();
  EXPECT_EQ(copy_of(h, "copy (select tax_number as note, id from people) to stdout", 2,
                    {"078-05-1120\t1\n"})
                .data,
            "[redacted]\t1\n");
  // Computed: of no type that is known here, so it becomes NULL.
  EXPECT_EQ(
      copy_of(h, "copy (select ssn || 'x', 1 from customers) to stdout", 2, {"078-05-1120x\t1\n"})
          .data,
      "\\N\t1\n");
}

TEST(CopyOut, InCsvIsMasked) {
  Harness h;
  h.logged_in();
  EXPECT_EQ(
      copy_of(h, "copy customers to stdout (format csv, header)", kAllColumns,
              {"id,name,email,ssn\n", "1,\"Ada, B\",ada@example.com,078-05-1120\n", "2,,,\"\"\n"})
          .data,
      "id,name,email,ssn\n1,\"Ada, B\",\"a***@example.com\",\"[redacted]\"\n"
      "2,,,\"[redacted]\"\n");
}

TEST(CopyOut, InBinaryIsMasked) {
  Harness h;
  h.logged_in();
  const std::string head = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
  const std::string id = "\0\2\0\0\0\4\0\0\0\1"s;
  EXPECT_EQ(
      copy_of(h, "copy customers (id, ssn) to stdout (format binary)", 2,
              {head + id + "\0\0\0\13"s + "078-05-1120", id + "\377\377\377\377"s, "\377\377"},
              pg::Format::kBinary)
          .data,
      head + id + "\0\0\0\12[redacted]"s + id + "\377\377\377\377"s + "\377\377");
}

TEST(CopyOut, IsMaskedWhereverItsMessagesAreCut) {
  const std::string data = kRow + kRow;
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    Harness h;
    h.logged_in();
    EXPECT_EQ(
        copy_of(h, "copy customers to stdout", kAllColumns, {data.substr(0, cut), data.substr(cut)})
            .data,
        kMaskedRow + kMaskedRow)
        << cut;
  }
}

TEST(CopyOut, OfColumnsThatDoNotFitTheTextIsMaskedWhole) {
  Harness h;
  h.logged_in();
  EXPECT_EQ(copy_of(h, "copy customers to stdout", 2, {"078-05-1120\tx\n"}).data, "\\N\t\\N\n");
  EXPECT_EQ(copy_of(h, "copy nowhere to stdout", 1, {"078-05-1120\n"}).data, "\\N\n");
}

// Otherwise the agent could guess a value and see whether it comes out as the word.
TEST(CopyOut, TellsNoValueFromTheWordForNull) {
  Harness h;
  h.logged_in();
  EXPECT_EQ(copy_of(h, "copy customers (ssn) to stdout (null '078-05-1120')", 1,
                    {"078-05-1120\n", "219-09-9999\n"})
                .data,
            "[redacted]\n[redacted]\n");
  EXPECT_EQ(copy_of(h, "copy customers (ssn) to stdout (format csv, null '078-05-1120')", 1,
                    {"078-05-1120\n", "\"078-05-1120\"\n"})
                .data,
            "078-05-1120\n\"[redacted]\"\n");
}

TEST(CopyOut, PassesTheDetectorsCellByCell) {
  Harness h{{.sensitive = "[{ detect: [credit_card], mask: redact }]"}};
  h.logged_in();
  EXPECT_EQ(copy_of(h, "copy orders (id, note) to stdout", 2,
                    {"1\tcard 4111111111111111\\tx\n", "2\tplain\n"})
                .data,
            "1\tcard [redacted]\\tx\n2\tplain\n");
  EXPECT_EQ(copy_of(h, "copy orders (note) to stdout (format csv)", 1,
                    {"\"4111 1111 1111 1111, \"\"x\"\"\"\n"})
                .data,
            "\"[redacted], \"\"x\"\"\"\n");
}

TEST(CopyOut, WithNothingToMaskPassesUnread) {
  Harness h{{.sensitive = "[]"}};
  h.logged_in();
  EXPECT_EQ(
      copy_of(h, "copy customers to stdout (encoding 'SJIS')", kAllColumns, {"no", " row"}).data,
      "no row");
}

TEST(CopyOut, LooksAtTheTableAsItIsNow) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy extra to stdout"));
  h.catalog_by_itself = false;
  h.server(Reply{}.copy_out(1).copy_data("x\n").copy_done().complete("COPY 1").ready());
  EXPECT_EQ(h.agent_got(), "");
  h.world.next_catalog(5005, "note");
  h.give_catalog();
  EXPECT_EQ(copied(h).data, "x\n");
}

TEST(CopyOut, ThatIsNoCopyDataEndsTheFlow) {
  for (const std::string& bad : {"1\t2\n"s, "\\101\t\t\t\n"s}) {
    Harness h;
    h.logged_in();
    h.agent(Say{}.query("copy customers to stdout"));
    h.server(Reply{}.copy_out(kAllColumns).copy_data(bad));
    EXPECT_THAT(h.agent_got(), HasSubstr("FATAL 08P01"));
    EXPECT_TRUE(h.closed.has_value());
  }
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy customers to stdout"));
  h.server(Reply{}.copy_out(kAllColumns).copy_data("1\tAda").copy_done());
  EXPECT_THAT(h.agent_got(), HasSubstr("middle of a row"));
}

TEST(CopyOut, ThatCannotBeReadIsRefused) {
  Harness h;
  h.logged_in();
  for (const std::string options :
       {"(encoding 'SJIS')", "(compression gzip)", "(null 'x\\')", "(format csv, quote E'\\n')"}) {
    h.agent(Say{}.query("copy customers to stdout " + options));
    EXPECT_THAT(h.server_got(), Not(HasSubstr("customers"))) << options;
    h.server(Reply{}.error("42601", "x").ready());
    EXPECT_THAT(h.agent_got(), HasSubstr("42501")) << options;
  }
}

// The server tells of another client_encoding before ReadyForQuery only, and in SJIS a character
// may end in a backslash or a delimiter.
TEST(CopyOut, BehindWhatMayChangeTheEncodingIsRefused) {
  for (const std::string before :
       {"set client_encoding = 'SJIS'; ", "set names 'SJIS'; ", "reset all; ",
        "select looks_up(); ", "select set_config('client_encoding', 'SJIS', false); ",
        "insert into orders values (1); ",
        "with i as (insert into orders values (1) returning 1) select 1; ", "commit; "}) {
    Harness h{{.rules = kAllowAll}};
    h.logged_in();
    h.agent(Say{}.query(before + "copy (select id, ssn from customers) to stdout"));
    EXPECT_THAT(h.server_got(), Not(HasSubstr("customers"))) << before;
    h.server(Reply{}.error("42601", "x").ready());
    EXPECT_THAT(h.agent_got(), HasSubstr("42501")) << before;
  }
}

TEST(CopyOut, WhoseEncodingIsCertainIsMaskedBehindAnyStatement) {
  for (const std::string query :
       {"set client_encoding = 'SJIS'; copy customers to stdout (encoding 'UTF8')",
        "begin; set work_mem = 64; select upper('x'); copy customers to stdout",
        "set client_encoding = 'SJIS'; copy customers to stdout (format binary)"}) {
    Harness h{{.rules = kAllowAll}};
    h.logged_in();
    h.agent(Say{}.query(query));
    EXPECT_EQ(h.server_got(), "Query " + query);
  }
}

TEST(CopyOut, BehindWhatMayChangeTheEncodingInOnePipelineIsRefused) {
  const std::string copy = "copy customers to stdout";
  const Say bound = Say{}.parse("c", copy).bind("c", "c");
  const std::pair<Say, Say> orders[] = {
      {Say{}, Say{}.parse("c", copy).bind("c", "c").execute("c").sync()},
      {bound, Say{}.execute("c").sync()},
      {Say{}, Say{}.query(copy)},
  };
  for (const auto& [before, after] : orders) {
    Harness h{{.rules = kAllowAll}};
    h.logged_in();
    if (!before.bytes.empty()) h.agent(before);
    h.server(Reply{before.bytes.empty() ? Reply{} : Reply{}.parsed().bound()});
    h.agent(Say{}.parse("", "set client_encoding = 'SJIS'").bind("", "").execute(""));
    h.agent(after);
    h.server_got();
    h.server(Reply{}.parsed().bound().complete("SET"));
    EXPECT_THAT(h.server_got(), AllOf(HasSubstr("sluice refused"), Not(HasSubstr("Execute c"))));
  }
}

TEST(CopyOut, InTheExtendedProtocolIsMasked) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("", "copy customers to stdout").bind("", "").execute("").sync());
  EXPECT_EQ(h.server_got(),
            "Parse  copy customers to stdout ; Bind    ; Describe P  ; Execute  ; Sync");
  h.server(Reply{}.parsed().bound().no_data().copy_out(kAllColumns).copy_data(kRow).copy_done());
  h.server(Reply{}.complete("COPY 1").ready());
  const Copied out = copied(h);
  EXPECT_EQ(out.data, kMaskedRow);
  EXPECT_EQ(out.rest, "12HcCZ");
}

TEST(CopyOut, OfTwoTablesInOneQueryIsMaskedByEach) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy orders to stdout; copy customers to stdout"));
  h.server(Reply{}.copy_out(3).copy_data("1\t2\tx\n").copy_done().complete("COPY 1"));
  h.server(Reply{}.copy_out(kAllColumns).copy_data(kRow).copy_done().complete("COPY 1").ready());
  const Copied out = copied(h);
  EXPECT_EQ(out.data, "1\t2\tx\n" + kMaskedRow);
  EXPECT_EQ(out.rest, "HcCHcCZ");
}

TEST(CopyOut, ThatFailsInTheMiddleOfARowShowsNoPartOfIt) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy customers to stdout"));
  h.server(Reply{}.copy_out(kAllColumns).copy_data(kRow + "2\tBob\tbob@example.com\t219-09"));
  h.server(Reply{}.error("57014", "canceling statement").ready());
  const Copied out = copied(h);
  EXPECT_EQ(out.data, kMaskedRow);
  EXPECT_EQ(out.rest, "HEZ");
  h.server_got();
  EXPECT_EQ(copy_of(h, "copy customers to stdout", kAllColumns, {kRow}).data, kMaskedRow);
}

TEST(CopyOut, WhoseDataComesAfterItsEndEndsTheFlow) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy customers to stdout"));
  h.server(Reply{}.copy_out(kAllColumns).copy_done().copy_data(kRow));
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL 08P01"));
}

TEST(CopyOut, InAnotherFormatThanWasAskedForEndsTheFlow) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("copy customers to stdout"));
  h.server(Reply{}.copy_out(kAllColumns, pg::Format::kBinary));
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL 08P01"));
}

TEST(CopyIn, OfATableWithSensitiveColumnsPasses) {
  Harness h{{.rules = kAllowAll}};
  h.logged_in();
  h.agent(Say{}.query("copy customers from stdin"));
  EXPECT_EQ(h.server_got(), "Query copy customers from stdin");
  h.server(Reply{}.copy_in());
  h.agent(Say{}.copy_data(kRow).copy_done());
  EXPECT_THAT(h.server_got(), HasSubstr("078-05-1120"));
}

}  // namespace
}  // namespace sluice::session::test
