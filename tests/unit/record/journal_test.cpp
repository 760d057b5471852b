// SPDX-License-Identifier: Apache-2.0
// Invariants 6 and 7 where commits wait in the journal: what was committed is in the recording,
// once, whenever the daemon dies.
#include "record/journal.h"

#include "support.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <thread>

namespace sluice::record::test {
namespace {

constexpr const char* kSession = "ses-00000000000000bb";
constexpr const char* kFile = "ses-00000000000000bb.slr";
constexpr const char* kJournal = "journal.0";

class Journalled : public testing::Test {
 protected:
  void SetUp() override { begin(2); }
  void begin(std::uint32_t slots) {
    writer.reset();
    recorder.reset();
    RecorderOptions options = directory.options();
    options.journal_slots = slots;
    recorder = directory.start(options);
    ASSERT_TRUE(recorder);
    writer = open(kSession);
  }
  std::unique_ptr<SessionWriter> open(const SessionId& id) {
    auto opened = recorder->open(directory.clock.wall(), sample_opened(id));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().text());
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  static void commit(SessionWriter& to, const Directory& directory, std::size_t bytes = 30) {
    ASSERT_OK(to.append(directory.clock.wall(),
                        sample_judged(1, VerdictKind::kAllow, std::string(bytes, 'q'))));
    ASSERT_OK(to.commit());
  }
  void commit(std::size_t bytes = 30) {
    commit(*writer, directory, bytes);
    committed += 1;
  }
  void close() {
    ASSERT_OK(writer->append(directory.clock.wall(), SessionClosed{}));
    ASSERT_OK(writer->close());
  }

  // What the next daemon finds if this one dies now, in a directory of its own.
  struct Death {
    Directory directory;
    std::unique_ptr<DirectoryRecorder> recorder;
  };
  std::string image() {
    const std::string to = directory.root + "/image-" + std::to_string(++images);
    std::filesystem::copy(directory.path, to);
    return to;
  }
  void rise(Death& death, const std::string& from) const {
    std::filesystem::copy(from, death.directory.path);
    std::filesystem::copy(directory.root + "/keys", death.directory.root + "/keys");
    death.recorder = death.directory.start();
    ASSERT_TRUE(death.recorder);
    const Report report = death.directory.verify();
    EXPECT_TRUE(report.ok()) << text_of(report);
  }
  void expect_all_after(const std::string& from) const {
    Death death;
    ASSERT_NO_FATAL_FAILURE(rise(death, from));
    EXPECT_EQ(statements_of(death.directory, kSession), committed);
    EXPECT_FALSE(std::filesystem::exists(death.directory.path + "/" + kJournal));
  }

