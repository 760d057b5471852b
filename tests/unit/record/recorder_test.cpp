// SPDX-License-Identifier: Apache-2.0
#include "failing_files.h"
#include "record/reader.h"
#include "support.h"

#include <thread>

namespace sluice::record {
namespace {

using namespace test;

constexpr const char* kSession = "ses-0000000000000001";

std::vector<RecordedEvent> read_all(const Directory& directory, const SessionId& id,
                                    std::string* seen = nullptr) {
  auto reader = SessionReader::open(directory.path, id, directory.key().host_id());
  EXPECT_TRUE(reader.ok());
  std::vector<RecordedEvent> events;
  for (;;) {
    auto step = reader->next();
    auto* event = std::get_if<RecordedEvent>(&step);
    if (!event) {
      EXPECT_TRUE(std::holds_alternative<End>(step));
      return events;
    }
    if (const auto* sees = std::get_if<AgentSees>(&event->event); sees && seen)
      *seen += as_text(sees->bytes);
    events.push_back(std::move(*event));
  }
}

TEST(Recorder, GivesBackWhatWasRecordedInOrder) {
  Directory directory;
  record_session(*directory.start(), directory.clock, kSession);
  const auto events = read_all(directory, kSession);
  ASSERT_EQ(events.size(), 7U);
  EXPECT_EQ(std::get<SessionOpened>(events[0].event).lineage.size(), 2U);
  const auto& judged = std::get<StatementJudged>(events[1].event);
  EXPECT_EQ(judged.intent.statement, "select 1");
  ASSERT_TRUE(judged.intent.lineage);
  EXPECT_EQ(judged.intent.lineage->back().agent, "reporter");
  EXPECT_EQ(std::get<HoldDecided>(events[4].event).note, "fine");
  EXPECT_EQ(std::get<SessionClosed>(events[6].event).reason, "agent closed");
  EXPECT_EQ(events[6].at, directory.clock.wall());
}

TEST(Recorder, WritesTheSameBytesForTheSameEvents) {
  Directory one;
  Directory two;
  one.start();
  std::filesystem::create_directory(two.root + "/keys");
  for (const char* name : {"/keys/recording.key", "/keys/recording.pub"})
    std::filesystem::copy(one.root + name, two.root + name);
  record_session(*one.start(), one.clock, kSession);
  record_session(*two.start(), two.clock, kSession);
  EXPECT_EQ(one.read(std::string{kSession} + ".slr"), two.read(std::string{kSession} + ".slr"));
}

TEST(Recorder, HandsEveryCommitToTheKernel) {
  Directory directory;
  auto recorder = directory.start();
  auto writer = recorder->open(directory.clock.wall(), sample_opened(kSession));
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(read_all(directory, kSession).size(), 1U);
  ASSERT_OK((*writer)->append(directory.clock.wall(), Remark{"not yet"}));
  EXPECT_EQ(read_all(directory, kSession).size(), 1U);
  ASSERT_OK((*writer)->commit());
  EXPECT_EQ(read_all(directory, kSession).size(), 2U);
  ASSERT_OK((*writer)->close());
}

TEST(Recorder, KeepsALongResultWholeInBoundedBlocks) {
  Directory directory;
  auto recorder = directory.start();
  auto writer = recorder->open(directory.clock.wall(), sample_opened(kSession));
  ASSERT_TRUE(writer.ok());
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(20'000, static_cast<char>('a' + i % 26));
    all += piece;
    ASSERT_OK((*writer)->append(directory.clock.wall(), AgentSees{as_bytes(piece)}));
  }
  ASSERT_OK((*writer)->append(directory.clock.wall(), SessionClosed{}));
  ASSERT_OK((*writer)->close());
  std::string seen;
  read_all(directory, kSession, &seen);
  EXPECT_EQ(seen, all);
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_GT(report.blocks, 5U);
}

TEST(Recorder, RefusesNamesThatAreNoSessionsAndNamesThatAreTaken) {
  Directory directory;
  auto recorder = directory.start();
  const WallTime at = directory.clock.wall();
  for (const char* id : {"", "ses-", "ses-../x", "run-1", "ses-a/b", "ses-a.b"})
    EXPECT_FALSE(recorder->open(at, sample_opened(id)).ok()) << id;
  record_session(*recorder, directory.clock, kSession);
  EXPECT_FALSE(recorder->open(at, sample_opened(kSession)).ok());
  EXPECT_TRUE(directory.verify().ok());
}

TEST(Recorder, TakesNothingAfterClose) {
  Directory directory;
  auto recorder = directory.start();
  auto writer = recorder->open(directory.clock.wall(), sample_opened(kSession));
  ASSERT_OK((*writer)->close());
  EXPECT_FALSE((*writer)->append(directory.clock.wall(), Remark{"late"}).ok());
  EXPECT_FALSE((*writer)->commit().ok());
  EXPECT_FALSE((*writer)->close().ok());
}

TEST(Recorder, PutsAWriterThatGoesWithoutCloseIntoTheChain) {
  Directory directory;
  auto recorder = directory.start();
  recorder->open(directory.clock.wall(), sample_opened(kSession)).value().reset();
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.abandoned, 1U);
}

TEST(Recorder, SignsAfterEnoughEntriesOrEnoughTime) {
  Directory directory;
  auto options = directory.options();
  options.checkpoint_entries = 4;
  options.checkpoint_interval = std::chrono::seconds{10};
  auto recorder = directory.start(options);
  EXPECT_TRUE(recorder->latest_checkpoint());
  EXPECT_FALSE(recorder->checkpoint_if_due().value());
  record_session(*recorder, directory.clock, "ses-1");
  EXPECT_FALSE(recorder->checkpoint_if_due().value());
  directory.clock.advance(std::chrono::seconds{10});
  const auto by_time = recorder->checkpoint_if_due().value();
  ASSERT_TRUE(by_time);
  EXPECT_EQ(by_time->entries, 4U);  // begun, checkpoint, opened, sealed
  EXPECT_FALSE(recorder->checkpoint_if_due().value());
  directory.clock.advance(std::chrono::hours{1});
  EXPECT_FALSE(recorder->checkpoint_if_due().value()) << "nothing new to sign";
  record_session(*recorder, directory.clock, "ses-2");
  record_session(*recorder, directory.clock, "ses-3");
  const auto by_count = recorder->checkpoint_if_due().value();
  ASSERT_TRUE(by_count);
  EXPECT_TRUE(by_count->signed_by(directory.key()));
  EXPECT_EQ(parse_checkpoint(by_count->text()).value(), *by_count);
  EXPECT_TRUE(directory.verify(by_time).ok());
  EXPECT_TRUE(directory.verify(by_count).ok());
}

TEST(Recorder, ListsFinishedAndLiveSessions) {
  Directory directory;
  auto recorder = directory.start();
  record_session(*recorder, directory.clock, "ses-2");
  directory.clock.advance(std::chrono::seconds{1});
  auto live = recorder->open(directory.clock.wall(), sample_opened("ses-1"));
  const auto listed = list_sessions(directory.path, directory.key().host_id()).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].summary.session, "ses-2");
  EXPECT_EQ(listed[0].summary.agent, "reporter");
  EXPECT_EQ(listed[0].summary.statements, 3U);
  EXPECT_EQ(listed[0].summary.denied, 1U);
  EXPECT_EQ(listed[0].summary.held, 1U);
  EXPECT_FALSE(listed[0].live);
  EXPECT_TRUE(listed[1].live);
}

