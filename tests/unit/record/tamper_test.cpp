// SPDX-License-Identifier: Apache-2.0
// Invariant 7: the recording proves itself. Each way of tampering is found, and named.
#include "record/block.h"
#include "support.h"

namespace sluice::record {
namespace {

using namespace test;

constexpr const char* kFirst = "ses-0000000000000001";
constexpr const char* kSecond = "ses-0000000000000002";
constexpr const char* kFirstFile = "ses-0000000000000001.slr";
constexpr const char* kSecondFile = "ses-0000000000000002.slr";

class Invariant7 : public testing::Test {
 protected:
  void SetUp() override {
    auto recorder = directory.start();
    record_session(*recorder, directory.clock, kFirst);
    directory.clock.advance(std::chrono::seconds{1});
    record_session(*recorder, directory.clock, kSecond);
    auto made = recorder->checkpoint();
    ASSERT_TRUE(made.ok());
    checkpoint = *made;
  }
  std::vector<std::string> blocks(const std::string& name) const {
    std::vector<std::string> out;
    const std::string file = directory.read(name);
    std::string_view magic = name == "host.chain" ? kEntryMagic : kBlockMagic;
    for (std::size_t at = 0; at < file.size();) {
      const auto header = std::get<FrameHeader>(read_header(
          magic, as_bytes(std::string_view{file}.substr(at, kHeaderBytes)), kPayloadBytesMax));
      const std::size_t size = kHeaderBytes + header.payload_bytes + kHashBytes;
      out.push_back(file.substr(at, size));
      at += size;
    }
    return out;
  }
  void write_blocks(const std::string& name, const std::vector<std::string>& all) const {
    std::string file;
    for (const std::string& block : all) file += block;
    directory.write(name, file);
  }
  void expect_first(const std::string& file, const std::string& what) const {
    const Report report = directory.verify();
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.findings[0].file, file) << text_of(report);
    EXPECT_NE(report.findings[0].what.find(what), std::string::npos) << text_of(report);
  }

  Directory directory;
  Checkpoint checkpoint;
};

TEST_F(Invariant7, AnUntouchedDirectoryIsWhole) {
  const Report report = directory.verify(checkpoint);
  EXPECT_TRUE(report.ok()) << text_of(report);
  EXPECT_EQ(report.sessions, 2U);
  EXPECT_EQ(report.live, 0U);
  EXPECT_EQ(report.blocks, 10U);
  EXPECT_EQ(report.events, 14U);
}

TEST_F(Invariant7, EveryFlippedByteOfEveryFileIsFound) {
  for (const std::string name : {kFirstFile, "host.chain", "index", "checkpoint"}) {
    const std::string whole = directory.read(name);
    ASSERT_FALSE(whole.empty()) << name;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
      directory.write(name, changed);
      const Report report = directory.verify();
      ASSERT_FALSE(report.ok()) << name << " byte " << i;
      EXPECT_EQ(report.findings[0].file, name) << i << "\n" << text_of(report);
      EXPECT_LE(report.findings[0].offset, i) << name << "\n" << text_of(report);
    }
    directory.write(name, whole);
  }
  EXPECT_TRUE(directory.verify().ok());
}

TEST_F(Invariant7, EveryCutOfASealedSessionIsFound) {
  const std::string whole = directory.read(kFirstFile);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory.write(kFirstFile, whole.substr(0, size));
    EXPECT_FALSE(directory.verify().ok()) << size;
  }
}

TEST_F(Invariant7, EveryCutOfTheChainIsFound) {
  const std::string whole = directory.read("host.chain");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory.write("host.chain", whole.substr(0, size));
    EXPECT_FALSE(directory.verify().ok()) << size;
  }
}

TEST_F(Invariant7, EveryCutOfTheIndexIsFound) {
  const std::string whole = directory.read("index");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory.write("index", whole.substr(0, size));
    EXPECT_FALSE(directory.verify().ok()) << size;
  }
}

TEST_F(Invariant7, ARemovedBlockIsNamed) {
  auto all = blocks(kFirstFile);
  const std::uint64_t offset = all[0].size();
  all.erase(all.begin() + 1);
  write_blocks(kFirstFile, all);
  expect_first(kFirstFile, "number 2 stands where number 1 belongs");
  const Report report = directory.verify();
  EXPECT_EQ(report.findings[0].offset, offset);
  EXPECT_EQ(report.findings[0].record, 1U);
}

TEST_F(Invariant7, ARepeatedBlockIsNamed) {
  auto all = blocks(kFirstFile);
  all.insert(all.begin() + 2, all[1]);
  write_blocks(kFirstFile, all);
  expect_first(kFirstFile, "number 1 stands where number 2 belongs");
}

TEST_F(Invariant7, ReorderedBlocksAreNamed) {
  auto all = blocks(kFirstFile);
  std::swap(all[1], all[2]);
  write_blocks(kFirstFile, all);
  expect_first(kFirstFile, "number 2 stands where number 1 belongs");
}