  Directory directory;
  std::unique_ptr<DirectoryRecorder> recorder;
  std::unique_ptr<SessionWriter> writer;
  std::uint64_t committed = 0;
  int images = 0;
};

TEST_F(Journalled, ACommitIsInTheRecordingAtOnceAndTheFileHasItLater) {
  const auto size = directory.read(kFile).size();
  commit();
  commit();
  EXPECT_EQ(directory.read(kFile).size(), size) << "both wait";
  EXPECT_EQ(statements_of(directory, kSession), 2U);
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  const auto listed = list_sessions(directory.path, directory.key().host_id());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->at(0).summary.statements, 2U);
  close();
  EXPECT_EQ(statements_of(directory, kSession), 2U);
  EXPECT_TRUE(directory.verify().ok());
}

TEST_F(Journalled, WhatWaitedForASecondBecomesABlock) {
  const auto size = directory.read(kFile).size();
  commit();
  directory.clock.advance(std::chrono::milliseconds{900});
  recorder->write_out();
  EXPECT_EQ(directory.read(kFile).size(), size);
  directory.clock.advance(std::chrono::milliseconds{200});
  recorder->write_out();
  EXPECT_GT(directory.read(kFile).size(), size);
  EXPECT_EQ(statements_of(directory, kSession), 1U);
  expect_all_after(image());
}

TEST_F(Journalled, ADeathAfterAnyCommitLosesNothingAndDoublesNothing) {
  std::mt19937 random{20261127};
  for (int i = 0; i < 120; ++i) {
    constexpr std::size_t kSizes[] = {10, 200, 700, 3000, 15'000, 17'000};
    commit(kSizes[random() % std::size(kSizes)]);
    if (random() % 8 == 0) {
      directory.clock.advance(std::chrono::seconds{2});
      recorder->write_out();
    }
    expect_all_after(image());
  }
}

TEST_F(Journalled, ADeathWhileABlockIsWrittenLosesNothing) {
  for (int i = 0; i < 5; ++i) commit(100);
  const std::string before = image();
  const auto size = directory.read(kFile).size();
  directory.clock.advance(std::chrono::seconds{2});
  recorder->write_out();
  const std::string whole = directory.read(kFile);
  // The block is there as far as `cut`, and the slot is not cleared yet.
  for (std::size_t cut = size; cut <= whole.size(); ++cut) {
    std::ofstream{before + "/" + kFile, std::ios::binary | std::ios::trunc} << whole.substr(0, cut);
    expect_all_after(before);
  }
}

TEST_F(Journalled, TheJournalGoesWithTheDaemonThatEndsInOrder) {
  commit();
  EXPECT_TRUE(std::filesystem::exists(directory.path + "/" + kJournal));
  close();
  writer.reset();
  recorder.reset();
  EXPECT_FALSE(std::filesystem::exists(directory.path + "/" + kJournal));
}

TEST_F(Journalled, AFlowThatEndsWithoutClosingKeepsWhatWaited) {
  commit();
  writer.reset();
  EXPECT_EQ(statements_of(directory, kSession), 1U);
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.abandoned, 1U);
}

TEST_F(Journalled, WhoFindsNoSlotWritesEachCommit) {
  const auto second = open("ses-00000000000000cc");
  const auto third = open("ses-00000000000000dd");
  commit();
  commit(*second, directory);
  const auto size = directory.read("ses-00000000000000dd.slr").size();
  commit(*third, directory);
  EXPECT_GT(directory.read("ses-00000000000000dd.slr").size(), size);
  // A slot is free again when its session has been silent for a second.
  directory.clock.advance(std::chrono::seconds{2});
  recorder->write_out();
  const auto now = directory.read("ses-00000000000000dd.slr").size();
  commit(*third, directory);
  EXPECT_EQ(directory.read("ses-00000000000000dd.slr").size(), now);
  EXPECT_EQ(statements_of(directory, "ses-00000000000000dd"), 2U);
}

// Every name of a journal belongs to a daemon that lives.
TEST_F(Journalled, WhoGetsNoJournalWritesEachCommit) {
  close();
  writer.reset();
  recorder.reset();
  std::vector<UniqueFd> others;
  for (int number = 0; number < 8; ++number) {
    const std::string path = directory.path + "/journal." + std::to_string(number);
    others.emplace_back(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    ASSERT_EQ(::flock(others.back().get(), LOCK_EX | LOCK_NB), 0);
  }
  RecorderOptions options = directory.options();
  options.journal_slots = 2;
  recorder = directory.start(options);
  ASSERT_TRUE(recorder);
  const SessionId session = "ses-00000000000000cc";
  writer = open(session);
  const auto size = directory.read(session + ".slr").size();
  commit();
  EXPECT_GT(directory.read(session + ".slr").size(), size);
  EXPECT_EQ(statements_of(directory, session), 1U);
  close();
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
}

// The pages of a mapped file that the disk has no room for would end the daemon later.
TEST_F(Journalled, WithoutRoomForAJournalNothingStartsAndNothingIsLeft) {
  close();
  writer.reset();
  recorder.reset();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 512U << 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  RecorderOptions options = directory.options();
  options.journal_slots = 512;
  const auto started = DirectoryRecorder::start(options, directory.clock);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().text().find("find room for"), std::string::npos)
      << started.error().text();
  EXPECT_FALSE(std::filesystem::exists(directory.path + "/" + kJournal));
  EXPECT_TRUE(directory.start(options)) << "with room it starts";
}

