// SPDX-License-Identifier: Apache-2.0
#include "keeper/namespaces.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <set>

#include "support.h"

namespace sluice::keeper {
namespace {

// A process that waits in a network namespace of its own.
class Apart {
 public:
  Apart() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const char answer = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char answer = 0;
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y') << "cannot make a network namespace here";
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Apart() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
  pid_t pid() const { return pid_; }
  std::uint64_t inode() const {
    struct stat status {};
    EXPECT_EQ(::stat(("/proc/" + std::to_string(pid_) + "/ns/net").c_str(), &status), 0);
    return status.st_ino;
  }

 private:
  pid_t pid_ = 0;
};

TEST(Namespaces, AreListedOnceEachWithoutOurOwn) {
  const test::OwnCgroup cgroup;
  ASSERT_EQ(cgroup.missing(), "");
  cgroup.make("/run");
  cgroup.make("/run/child");
  {
    test::Idle here;
    Apart one, two;
    cgroup.put("/run", here.pid());
    EXPECT_TRUE(namespaces_of(cgroup.directory() + "/run", 10)->empty());
    cgroup.put("/run", one.pid());
    cgroup.put("/run/child", two.pid());
    const auto listed = namespaces_of(cgroup.directory() + "/run", 10);
    ASSERT_TRUE(listed.ok()) << listed.error().text();
    std::set<std::pair<std::uint64_t, pid_t>> found;
    for (const auto& each : *listed) found.insert({each.inode, each.pid});
    EXPECT_EQ(found, (std::set<std::pair<std::uint64_t, pid_t>>{{one.inode(), one.pid()},
                                                                {two.inode(), two.pid()}}));
    EXPECT_EQ(namespaces_of(cgroup.directory() + "/run", 1)->size(), 1u);
  }
  EXPECT_FALSE(namespaces_of(cgroup.directory() + "/none", 10).ok());
}

}  // namespace
}  // namespace sluice::keeper