TEST_F(Invariant7, ARemovedTailIsNamed) {
  auto all = blocks(kFirstFile);
  all.pop_back();
  write_blocks(kFirstFile, all);
  expect_first(kFirstFile, "its tail was removed");
}

TEST_F(Invariant7, BytesAfterTheSealAreNamed) {
  auto all = blocks(kFirstFile);
  all.push_back(std::string{all.back()});
  write_blocks(kFirstFile, all);
  expect_first(kFirstFile, "something was removed, repeated or moved");
}

TEST_F(Invariant7, ARemovedSessionIsNamed) {
  std::filesystem::remove(directory.path + "/" + kSecondFile);
  expect_first(kSecondFile, "missing");
}

TEST_F(Invariant7, TwoSwappedSessionsAreNamed) {
  const std::string first = directory.read(kFirstFile);
  directory.write(kFirstFile, directory.read(kSecondFile));
  directory.write(kSecondFile, first);
  expect_first(kFirstFile, std::string{"the file is the recording of session "} + kSecond);
}

TEST_F(Invariant7, ASessionThatTheChainDoesNotKnowIsNamed) {
  // Made by the host's own recorder, and put here from another directory.
  Directory other;
  std::filesystem::copy(directory.root + "/keys", other.root + "/keys");
  record_session(*other.start(), other.clock, "ses-0000000000000003");
  directory.write("ses-0000000000000003.slr", other.read("ses-0000000000000003.slr"));
  expect_first("ses-0000000000000003.slr", "host.chain does not know the session");
}

TEST_F(Invariant7, ASessionWrittenAnewWithARightChainIsNamed) {
  Directory other;
  std::filesystem::copy(directory.root + "/keys", other.root + "/keys");
  other.clock.advance(std::chrono::hours{1});
  record_session(*other.start(), other.clock, kFirst);
  directory.write(kFirstFile, other.read(kFirstFile));
  expect_first(kFirstFile, "written anew");
}

TEST_F(Invariant7, AChainOfAnotherHostIsNamed) {
  Directory other;
  record_session(*other.start(), other.clock, kFirst);
  directory.write("host.chain", other.read("host.chain"));
  expect_first("host.chain", "belongs to another file or host");
}

TEST_F(Invariant7, ARewrittenChainIsFoundByTheCheckpointKeptElsewhere) {
  Directory other;
  std::filesystem::copy(directory.root + "/keys", other.root + "/keys");
  other.clock.advance(std::chrono::hours{1});
  {
    auto recorder = other.start();
    record_session(*recorder, other.clock, kFirst);
    record_session(*recorder, other.clock, kSecond);
    ASSERT_TRUE(recorder->checkpoint().ok());
  }
  EXPECT_TRUE(other.verify().ok());  // with the key, all can be made anew
  const Report report = other.verify(checkpoint);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.findings[0].what.find("rewritten"), std::string::npos) << text_of(report);
}

TEST_F(Invariant7, ARemovedTailOfTheChainIsFoundByEitherCheckpoint) {
  auto all = blocks("host.chain");
  all.pop_back();
  write_blocks("host.chain", all);
  expect_first("host.chain", "its tail was removed");
  std::filesystem::remove(directory.path + "/checkpoint");
  const Report report = directory.verify(checkpoint);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(text_of(report).find("the checkpoint that was given"), std::string::npos)
      << text_of(report);
}

TEST_F(Invariant7, ARemovedChainOrCheckpointIsNamed) {
  std::filesystem::remove(directory.path + "/checkpoint");
  expect_first("checkpoint", "missing");
  std::filesystem::remove(directory.path + "/host.chain");
  expect_first("host.chain", "missing");
}

TEST_F(Invariant7, ACheckpointOfAnotherKeyIsRefused) {
  Directory other;
  auto foreign = other.start()->checkpoint();
  ASSERT_TRUE(foreign.ok());
  EXPECT_FALSE(verify_all(directory.path, directory.key(), *foreign).ok());
  directory.write("checkpoint", foreign->text());
  expect_first("checkpoint", "signature");
}

TEST_F(Invariant7, AMissingRowAndARepeatedRowAreNamed) {
  const std::string index = directory.read("index");
  directory.write("index", index.substr(index.size() / 2));
  expect_first("index", "is missing");
  directory.write("index", index + index.substr(index.size() / 2));
  expect_first("index", "second row");
}

TEST_F(Invariant7, OneSessionCanBeVerifiedAlone) {
  std::filesystem::remove(directory.path + "/" + kSecondFile);
  auto alone = verify_session(directory.path, kFirst, directory.key());
  ASSERT_TRUE(alone.ok());
  EXPECT_TRUE(alone->ok()) << text_of(*alone);
  EXPECT_EQ(alone->sessions, 1U);
  EXPECT_FALSE(verify_session(directory.path, kSecond, directory.key())->ok());
  EXPECT_FALSE(verify_session(directory.path, "ses-none", directory.key()).ok());
  EXPECT_FALSE(verify_session(directory.path, "../x", directory.key()).ok());
}

}  // namespace
}  // namespace sluice::record