TEST_F(Journalled, TwoDaemonsHaveAJournalEachAndTheLivingOneFinishesTheOther) {
  commit();
  recorder->hand_over();
  RecorderOptions options = directory.options();
  options.journal_slots = 2;
  const auto next = directory.start(options);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->recovered().empty()) << next->recovered().front();
  EXPECT_TRUE(std::filesystem::exists(directory.path + "/journal.1"));
  commit();
  unlock_as_death_does(kSession);
  unlock_as_death_does(kJournal);
  const auto finished = next->finish_abandoned();
  ASSERT_TRUE(finished.ok()) << finished.error().text();
  EXPECT_EQ(finished->size(), 2U);
  EXPECT_EQ(statements_of(directory, kSession), committed);
  EXPECT_FALSE(std::filesystem::exists(directory.path + "/" + kJournal));
  EXPECT_TRUE(std::filesystem::exists(directory.path + "/journal.1"));
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  static auto* const dead = new std::pair{std::move(recorder), std::move(writer)};
  ASSERT_NE(dead, nullptr);
}

TEST_F(Journalled, AfterTheHostWentDownTheJournalIsKeptAndNotBelieved) {
  commit();
  const std::string from = image();
  std::string journal = directory.read(kJournal);
  journal[16] = journal[16] == 'x' ? 'y' : 'x';  // another boot
  std::ofstream{from + "/" + kJournal, std::ios::binary | std::ios::trunc} << journal;
  Death death;
  ASSERT_NO_FATAL_FAILURE(rise(death, from));
  EXPECT_EQ(statements_of(death.directory, kSession), 0U);
  ASSERT_GE(death.recorder->recovered().size(), 2U);
  EXPECT_NE(death.recorder->recovered()[0].find("the host went down"), std::string::npos);
  EXPECT_NE(death.recorder->recovered()[1].find("kept"), std::string::npos);
}

TEST_F(Journalled, AJournalThatWasChangedIsRefusedAndKept) {
  commit();
  const std::string from = image();
  const std::string journal = directory.read(kJournal);
  // The first slot: how many bytes, which block, and the first event.
  for (const std::size_t at : {std::size_t{1}, std::size_t{8}, Journal::kSlotHeadBytes}) {
    std::string changed = journal;
    changed[Journal::kSlotBytes + at] ^= 0x40;
    std::ofstream{from + "/" + kJournal, std::ios::binary | std::ios::trunc} << changed;
    Death death;
    ASSERT_NO_FATAL_FAILURE(rise(death, from)) << at;
    EXPECT_LE(statements_of(death.directory, kSession), 1U);
  }
}

TEST_F(Journalled, WhatBecomesABlockWhileItIsReadIsReadOnce) {
  for (int i = 0; i < 5; ++i) commit();
  auto reader = SessionReader::open_live(directory.path, kSession, directory.key().host_id());
  ASSERT_TRUE(reader.ok());
  std::uint64_t statements = 0;
  for (;;) {
    const auto step = reader->next();
    const auto* event = std::get_if<RecordedEvent>(&step);
    if (!event) break;
    if (!std::holds_alternative<StatementJudged>(event->event)) continue;
    statements += 1;
    directory.clock.advance(std::chrono::seconds{2});
    recorder->write_out();
  }
  EXPECT_EQ(statements, committed);
}

TEST_F(Journalled, WhileABlockIsWrittenItsEventsAreRead) {
  for (int i = 0; i < 5; ++i) commit(100);
  Directory other;
  other.path = image();
  std::filesystem::copy(directory.root + "/keys", other.root + "/keys");
  const auto size = directory.read(kFile).size();
  directory.clock.advance(std::chrono::seconds{2});
  recorder->write_out();
  const std::string whole = directory.read(kFile);
  for (std::size_t end = size; end < whole.size(); end += 7) {
    std::ofstream{other.path + "/" + kFile, std::ios::binary | std::ios::trunc}
        << whole.substr(0, end);
    EXPECT_EQ(statements_of(other, kSession), committed) << end - size << " bytes of it";
  }
}

