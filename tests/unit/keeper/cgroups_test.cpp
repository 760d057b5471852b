// SPDX-License-Identifier: Apache-2.0
#include "keeper/cgroups.h"

#include <gtest/gtest.h>

#include "keeper/protocol.h"
#include "support.h"

namespace sluice::keeper {
namespace {

using test::Idle;
using test::OwnCgroup;

TEST(CgroupMount, IsFoundBehindOptionalFieldsAndBesideVersion1) {
  const auto mount = find_cgroup_mount_in(
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n"
      "41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw shared:10 master:2 - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/sys/fs/cgroup/uni fied");
  EXPECT_EQ(mount->root, "/");
  EXPECT_EQ(mount->file_path("/"), "/sys/fs/cgroup/uni fied");
  EXPECT_EQ(mount->file_path("/a"), "/sys/fs/cgroup/uni fied/a");
}

TEST(CgroupMount, ThatIsMissingIsSaidWithWhatToDo) {
  const auto mount = find_cgroup_mount_in("31 23 0:28 / /x rw - tmpfs cgroup2 rw\n");
  ASSERT_FALSE(mount.ok());
  EXPECT_NE(mount.error().text().find("mount -t cgroup2"), std::string::npos);
}

TEST(CgroupMount, OfAPartShowsOnlyThatPart) {
  const CgroupMount mount{"/mnt", "/docker/abc"};
  const auto inside = cgroup_in(mount, "9:name=systemd:/\n0::/docker/abc/x\n");
  ASSERT_TRUE(inside.ok());
  EXPECT_EQ(*inside, "/x");
  EXPECT_EQ(*cgroup_in(mount, "0::/docker/abc\n"), "/");
  EXPECT_FALSE(cgroup_in(mount, "0::/docker/abcd\n").ok());
  EXPECT_FALSE(cgroup_in(mount, "9:name=systemd:/docker/abc\n").ok());
  EXPECT_FALSE(cgroup_in(mount, "0::relative\n").ok());
}

TEST(CgroupPath, BelowIsByComponent) {
  EXPECT_TRUE(is_same_or_below("/a", "/a"));
  EXPECT_TRUE(is_same_or_below("/a", "/a/b"));
  EXPECT_TRUE(is_same_or_below("/", "/a"));
  EXPECT_FALSE(is_same_or_below("/a", "/ab"));
  EXPECT_FALSE(is_same_or_below("/a/b", "/a"));
}

class HostilePath : public testing::TestWithParam<std::string> {};
TEST_P(HostilePath, IsRefused) { EXPECT_FALSE(check_cgroup_path(GetParam()).ok()) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(Cgroups, HostilePath,
                         testing::Values("", "/", "a", "/a/", "//a", "/a//b", "/.", "/..",
                                         "/a/../b", "/a/./b", "/a b", "/a\nb", "/a\x7f", "/a/b*",
                                         "/a/$x", "/a'b", std::string("/a\0b", 4), "/\xc3\xa9",
                                         "/" + std::string(kPathBytesMax, 'a')));

class FriendlyPath : public testing::TestWithParam<std::string> {};
TEST_P(FriendlyPath, IsTaken) { EXPECT_TRUE(check_cgroup_path(GetParam()).ok()) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(Cgroups, FriendlyPath,
                         testing::Values("/a", "/system.slice/nightly.service", "/...",
                                         "/system.slice/dev-disk-by\\x2duuid.swap",
                                         "/user.slice/user@1000.service/app.slice",
                                         "/docker-0123.scope", "/cri-containerd:ab",
                                         "/" + std::string(kPathBytesMax - 2, 'a')));

TEST(RunId, IsExactlySixteenHexDigits) {
  EXPECT_TRUE(is_run_id("run-0123456789abcdef"));
  for (const char* bad : {"run-0123456789abcde", "run-0123456789abcdef0", "run-0123456789ABCDEF",
                          "run_0123456789abcdef", "run-0123456789abcde/", "", "run-"})
    EXPECT_FALSE(is_run_id(bad)) << bad;
}

class Tree : public testing::Test {
 protected:
  void SetUp() override {
    if (!own_.missing().empty()) FAIL() << own_.missing();
    auto tree = CgroupTree::open(own_.directory());
    ASSERT_TRUE(tree.ok()) << tree.error().text();
    tree_.emplace(*std::move(tree));
  }
  std::string at(const std::string& name) const { return own_.below() + name; }

  OwnCgroup own_;
  std::optional<CgroupTree> tree_;
};

TEST_F(Tree, MakesACgroupWhoseIdIsItsInode) {
  const auto id = tree_->make(at("/a"));
  ASSERT_TRUE(id.ok()) << id.error().text();
  struct stat status {};
  ASSERT_EQ(::stat((own_.directory() + "/a").c_str(), &status), 0);
  EXPECT_EQ(*id, status.st_ino);
  EXPECT_EQ(tree_->make(at("/a")).error().code(), EEXIST);
  EXPECT_EQ(tree_->make(at("/none/b")).error().code(), ENOENT);
}

TEST_F(Tree, DoesNotReachBesideItsRoot) {
  EXPECT_EQ(tree_->make("/sluice-unit-elsewhere").error().code(), EPERM);
  EXPECT_EQ(tree_->make(own_.below() + "x").error().code(), EPERM);
  EXPECT_FALSE(tree_->make(at("/../x")).ok());
  EXPECT_EQ(tree_->open_cgroup("/").error().code(), EPERM);
  EXPECT_TRUE(tree_->open_cgroup(own_.below()).ok());
}

TEST_F(Tree, RefusesARootThatIsNoCgroup) {
  EXPECT_FALSE(CgroupTree::open("/tmp").ok());
  EXPECT_FALSE(CgroupTree::open(own_.directory() + "/none").ok());
  EXPECT_FALSE(CgroupTree::open(own_.directory() + "/cgroup.procs").ok());
}

TEST_F(Tree, KillsEveryProcessBelowAlsoWhereTheKernelCannotDoItAtOnce) {
  ASSERT_TRUE(tree_->make(at("/a")).ok());
  ASSERT_TRUE(tree_->make(at("/a/b")).ok());
  Idle outer, inner, beside;
  ASSERT_TRUE(tree_->move(at("/a"), outer.pid()).ok());
  ASSERT_TRUE(tree_->move(at("/a/b"), inner.pid()).ok());
  const auto killed = tree_->kill_while_frozen(at("/a"));
  ASSERT_TRUE(killed.ok()) << killed.error().text();
  for (const pid_t pid : {outer.pid(), inner.pid()}) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(info.si_status, SIGKILL);
  }
  EXPECT_EQ(::kill(beside.pid(), 0), 0);
}

TEST_F(Tree, KillsEveryProcessBelowAndRemovesTheEmptyRest) {
  ASSERT_TRUE(tree_->make(at("/a")).ok());
  ASSERT_TRUE(tree_->make(at("/a/b")).ok());
  Idle outer, inner;
  ASSERT_TRUE(tree_->move(at("/a"), outer.pid()).ok());
  ASSERT_TRUE(tree_->move(at("/a/b"), inner.pid()).ok());
  EXPECT_EQ(inner.cgroup(), at("/a/b"));
  EXPECT_TRUE(*tree_->populated(at("/a")));
  EXPECT_EQ(tree_->remove(at("/a")).error().code(), EBUSY);

  ASSERT_TRUE(tree_->kill(at("/a")).ok());
  for (const pid_t pid : {outer.pid(), inner.pid()}) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(info.si_status, SIGKILL);
  }
  outer.end();
  inner.end();
  const auto removed = tree_->remove(at("/a"));
  EXPECT_TRUE(removed.ok()) << removed.error().text();
  EXPECT_EQ(tree_->id_of(at("/a")).error().code(), ENOENT);
}

}  // namespace
}  // namespace sluice::keeper