TEST(Recorder, TakesSessionsFromManyThreadsAtOnce) {
  Directory directory;
  {
    auto recorder = directory.start();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          record_session(*recorder, directory.clock,
                         "ses-" + std::to_string(t) + "-" + std::to_string(i));
          EXPECT_TRUE(recorder->checkpoint_if_due().ok());
          if (i % 5 == 0) {
            EXPECT_TRUE(recorder->checkpoint().ok());
          }
        }
      });
    for (int i = 0; i < 10; ++i) {
      const Report beside = directory.verify();
      EXPECT_TRUE(beside.ok()) << text_of(beside);
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(recorder->checkpoint().ok());
  }
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.sessions, 40U);
}

// --- invariant 4 and 6: a recorder that cannot write stops the flow ---------------------------

struct FaultCase {
  std::string name;
  Fault::Kind kind;
  bool for_ever;
  bool truncate_fails;
  Durability durability;
  std::uint32_t journal_slots = 0;
};

class EachFailure : public testing::TestWithParam<FaultCase> {};

struct Outcome {
  bool all_done = false;  // every call succeeded
  std::uint64_t committed = 0;
};

// After the first failure all calls of that writer must fail.
Outcome run_once(DirectoryRecorder& recorder, const Clock& clock) {
  auto opened = recorder.open(clock.wall(), sample_opened(kSession));
  if (!opened) return {};
  SessionWriter& writer = **opened;
  bool failed = false;
  std::uint64_t committed = 0;
  const auto step = [&](Result<void> result) {
    if (failed) {
      EXPECT_FALSE(result.ok());
    }
    failed = failed || !result.ok();
  };
  // The last but one is larger than a slot of the journal.
  for (const std::size_t bytes : {700U, 700U, 100U, 20'000U, 700U}) {
    step(writer.append(clock.wall(),
                       sample_judged(1, VerdictKind::kAllow, std::string(bytes, 'q'))));
    step(writer.commit());
    committed += failed ? 0 : 1;
  }
  step(writer.append(clock.wall(), SessionClosed{}));
  step(writer.close());
  return {!failed, committed};
}

TEST_P(EachFailure, StopsTheWriterAndLeavesAFileThatVerifiesWithAllThatWasCommitted) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 100);
    Directory directory;
    Fault fault;
    auto started = DirectoryRecorder::start(
        [&] {
          auto options = directory.options();
          options.durability = GetParam().durability;
          options.journal_slots = GetParam().journal_slots;
          return options;
        }(),
        directory.clock, std::make_unique<FailingFiles>(fault));
    ASSERT_TRUE(started.ok());
    fault.kind = GetParam().kind;
    fault.for_ever = GetParam().for_ever;
    fault.truncate_fails = GetParam().truncate_fails;
    fault.count = 0;
    fault.at = n;
    const Outcome outcome = run_once(**started, directory.clock);
    const bool hit = fault.hit;
    started->reset();
    if (!hit) {
      EXPECT_TRUE(outcome.all_done);
      break;
    }
    // The daemon starts again on a healthy disk, and what there is verifies.
    ASSERT_TRUE(directory.start()) << n;
    const Report report = directory.verify();
    EXPECT_TRUE(report.ok()) << n << "\n" << text_of(report);
    EXPECT_GE(statements_of(directory, kSession), outcome.committed) << n;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Recorder, EachFailure,
    testing::Values(
        FaultCase{"full", Fault::Kind::kFull, false, false, Durability::kProcess},
        FaultCase{"full_for_ever", Fault::Kind::kFull, true, false, Durability::kProcess},
        FaultCase{"short", Fault::Kind::kShortThenFull, false, false, Durability::kProcess},
        FaultCase{"short_and_stuck", Fault::Kind::kShortThenFull, true, true, Durability::kProcess},
        FaultCase{"zero", Fault::Kind::kZero, false, false, Durability::kProcess},
        FaultCase{"broken", Fault::Kind::kBroken, false, false, Durability::kProcess},
        FaultCase{"broken_disk", Fault::Kind::kBroken, true, false, Durability::kDisk},
        FaultCase{"journal_full", Fault::Kind::kFull, false, false, Durability::kProcess, 2},
        FaultCase{"journal_full_for_ever", Fault::Kind::kFull, true, false, Durability::kProcess,
                  2},
        FaultCase{"journal_short", Fault::Kind::kShortThenFull, false, false, Durability::kProcess,
                  2},
        FaultCase{"journal_short_and_stuck", Fault::Kind::kShortThenFull, true, true,
                  Durability::kProcess, 2},
        FaultCase{"journal_broken", Fault::Kind::kBroken, false, false, Durability::kProcess, 2}),
    [](const auto& each) { return each.param.name; });

TEST(Recorder, StartsOrSaysWhyNotWhicheverOperationFails) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 100);
    Directory directory;
    record_session(*directory.start(), directory.clock, kSession);
    record_session(*directory.start(), directory.clock, "ses-2", /*close=*/false);
    Fault fault;
    fault.at = n;
    auto started = DirectoryRecorder::start(directory.options(), directory.clock,
                                            std::make_unique<FailingFiles>(fault));
    if (!fault.hit) {
      EXPECT_TRUE(started.ok());
      break;
    }
    EXPECT_FALSE(started.ok()) << n;
    ASSERT_TRUE(directory.start()) << n;
    EXPECT_TRUE(directory.verify().ok()) << n << "\n" << text_of(directory.verify());
  }
}

}  // namespace
}  // namespace sluice::record