TEST_F(Journalled, ReadersBesideTheWriterSeeAllThatWasCommittedBeforeThey) {
  std::atomic<std::uint64_t> done{0};
  std::thread writing{[&] {
    for (int i = 0; i < 3000; ++i) {
      commit(*writer, directory, i % 50 == 0 ? 9000 : 60);
      done += 1;
      if (i % 40 == 0) directory.clock.advance(std::chrono::milliseconds{600});
    }
  }};
  std::thread housekeeping{[&] {
    while (done < 3000) recorder->write_out();
  }};
  while (done < 3000) {
    const std::uint64_t before = done;
    const std::uint64_t seen = statements_of(directory, kSession);
    EXPECT_GE(seen, before);
    EXPECT_LE(seen, done + 1);
  }
  writing.join();
  housekeeping.join();
  EXPECT_EQ(statements_of(directory, kSession), 3000U);
  close();
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
}

TEST(JournalView, NeverTakesTheEventsOfOneBlockForThoseOfTheNext) {
  const Directory directory;
  ASSERT_TRUE(std::filesystem::create_directory(directory.path));
  const auto journal = Journal::create(directory.path, 1);
  ASSERT_TRUE(journal.ok() && *journal);
  constexpr std::uint64_t kBlocks = 200'000;
  const JournalView view = JournalView::of(directory.path);
  std::atomic<std::uint64_t> written{0};
  std::thread writing{[&] {
    const auto slot = (*journal)->claim(kSession, 0);
    for (std::uint64_t block = 0; block < kBlocks; written = ++block) {
      Bytes event(64, static_cast<std::uint8_t>(block % 251));
      for (int i = 0; i < 5; ++i) slot->put(event);
      slot->clear(block + 1);
    }
  }};
  std::uint64_t mixed = 0;
  while (written < kBlocks) {
    const std::uint64_t before = written;
    for (std::uint64_t block = before; block < before + 3; ++block)
      if (const auto events = view.waiting(kSession, block))
        mixed += !std::ranges::all_of(*events, [&](auto byte) { return byte == block % 251; });
  }
  writing.join();
  EXPECT_EQ(mixed, 0U);
}

TEST(JournalView, NeverTakesTheEventsOfOneSessionForThoseOfTheNext) {
  const Directory directory;
  ASSERT_TRUE(std::filesystem::create_directory(directory.path));
  const auto journal = Journal::create(directory.path, 1);
  ASSERT_TRUE(journal.ok() && *journal);
  const JournalView view = JournalView::of(directory.path);
  const SessionId sessions[] = {kSession, "ses-00000000000000cc"};
  // Both have blocks of the same numbers.
  constexpr std::uint64_t kTurns = 100'000;
  std::atomic<std::uint64_t> turns{0};
  std::thread writing{[&] {
    for (std::uint64_t turn = 0; turn < kTurns; turns = ++turn) {
      const auto slot = (*journal)->claim(sessions[turn % 2], turn / 2);
      const Bytes event(64, static_cast<std::uint8_t>(turn % 2));
      for (int i = 0; i < 5; ++i) slot->put(event);
      slot->clear(turn / 2 + 1);
    }
  }};
  std::uint64_t mixed = 0;
  while (turns < kTurns) {
    const std::uint64_t block = turns / 2;
    for (const std::size_t which : {0, 1})
      if (const auto events = view.waiting(sessions[which], block))
        mixed += !std::ranges::all_of(*events, [&](auto byte) { return byte == which; });
  }
  writing.join();
  EXPECT_EQ(mixed, 0U);
}

}  // namespace
}  // namespace sluice::record::test
