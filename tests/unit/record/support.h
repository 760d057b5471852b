// SPDX-License-Identifier: Apache-2.0
// A throwaway recordings directory, a clock that stands still, and sample events.
#pragma once

#include "failing_files.h"
#include "record/reader.h"
#include "record/recorder.h"
#include "record/sessions.h"
#include "record/verify.h"

#include <sluice/clock.h>
#include <sluice/event.h>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace sluice::record::test {

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime{std::chrono::nanoseconds{now_ns.load()}}; }
  SteadyTime steady() const override { return SteadyTime{std::chrono::nanoseconds{now_ns.load()}}; }
  void advance(std::chrono::nanoseconds by) { now_ns += by.count(); }
  std::atomic<std::int64_t> now_ns{1'700'000'000'000'000'000};
};

inline Run sample_run() {
  return {.id = "run-0000000000000001",
          .agent = "reporter",
          .cgroup_id = 4711,
          .cgroup_path = "/sluice/run-0000000000000001",
          .launched_by = "alice",
          .on_behalf_of = "bob",
          .task = "monthly report"};
}

inline SessionOpened sample_opened(const SessionId& id) {
  Run outer = sample_run();
  outer.id = "run-0000000000000000";
  outer.agent = "planner";
  return {.session = id,
          .flow = 77,
          .lineage = {outer, sample_run()},
          .resource = "orders",
          .protocol = "postgres",
          .agent_address = {*parse_ip("127.0.0.1"), 50000},
          .original_destination = {*parse_ip("10.0.0.5"), 5432},
          .policy_version = 3};
}

inline StatementJudged sample_judged(std::uint64_t number, VerdictKind kind,
                                     const std::string& statement) {
  StatementJudged judged;
  judged.statement = number;
  judged.intent.resource = "orders";
  judged.intent.protocol = "postgres";
  judged.intent.database = "shop";
  judged.intent.statement = statement;
  judged.intent.fingerprint = "0123456789abcdef";
  judged.intent.actions = {Action::kRead, Action::kCall};
  judged.intent.objects = {{ObjectRef::Kind::kTable, "public", "customers"},
                           {ObjectRef::Kind::kFunction, "", "now"}};
  judged.intent.columns = {{"public", "customers", "ssn", true}};
  judged.intent.parameters = {"42", std::nullopt, ""};
  judged.intent.unbounded = true;
  judged.intent.asked_at = WallTime{std::chrono::nanoseconds{1'700'000'000'000'000'005}};
  judged.verdict = {.kind = kind,
                    .rule = "reads",
                    .agent = "planner",
                    .message = "name the rows",
                    .approvers = {.users = {"alice"}, .groups = {"dba", "ops"}, .count = 2},
                    .timeout = std::chrono::seconds{600},
                    .observed = {{"watch", VerdictKind::kDeny}},
                    .policy_version = 3};
  if (kind == VerdictKind::kHold) judged.ticket = "abcd2345";
  return judged;
}

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/sluice-record-XXXXXX";
    root = ::mkdtemp(name);
    path = root + "/recordings";
  }
  ~Directory() { std::filesystem::remove_all(root); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  RecorderOptions options() const { return {.directory = path, .key_directory = root + "/keys"}; }
  // Nothing fails, and nothing waits for the disk.
  std::unique_ptr<DirectoryRecorder> start() const { return start(options()); }
  std::unique_ptr<DirectoryRecorder> start(const RecorderOptions& with) const {
    auto recorder = DirectoryRecorder::start(with, clock, std::make_unique<FailingFiles>(no_fault));
    EXPECT_TRUE(recorder.ok()) << (recorder.ok() ? "" : recorder.error().text());
    return recorder.ok() ? *std::move(recorder) : nullptr;
  }
  PublicKey key() const { return *PublicKey::load(root + "/keys/recording.pub"); }
  Report verify(const std::optional<Checkpoint>& off_host = std::nullopt) const {
    auto report = verify_all(path, key(), off_host);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().text());
    return report.ok() ? *std::move(report) : Report{};
  }
  std::string read(const std::string& name) const {
    std::ifstream in{path + "/" + name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream{path + "/" + name, std::ios::binary | std::ios::trunc} << content;
  }

  FakeClock clock;
  mutable Fault no_fault;
  std::string root;
  std::string path;
};

inline std::string text_of(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings)
    text += finding.file + " @" + std::to_string(finding.offset) +
            (finding.record ? " #" + std::to_string(*finding.record) : "") + ": " + finding.what +
            "\n";
  return text;
}

#define ASSERT_OK(expression)                                \
  do {                                                       \
    auto assert_ok = (expression);                           \
    ASSERT_TRUE(assert_ok.ok()) << assert_ok.error().text(); \
  } while (false)

// The descriptors of a process that died are closed, and with them goes the writer's lock, and that
// of its journal ("journal").
inline void unlock_as_death_does(const std::string& id) {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).filename().string().starts_with(id))
      ::flock(std::stoi(entry.path().filename()), LOCK_UN);
  }
}

// How many statements the session's recording has, with what waits in a journal.
inline std::uint64_t statements_of(const Directory& directory, const SessionId& id) {
  auto reader = SessionReader::open_live(directory.path, id, directory.key().host_id());
  if (!reader) return 0;
  std::uint64_t statements = 0;
  for (;;) {
    const auto step = reader->next();
    const auto* event = std::get_if<RecordedEvent>(&step);
    if (!event) return statements;
    if (std::holds_alternative<StatementJudged>(event->event)) statements += 1;
  }
}

// A session of a few blocks: a read, a hold that was approved, a refusal.
inline void record_session(DirectoryRecorder& recorder, const Clock& clock, const SessionId& id,
                           bool close = true) {
  auto opened = recorder.open(clock.wall(), sample_opened(id));
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  SessionWriter& writer = **opened;
  const WallTime at = clock.wall();
  ASSERT_OK(writer.append(at, sample_judged(1, VerdictKind::kAllow, "select 1")));
  ASSERT_OK(writer.commit());
  ASSERT_OK(writer.append(at, AgentSees{as_bytes("C\0\0\0\x0dSELECT 1\0")}));
  ASSERT_OK(writer.append(at, sample_judged(2, VerdictKind::kHold, "delete from t where id = 1")));
  ASSERT_OK(writer.commit());
  ASSERT_OK(
      writer.append(at, HoldDecided{"abcd2345", 2, DecisionKind::kApproved, "alice", "fine"}));
  ASSERT_OK(writer.append(at, sample_judged(3, VerdictKind::kDeny, std::string(600, 'x'))));
  ASSERT_OK(writer.commit());
  if (!close) {
    // As a daemon that is killed: the destructor does not run. Still reachable, so that no leak is
    // reported.
    static auto* const killed = new std::vector<std::unique_ptr<SessionWriter>>;
    killed->push_back(*std::move(opened));
    unlock_as_death_does(id);
    return;
  }
  ASSERT_OK(writer.append(at, SessionClosed{"agent closed", 100, 14, 3}));
  ASSERT_OK(writer.close());
}

}  // namespace sluice::record::test
