// SPDX-License-Identifier: Apache-2.0
// A cgroup, idle processes and children of the test's own. Everything is gone when they are.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "base/unique_fd.h"
#include "keeper/cgroups.h"

namespace sluice::keeper::test {

inline std::string slurp(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A child cgroup of the cgroup2 mount; never the machine's root itself.
class OwnCgroup {
 public:
  OwnCgroup() {
    static int count = 0;
    auto mount = find_cgroup_mount();
    if (!mount) {
      missing_ = mount.error().text();
      return;
    }
    if (::geteuid() != 0) {
      missing_ = "not root";
      return;
    }
    below_ = "/sluice-unit-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    directory_ = mount->path + below_;
    if (::mkdir(directory_.c_str(), 0755) != 0) missing_ = "cannot make " + directory_;
  }
  ~OwnCgroup() {
    if (!missing_.empty()) return;
    const auto tree = CgroupTree::open("");  // the mount: its own root is not removed
    EXPECT_TRUE(tree.ok());
    if (!tree) return;
    EXPECT_TRUE(tree->kill(below_).ok());
    // The kernel empties a killed cgroup when the last process has left it, which poll() reports.
    const UniqueFd events{::open((directory_ + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC)};
    for (auto busy = tree->populated(below_); busy && *busy; busy = tree->populated(below_)) {
      pollfd wait{events.get(), POLLPRI, 0};
      ::poll(&wait, 1, 100);
    }
    const auto removed = tree->remove(below_);
    EXPECT_TRUE(removed.ok()) << removed.error().text();
  }
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;

  const std::string& missing() const { return missing_; }
  const std::string& directory() const { return directory_; }
  const std::string& below() const { return below_; }
  void make(const std::string& name) const {
    ASSERT_EQ(::mkdir((directory_ + name).c_str(), 0755), 0) << name;
  }
  void put(const std::string& name, pid_t pid) const {
    std::ofstream{directory_ + name + "/cgroup.procs"} << pid;
  }

 private:
  std::string missing_, directory_, below_;
};

inline UniqueFd pidfd_of(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

// A process that does nothing.
class Idle {
 public:
  Idle() : pid_(::fork()) {
    if (pid_ == 0)
      for (;;) ::pause();
    pidfd_ = pidfd_of(pid_);
  }
  ~Idle() { end(); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  std::string cgroup() const {
    const auto path = cgroup_of_process(*find_cgroup_mount(), pid_);
    return path ? *path : path.error().text();
  }
  void end() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = 0;
  }

 private:
  pid_t pid_;
  UniqueFd pidfd_;
};

// Runs `body` in a child and says how it ended: its status, or 128 + the signal.
inline int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// A process that does nothing in a network namespace of its own.
class Container {
 public:
  enum class Lo : bool { kDown, kUp };
  explicit Container(Lo lo = Lo::kUp) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool made = ::unshare(CLONE_NEWNET) == 0 && (lo == Lo::kDown || set_lo_up());
      if (::write(ready[1], made ? "y" : "n", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    pidfd_ = pidfd_of(pid_);
    char answer = 'n';
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y') << "cannot make a network namespace here";
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Container() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  std::uint64_t inode() const {
    struct stat status {};
    ::stat(("/proc/" + std::to_string(pid_) + "/ns/net").c_str(), &status);
    return status.st_ino;
  }

 private:
  static bool set_lo_up() {
    const UniqueFd any{::socket(AF_INET, SOCK_DGRAM, 0)};
    ifreq lo{};
    std::memcpy(lo.ifr_name, "lo", 3);
    lo.ifr_flags = IFF_UP;
    return ::ioctl(any.get(), SIOCSIFFLAGS, &lo) == 0;
  }

  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/sluice-unit-XXXXXX";
    if (::mkdtemp(name) != nullptr) path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string file = path_ + "/" + name;
    std::ofstream{file} << text;
    ::chmod(file.c_str(), mode);
    return file;
  }

 private:
  std::string path_;
};

}  // namespace sluice::keeper::test
