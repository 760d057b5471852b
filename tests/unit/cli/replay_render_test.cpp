// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/moments.h"
#include "cli/replay/render.h"
#include "cli/replay/render_report.h"
#include "record/block.h"
#include "record/encode.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using record::SessionReader;

const SessionId kSession = "ses-0000000000000001";
const std::string kHost = "host-0000000000000001";

// A recording in memory, built block by block with the recorder's own encoder.
class Tape {
 public:
  Tape() { position_.head = record::session_anchor(kHost, kSession); }
  void add(std::int64_t ms, const Event& event) {
    Bytes frame(record::kHeaderBytes);
    const WallTime at{std::chrono::milliseconds{1'700'000'000'000 + ms}};
    ASSERT_TRUE(record::encode_event(at, event, frame).ok());
    append(file, record::seal_block(frame, scratch_, nullptr, hasher_, position_));
  }
  SessionReader reader() const {
    return SessionReader{record::memory_source(file), kSession, kHost};
  }
  Bytes file;

 private:
  record::Hasher hasher_;
  record::Position position_;
  Bytes scratch_;
};

std::string message(char type, std::string body) {
  const auto size = static_cast<std::uint32_t>(body.size() + 4);
  std::string out{type};
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift);
  return out + body;
}
std::string int16(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string int32(int value) { return int16(value >> 16) + int16(value); }
std::string column(const std::string& name) {
  return name + '\0' + int32(0) + int16(0) + int32(25) + int16(-1) + int32(-1) + int16(0);
}
std::string cell(const std::string& text) { return int32(static_cast<int>(text.size())) + text; }

std::string z(const std::string& text) { return text + '\0'; }

Verdict verdict(VerdictKind kind, const std::string& rule, const std::string& agent,
                const std::string& message_text) {
  Verdict out;
  out.kind = kind;
  out.rule = rule;
  out.agent = agent;
  out.message = message_text;
  if (kind == VerdictKind::kHold) out.timeout = std::chrono::seconds{600};
  return out;
}

Tape conversation() {
  Tape tape;
  Run parent;
  parent.id = "run-0";
  parent.agent = "planner";
  parent.launched_by = "alice";
  Run child;
  child.id = "run-1";
  child.agent = "reporter";
  child.on_behalf_of = "bob";
  child.task = "q3";
  tape.add(0, SessionOpened{.session = kSession,
                            .flow = 7,
                            .lineage = {parent, child},
                            .resource = "orders",
                            .protocol = "postgres",
                            .agent_address = {*parse_ip("127.0.0.1"), 50000},
                            .original_destination = {*parse_ip("10.0.0.5"), 5432},
                            .policy_version = 3});
  tape.add(1, Remark{"logged in upstream"});
  StatementJudged judged;
  judged.statement = 1;
  judged.intent.statement = "select name,\n  ssn from customers where id = $1";
  judged.intent.actions = {Action::kRead};
  judged.intent.parameters = {"42"};
  judged.verdict = verdict(VerdictKind::kAllow, "reads", "reporter", "");
  tape.add(10, judged);
  const std::string login = message('R', int32(0)) + message('Z', "I");
  tape.add(12, AgentSees{as_bytes(login)});
  const std::string rows = message('T', int16(2) + column("name") + column("ssn")) +
                           message('D', int16(2) + cell("Ann \x1b[31m") + cell("***")) +
                           message('D', int16(2) + cell("B") + int32(-1)) +
                           message('C', z("SELECT 2")) + message('Z', "I");
  const std::string_view view{rows};
  tape.add(15, AgentSees{as_bytes(view.substr(0, 33))});
  tape.add(16, AgentSees{as_bytes(view.substr(33))});
  judged.statement = 2;
  judged.intent.statement = "delete from orders where id = 1";
  judged.intent.actions = {Action::kDelete};
  judged.intent.parameters = {};
  judged.verdict = verdict(VerdictKind::kHold, "changes need a person", "reporter", "");
  judged.ticket = "abcd2345";
  tape.add(100, judged);
  tape.add(62'350, HoldDecided{"abcd2345", 2, DecisionKind::kApproved, "carol", "as agreed"});
  judged.statement = 3;
  judged.intent.statement = "drop table orders";
  judged.intent.actions = {Action::kDdl};
  judged.verdict = verdict(VerdictKind::kDeny, "never", "planner", "ask the DBA");
  judged.ticket = "";
  tape.add(63'000, judged);
  const std::string error =
      message('E', z("SERROR") + z("VERROR") + z("C42501") + z("Mdenied by rule \"never\"") + '\0');
  tape.add(63'001, AgentSees{as_bytes(error)});
  tape.add(64'000, SessionClosed{"agent closed", 300, 200, 3});
  return tape;
}

std::string text_of(const Tape& tape, Replayed expected) {
  auto reader = tape.reader();
  std::string text;
  EXPECT_EQ(render_text(
                reader, [&](std::string_view part) { text += part; }, {}, nullptr),
            expected);
  return text;
}

TEST(ReplayText, ShowsTheWholeConversation) {
  EXPECT_EQ(text_of(conversation(), Replayed::kWhole),
            R"(session ses-0000000000000001
  opened      2023-11-14T22:13:20.000Z
  agent       planner  (run-0, started by alice)
  agent       reporter  (run-1, for bob, task "q3")
  resource    orders (postgres)
  connection  127.0.0.1:50000 -> 10.0.0.5:5432
  policy      version 3

22:13:20.001  -- logged in upstream
22:13:20.010  #1 select name,
        ssn from customers where id = $1
    $1 = '42'
    allow: rule "reads" of reporter  [read]
    name         | ssn
    -------------+-----
    Ann \x1b[31m | ***
    B            | NULL
    SELECT 2
22:13:20.100  #2 delete from orders where id = 1
    HOLD: rule "changes need a person" of reporter  [delete]
    held as abcd2345, for 600 s at most
22:14:22.350  #2 abcd2345 approved by carol: "as agreed" after 62.250 s
22:14:23.000  #3 drop table orders
    DENY: rule "never" of planner  [ddl]
    ask the DBA
    ERROR 42501: denied by rule "never"
22:14:24.000  -- closed: agent closed (3 statements, 300 bytes from the agent, 200 bytes to it)
)");
}

TEST(ReplayText, WaitsAsLongAsTheRecordingDidDividedBySpeedAndCapped) {
  const Tape tape = conversation();
  auto reader = tape.reader();
  std::vector<std::int64_t> waits;
  render_text(
      reader, [](std::string_view) {}, {.speed = 2, .pause_max = std::chrono::seconds{1}},
      [&](std::chrono::nanoseconds wait) { waits.push_back(wait.count() / 1000); });
  EXPECT_EQ(waits, (std::vector<std::int64_t>{500, 4500, 1000, 1500, 500, 42'000, 1'000'000,
                                              325'000, 500, 499'500}));
}

TEST(ReplayText, SaysWhereARecordingIsDamagedAndShowsNothingAfter) {
  Tape tape = conversation();
  tape.file[tape.file.size() - 40] ^= 1;
  const std::string text = text_of(tape, Replayed::kDamaged);
  EXPECT_NE(text.find("!! the recording is damaged at offset"), std::string::npos);
  EXPECT_EQ(text.find("-- closed"), std::string::npos);
}

TEST(ReplayText, SaysThatARecordingIsNotFinished) {
  Tape tape = conversation();
  tape.file.resize(tape.file.size() - 1);
  EXPECT_NE(text_of(tape, Replayed::kUnfinished).find("ends inside a block"), std::string::npos);
}

TEST(ReplayJson, IsOneDocumentWithEveryEvent) {
  const Tape tape = conversation();
  auto reader = tape.reader();
  std::string text;
  EXPECT_EQ(render_json(reader, [&](std::string_view part) { text += part; }), Replayed::kWhole);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_TRUE(text.starts_with(
      R"({"events":[{"number":0,"block":0,"at":"2023-11-14T22:13:20.000Z","type":"session_opened",)"))
      << text.substr(0, 200);
  EXPECT_NE(
      text.find(R"("type":"decision","ticket":"abcd2345","statement":2,"decision":"approved",)"
                R"("by":"carol","note":"as agreed"})"),
      std::string::npos);
  EXPECT_NE(text.find(R"({"kind":"row","text":"","cells":["B",null]})"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("],\"closed\":true,\"verified\":true,\"damage\":null}\n"));
}

TEST(ReplayAsciicast, IsAHeaderAndTimedOutput) {
  const Tape tape = conversation();
  auto reader = tape.reader();
  std::vector<std::string> lines;
  render_asciicast(reader, [&](std::string_view part) { lines.emplace_back(part); });
  EXPECT_EQ(lines[0], "{\"version\":2,\"width\":120,\"height\":40,\"timestamp\":1700000000}\n");
  EXPECT_EQ(lines[2], "[0.001000,\"o\",\"22:13:20.001  -- logged in upstream\\u000d\\n\"]\n");
}

TEST(ReplayTime, IsRightBeforeTheEpochToo) {
  EXPECT_EQ(moment_text(WallTime{std::chrono::nanoseconds{-1}}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(moment_text(WallTime{std::chrono::nanoseconds{0}}), "1970-01-01T00:00:00.000Z");
}

TEST(VerifyReport, NamesTheFirstBadPlace) {
  record::Report report;
  report.findings.push_back({"ses-1.slr", 120, 2, "its hash is wrong"});
  report.findings.push_back({"host.chain", 0, std::nullopt, "it is missing"});
  const std::string text = report_text(report);
  EXPECT_NE(text.find("BROKEN  ses-1.slr, offset 120, block 2: its hash is wrong\n"),
            std::string::npos);
  EXPECT_NE(text.find("BROKEN  host.chain, offset 0: it is missing\n"), std::string::npos);
  EXPECT_TRUE(report_json(report).starts_with(
      R"({"ok":false,"findings":[{"file":"ses-1.slr","offset":120,"record":2,)"));
  report.findings.clear();
  EXPECT_NE(report_text(report).find("the recordings are whole"), std::string::npos);
}

}  // namespace
}  // namespace sluice::cli
