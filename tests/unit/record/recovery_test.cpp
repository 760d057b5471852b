// SPDX-License-Identifier: Apache-2.0
// Invariant 4 and 7 over the death of the daemon: what it left behind is finished, never hidden.
#include "support.h"

#include <sys/stat.h>

namespace sluice::record {
namespace {

using namespace test;

constexpr const char* kLive = "ses-00000000000000aa";
constexpr const char* kLiveFile = "ses-00000000000000aa.slr";

class AfterDeath : public testing::Test {
 protected:
  void SetUp() override {
    auto recorder = directory.start();
    record_session(*recorder, directory.clock, "ses-0000000000000001");
    record_session(*recorder, directory.clock, kLive, /*close=*/false);
  }
  void keep() {
    saved = directory.root + "/saved";
    std::filesystem::copy(directory.path, saved);
  }
  void restore() const {
    std::filesystem::remove_all(directory.path);
    std::filesystem::copy(saved, directory.path);
  }
  Directory directory;
  std::string saved;
};

TEST_F(AfterDeath, ALiveSessionIsNotAnErrorAndIsToldSo) {
  const Report report = directory.verify();
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.live, 1U);
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_NE(report.notes[0].find("not sealed yet"), std::string::npos);
}

TEST_F(AfterDeath, TheNextStartAbandonsWhatWasOpen) {
  auto recorder = directory.start();
  ASSERT_EQ(recorder->recovered().size(), 1U);
  EXPECT_NE(recorder->recovered()[0].find("it was cut off"), std::string::npos);
  const Report report = directory.verify(recorder->latest_checkpoint());
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.abandoned, 1U);
  EXPECT_EQ(report.live, 0U);
}

TEST_F(AfterDeath, ASessionCutAtAnyByteIsRecoveredAndVerifies) {
  const std::string whole = directory.read(kLiveFile);
  keep();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    restore();
    directory.write(kLiveFile, whole.substr(0, size));
    const Report before = directory.verify();
    EXPECT_TRUE(before.ok()) << size << "\n" << text_of(before);
    auto recorder = directory.start();
    ASSERT_TRUE(recorder) << size;
    const Report report = directory.verify();
    EXPECT_TRUE(report.ok()) << size << "\n" << text_of(report);
    EXPECT_EQ(report.abandoned, 1U);
    record_session(*recorder, directory.clock, "ses-0000000000000002");
    EXPECT_TRUE(directory.verify().ok());
  }
}

TEST_F(AfterDeath, AChainCutInsideItsLastEntryIsRepairedAndSaidSo) {
  const std::string whole = directory.read("host.chain");
  keep();
  // The last entry opened the live session; its file has not begun then.
  constexpr std::size_t kLastEntryBytes = 28 + 8 + 1 + 20 + 32 + 32;
  for (std::size_t cut = 1; cut < kLastEntryBytes; ++cut) {
    restore();
    directory.write("host.chain", whole.substr(0, whole.size() - cut));
    directory.write(kLiveFile, "");
    auto recorder = directory.start();
    ASSERT_TRUE(recorder) << cut;
    ASSERT_FALSE(recorder->recovered().empty());
    EXPECT_NE(recorder->recovered()[0].find("unfinished entry"), std::string::npos);
    const Report report = directory.verify();
    EXPECT_TRUE(report.ok()) << cut << "\n" << text_of(report);
  }
}

TEST_F(AfterDeath, AChainThatWasChangedIsNeverContinued) {
  const std::string whole = directory.read("host.chain");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    directory.write("host.chain", changed);
    EXPECT_FALSE(DirectoryRecorder::start(directory.options(), directory.clock).ok()) << i;
  }
  directory.write("host.chain", whole);
  EXPECT_TRUE(directory.start());
}

TEST_F(AfterDeath, AChainCutBackBehindItsCheckpointIsNeverContinued) {
  const std::string before = directory.read("host.chain");
  directory.start();
  directory.write("host.chain", before);
  auto refused = DirectoryRecorder::start(directory.options(), directory.clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text().find("was cut back"), std::string::npos);
  std::filesystem::remove(directory.path + "/host.chain");
  EXPECT_FALSE(DirectoryRecorder::start(directory.options(), directory.clock).ok());
}

TEST_F(AfterDeath, AnIndexThatIsLostOrTornIsCompletedFromTheSessions) {
  directory.start();
  const std::string whole = directory.read("index");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory.write("index", whole.substr(0, size));
    ASSERT_TRUE(directory.start());
    EXPECT_EQ(directory.read("index").size(), whole.size()) << size;
    EXPECT_TRUE(directory.verify().ok()) << size;
  }
}

TEST_F(AfterDeath, AMissingFileOfALiveSessionIsNotExcusedByTheRecovery) {
  std::filesystem::remove(directory.path + "/" + kLiveFile);
  EXPECT_TRUE(directory.start());
  EXPECT_FALSE(directory.verify().ok());
}

TEST_F(AfterDeath, DamageInsideALiveSessionIsNotExcusedByTheRecovery) {
  std::string changed = directory.read(kLiveFile);
  changed[100] = static_cast<char>(changed[100] ^ 1);
  directory.write(kLiveFile, changed);
  auto recorder = directory.start();
  EXPECT_NE(recorder->recovered()[0].find("is damaged"), std::string::npos);
  EXPECT_FALSE(directory.verify().ok());
}

TEST(Start, RefusesASecondDaemon) {
  Directory directory;
  auto first = directory.start();
  auto second = DirectoryRecorder::start(directory.options(), directory.clock);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().text().find("another daemon"), std::string::npos);
}

TEST(Start, MakesAKeyThatOnlyItsOwnerReadsAndRefusesAnyOther) {
  Directory directory;
  directory.start();
  const std::string key = directory.root + "/keys/recording.key";
  struct stat status {};
  ASSERT_EQ(::stat(key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  auto refused = DirectoryRecorder::start(directory.options(), directory.clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text().find("can be read by others"), std::string::npos);
}

TEST(Start, RefusesAKeyThatTheChainWasNotBegunWith) {
  Directory directory;
  directory.start();
  std::filesystem::remove_all(directory.root + "/keys");
  EXPECT_FALSE(DirectoryRecorder::start(directory.options(), directory.clock).ok());
}

}  // namespace
}  // namespace sluice::record
