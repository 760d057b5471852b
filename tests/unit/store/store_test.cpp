// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "../store/temp_dir.h"
#include "store/database.h"
#include "store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace sluice::store {
namespace {

using test::TempDir;
using testing::HasSubstr;

WallTime at(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

std::unique_ptr<Store> must_open(const std::string& file) {
  auto store = Store::open(file);
  EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().text());
  return store.ok() ? *std::move(store) : nullptr;
}

RunEntry run_entry(const RunId& id, const RunId& parent = "") {
  RunEntry entry;
  entry.run = {id, "reporter", 0xfedcba9876543210ULL, "/sluice/" + id, "alice", "bob", "ta'sk; --"};
  entry.parent = parent;
  entry.enrolled = parent.empty();
  entry.started_at = WallTime{std::chrono::nanoseconds{1'700'000'000'123'456'789}};
  return entry;
}

RequestEntry request_entry(const TicketId& ticket) {
  return {ticket, "ses-1", 7,       "run-1", "{\"statement\":\"x\"}", "{}", "pending",
          "",     at(100), at(200), {}};
}

VoteEntry vote_entry(const TicketId& ticket, std::uint32_t uid) {
  return {ticket, uid, "alice", true, "fine", at(150)};
}

TEST(Store, MakesItsFileReadableForItsOwnerOnlyWhateverTheUmaskSays) {
  const TempDir dir;
  const mode_t before = ::umask(0);
  const auto store = must_open(dir.file("store"));
  ::umask(before);
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << entry.path();
  }
}

TEST(Store, RefusesAFileThatOthersCanRead) {
  const TempDir dir;
  must_open(dir.file("store")).reset();
  ASSERT_EQ(::chmod(dir.file("store").c_str(), 0640), 0);
  const auto store = Store::open(dir.file("store"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().text(), HasSubstr("chmod 600"));
}

TEST(Store, RefusesALinkInItsPlace) {
  const TempDir dir;
  must_open(dir.file("elsewhere")).reset();
  ASSERT_EQ(::symlink(dir.file("elsewhere").c_str(), dir.file("store").c_str()), 0);
  const auto store = Store::open(dir.file("store"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().text(), HasSubstr("not a regular file"));
}

TEST(Store, RefusesASecondOpenerWhileTheFirstLives) {
  const TempDir dir;
  const auto first = must_open(dir.file("store"));
  const auto second = Store::open(dir.file("store"));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().text(), HasSubstr("another sluiced"));
}

TEST(Store, RefusesADamagedFile) {
  const TempDir dir;
  {
    const auto store = must_open(dir.file("store"));
    for (int i = 0; i < 200; ++i)
      ASSERT_TRUE(store->runs().add(run_entry("run-" + std::to_string(i))).ok());
  }
  {
    std::fstream file{dir.file("store"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096 * 2);
    file << std::string(8192, '\x5a');
  }
  const auto store = Store::open(dir.file("store"));
  ASSERT_FALSE(store.ok());
}

TEST(Store, RefusesAFileThatIsNoDatabase) {
  const TempDir dir;
  std::ofstream{dir.file("store")} << std::string(5000, 'x');
  ASSERT_EQ(::chmod(dir.file("store").c_str(), 0600), 0);
  const auto store = Store::open(dir.file("store"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().text(), HasSubstr("not a database"));
}

TEST(Store, RefusesTheFileOfANewerProgram) {
  const TempDir dir;
  must_open(dir.file("store")).reset();
  {
    auto database = Database::open(dir.file("store"));
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->run("PRAGMA user_version=99").ok());
  }
  const auto store = Store::open(dir.file("store"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().text(), HasSubstr("version 99"));
}

TEST(Migrations, RunEachStepOnceAndKeepWhatIsThere) {
  const TempDir dir;
  auto database = Database::open(dir.file("store"));
  ASSERT_TRUE(database.ok());
  const char* const one[] = {"CREATE TABLE t(a); INSERT INTO t VALUES(1)"};
  const char* const two[] = {one[0], "ALTER TABLE t ADD COLUMN b DEFAULT 5"};
  ASSERT_TRUE(migrate(*database, one).ok());
  ASSERT_TRUE(migrate(*database, one).ok());
  ASSERT_TRUE(migrate(*database, two).ok());
  EXPECT_EQ(*database->number("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(*database->number("SELECT b FROM t"), 5);
  EXPECT_EQ(*database->number("PRAGMA user_version"), 2);
}

TEST(Migrations, AStepThatFailsLeavesTheVersionBeforeIt) {
  const TempDir dir;
  auto database = Database::open(dir.file("store"));
  ASSERT_TRUE(database.ok());
  const char* const steps[] = {"CREATE TABLE t(a)", "CREATE TABLE u(a); THIS IS NO SQL"};
  const auto migrated = migrate(*database, steps);
  ASSERT_FALSE(migrated.ok());
  EXPECT_THAT(migrated.error().text(), HasSubstr("version 2"));
  EXPECT_EQ(*database->number("PRAGMA user_version"), 1);
  EXPECT_EQ(*database->number("SELECT count(*) FROM sqlite_master WHERE name='u'"), 0);
}

TEST(RunStore, GivesBackLivingRunsAfterAReopenParentsFirst) {
  const TempDir dir;
  {
    const auto store = must_open(dir.file("store"));
    ASSERT_TRUE(store->runs().add(run_entry("run-1")).ok());
    ASSERT_TRUE(store->runs().add(run_entry("run-2", "run-1")).ok());
    ASSERT_TRUE(store->runs().add(run_entry("run-3")).ok());
    ASSERT_TRUE(store->runs().end("run-3", at(5)).ok());
    ASSERT_TRUE(store->runs().mark_revoked("run-2").ok());
  }
  const auto store = must_open(dir.file("store"));
  const auto living = store->runs().list_living();
  ASSERT_TRUE(living.ok());
  ASSERT_EQ(living->size(), 2U);
  const RunEntry& first = (*living)[0];
  EXPECT_EQ(first.run.id, "run-1");
  EXPECT_EQ(first.run.agent, "reporter");
  EXPECT_EQ(first.run.cgroup_id, 0xfedcba9876543210ULL);
  EXPECT_EQ(first.run.cgroup_path, "/sluice/run-1");
  EXPECT_EQ(first.run.launched_by, "alice");
  EXPECT_EQ(first.run.on_behalf_of, "bob");
  EXPECT_EQ(first.run.task, "ta'sk; --");
  EXPECT_TRUE(first.enrolled);
  EXPECT_FALSE(first.revoked);
  EXPECT_EQ(first.started_at.time_since_epoch().count(), 1'700'000'000'123'456'789);
  EXPECT_EQ((*living)[1].parent, "run-1");
  EXPECT_TRUE((*living)[1].revoked);
}

TEST(RunStore, RefusesTheSameIdTwiceAndForgivesAnEndTwice) {
  const TempDir dir;
  const auto store = must_open(dir.file("store"));
  ASSERT_TRUE(store->runs().add(run_entry("run-1")).ok());
  EXPECT_FALSE(store->runs().add(run_entry("run-1")).ok());
  EXPECT_TRUE(store->runs().end("run-1", at(1)).ok());
  EXPECT_TRUE(store->runs().end("run-1", at(2)).ok());
  EXPECT_TRUE(store->runs().end("run-9", at(2)).ok());
  EXPECT_FALSE(store->runs().mark_revoked("run-9").ok());
}

TEST(ApprovalStore, KeepsARequestItsVotesAndItsEndOverAReopen) {
  const TempDir dir;
  {
    const auto store = must_open(dir.file("store"));
    ASSERT_TRUE(store->approvals().add_request(request_entry("aaaa")).ok());
    const Ending ending{"aaaa", "approved", "fine", at(151)};
    const GrantEntry grant{"grant-1", "aaaa", std::string("bind\0ing", 8), "alice", at(1), at(2)};
    const auto vote = vote_entry("aaaa", 7);
    ASSERT_TRUE(store->approvals().add_vote(vote, &ending, &grant).ok());
  }
  const auto store = must_open(dir.file("store"));
  const auto decided = store->approvals().decided_since(at(0), 10);
  ASSERT_TRUE(decided.ok());
  ASSERT_EQ(decided->size(), 1U);
  EXPECT_EQ((*decided)[0].state, "approved");
  EXPECT_EQ((*decided)[0].intent_json, "{\"statement\":\"x\"}");
  EXPECT_EQ((*decided)[0].decided_at, at(151));
  const auto votes = store->approvals().votes("aaaa");
  ASSERT_TRUE(votes.ok());
  ASSERT_EQ(votes->size(), 1U);
  EXPECT_EQ((*votes)[0].by, "alice");
}

TEST(ApprovalStore, AVoteWhoseRequestIsOverLeavesNoTrace) {
  const TempDir dir;
  const auto store = must_open(dir.file("store"));
  ASSERT_TRUE(store->approvals().add_request(request_entry("aaaa")).ok());
  const Ending ending{"aaaa", "denied", "no", at(151)};
  ASSERT_TRUE(store->approvals().end_request(ending).ok());
  EXPECT_FALSE(store->approvals().add_vote(vote_entry("aaaa", 7), &ending, nullptr).ok());
  EXPECT_TRUE(store->approvals().votes("aaaa")->empty());
}

TEST(ApprovalStore, OnePersonCannotVoteTwiceEvenIfTheProgramAsks) {
  const TempDir dir;
  const auto store = must_open(dir.file("store"));
  ASSERT_TRUE(store->approvals().add_request(request_entry("aaaa")).ok());
  EXPECT_TRUE(store->approvals().add_vote(vote_entry("aaaa", 7), nullptr, nullptr).ok());
  EXPECT_FALSE(store->approvals().add_vote(vote_entry("aaaa", 7), nullptr, nullptr).ok());
}

TEST(ApprovalStore, EndsAllThatIsPendingAndNothingElse) {
  const TempDir dir;
  const auto store = must_open(dir.file("store"));
  for (const char* ticket : {"aaaa", "bbbb", "cccc"})
    ASSERT_TRUE(store->approvals().add_request(request_entry(ticket)).ok());
  ASSERT_TRUE(store->approvals().end_request({"aaaa", "denied", "no", at(1)}).ok());
  const auto ended = store->approvals().end_all_pending("withdrawn", "restart", at(2));
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(*ended, 2U);
  const auto decided = store->approvals().decided_since(at(0), 10);
  EXPECT_EQ((*decided)[2].state, "denied");
}

TEST(ApprovalStore, PrunesWhatEndedLongAgo) {
  const TempDir dir;
  const auto store = must_open(dir.file("store"));
  for (const char* ticket : {"aaaa", "bbbb", "cccc"})
    ASSERT_TRUE(store->approvals().add_request(request_entry(ticket)).ok());
  ASSERT_TRUE(store->approvals().end_request({"aaaa", "denied", "no", at(10)}).ok());
  ASSERT_TRUE(store->approvals().end_request({"bbbb", "denied", "no", at(30)}).ok());
  ASSERT_TRUE(store->approvals().prune(at(20)).ok());
  const auto decided = store->approvals().decided_since(at(0), 10);
  ASSERT_EQ(decided->size(), 1U);
  EXPECT_EQ((*decided)[0].ticket, "bbbb");
  EXPECT_EQ(*store->approvals().end_all_pending("withdrawn", "", at(40)), 1U);
}

TEST(Store, IsGivenToAnotherOpenerAndTakenBack) {
  const TempDir dir;
  const auto first = must_open(dir.file("store"));
  ASSERT_TRUE(first->approvals().add_request(request_entry("aaaa")).ok());
  first->release();
  const auto refused = first->approvals().add_request(request_entry("bbbb"));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text().find("daemon that takes over"), std::string::npos);
  EXPECT_FALSE(first->runs().list_living().ok());
  {
    const auto second = must_open(dir.file("store"));
    ASSERT_TRUE(second->approvals().add_request(request_entry("cccc")).ok());
    EXPECT_FALSE(first->take_back().ok()) << "the other has it";
  }
  ASSERT_TRUE(first->take_back().ok());
  EXPECT_EQ(*first->approvals().end_all_pending("withdrawn", "", at(1)), 2U);
}

// A crash is a process that ends without closing anything: its commits must be there, its open
// transaction must not.
TEST(Store, KeepsWhatWasCommittedWhenTheProcessDies) {
  const TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = Store::open(dir.file("store"));
    if (!store.ok()) ::_exit(1);
    if (!(*store)->approvals().add_request(request_entry("aaaa")).ok()) ::_exit(2);
    ::_exit(0);
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ASSERT_EQ(how, 0);
  const auto store = must_open(dir.file("store"));
  EXPECT_EQ(*store->approvals().end_all_pending("withdrawn", "", at(1)), 1U);
}

}  // namespace
}  // namespace sluice::store
