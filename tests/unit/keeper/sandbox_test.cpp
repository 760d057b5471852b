// SPDX-License-Identifier: Apache-2.0
// Each test is a child that becomes a worker and tries something.
#include "keeper/sandbox.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>

#include "support.h"

// The filter of such a build permits what the sanitizers' runtimes need.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_SANITIZED 1
#endif

namespace sluice::keeper {
namespace {

using test::in_child;

constexpr int kSigSys = 128 + SIGSYS;

WorkerIdentity nobody(std::vector<int> keep = {}) {
  return {.user = "nobody", .group = "", .keeper = ::getppid(), .keep_fds = std::move(keep)};
}

// -1 and the errno as a status: 100 + errno.
int outcome(long result) { return result < 0 ? 100 + errno : 0; }

class Worker : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) FAIL() << "must run as root";
  }
  // Becomes a worker with its filter, then tries `body`.
  static int confined(const std::function<int()>& body) {
    return in_child([&] {
      const auto became = become_worker(nobody());
      if (!became) {
        std::fprintf(stderr, "%s\n", became.error().text().c_str());
        return 90;
      }
      if (!install_seccomp()) return 91;
      return body();
    });
  }
};

TEST_F(Worker, HasNoCapabilityNoGroupNoWayBackAndNoDump) {
  EXPECT_EQ(in_child([] {
              const gid_t groups[] = {0, 4};
              if (::setgroups(2, groups) != 0) return 1;
              if (!become_worker(nobody())) return 2;
              const std::string status = test::slurp("/proc/self/status");
              for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
                if (status.find(std::string(set) + ":\t0000000000000000\n") == std::string::npos)
                  return 3;
              if (status.find("NoNewPrivs:\t1\n") == std::string::npos) return 4;
              if (status.find("Groups:\t \n") == std::string::npos) return 5;
              if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0) return 6;
              if (::prctl(PR_GET_DUMPABLE) != 0) return 7;
              rlimit core{};
              if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 8;
              int signal = 0;
              if (::prctl(PR_GET_PDEATHSIG, &signal) != 0 || signal != SIGKILL) return 9;
              return 0;
            }),
            0);
}

TEST_F(Worker, KeepsOnlyTheDescriptorsThatAreNamed) {
  EXPECT_EQ(in_child([] {
              const int kept = ::fcntl(1, F_DUPFD, 50);
              const int other = ::fcntl(1, F_DUPFD, 60);
              const int low = ::fcntl(1, F_DUPFD, 40);
              if (!become_worker(nobody({kept, 0, kept}))) return 1;
              if (::fcntl(kept, F_GETFD) < 0 || ::fcntl(0, F_GETFD) < 0) return 2;
              return ::fcntl(other, F_GETFD) < 0 && ::fcntl(low, F_GETFD) < 0 ? 0 : 3;
            }),
            0);
}

TEST_F(Worker, IsNotMadeOfRootOrOfNobodyKnown) {
  EXPECT_EQ(in_child([] {
              auto root = nobody();
              root.user = "root";
              auto group = nobody();
              group.group = "root";
              auto unknown = nobody();
              unknown.user = "no-such-user-here";
              const auto result = become_worker(unknown);
              return !become_worker(root) && !become_worker(group) && !result &&
                             result.error().text().find("useradd") != std::string::npos
                         ? 0
                         : 1;
            }),
            0);
}

TEST_F(Worker, GivesUpWhenItsKeeperHasDiedAlready) {
  EXPECT_EQ(in_child([] {
              auto orphan = nobody();
              orphan.keeper = 1 << 30;
              return become_worker(orphan) ? 1 : 0;
            }),
            0);
}

TEST_F(Worker, CannotStartAProgram) {
  char path[] = "/bin/true";
  char* const argv[] = {path, nullptr};
  EXPECT_EQ(confined([&] { return outcome(::execv(path, argv)); }), kSigSys);
  EXPECT_EQ(confined([&] { return outcome(::fexecve(0, argv, argv)); }), kSigSys);
}

TEST_F(Worker, CannotForkButCanStartThreads) {
#ifndef SLUICE_SANITIZED
  EXPECT_EQ(confined([] { return outcome(::fork()); }), 100 + EPERM);
#endif
  EXPECT_EQ(confined([] {
              int value = 1;
              std::thread{[&] { value = 0; }}.join();
              return value;
            }),
            0);
}

TEST_F(Worker, DiesOfWhatOnlyAnAttackerWouldCall) {
  EXPECT_EQ(confined([] { return outcome(::unshare(CLONE_NEWUSER)); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::setns(0, 0)); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::mount("a", "/", "tmpfs", 0, "")); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::syscall(SYS_init_module, 0, 0, 0)); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::syscall(SYS_pidfd_getfd, 0, 0, 0)); }), kSigSys);
#ifndef SLUICE_SANITIZED
  EXPECT_EQ(confined([] { return outcome(::ptrace(PTRACE_TRACEME, 0, 0, 0)); }), kSigSys);
  EXPECT_EQ(confined([] { return outcome(::syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0)); }),
            kSigSys);
#endif
}

#ifdef __x86_64__
TEST_F(Worker, DiesOfAnotherArchitecturesNumbers) {
  EXPECT_EQ(confined([] { return outcome(::syscall(0x40000000 | SYS_getpid)); }), kSigSys);
}
#endif

TEST_F(Worker, IsRefusedWhatItDoesNotNeed) {
  const auto refused = [](auto body) { EXPECT_EQ(confined(body), 100 + EPERM); };
  refused([] { return outcome(::setuid(65534)); });
  refused([] { return outcome(::syscall(SYS_io_uring_setup, 1, nullptr)); });
  refused([] { return outcome(::socket(AF_PACKET, SOCK_RAW, 0)); });
  refused([] { return outcome(::socket(AF_INET, SOCK_RAW, IPPROTO_TCP)); });
  refused([] { return outcome(::socket(AF_NETLINK, SOCK_RAW, 4)); });  // NETLINK_SOCK_DIAG
  refused([] { return outcome(::socket(AF_VSOCK, SOCK_STREAM, 0)); });
  refused([] { return outcome(::socketpair(AF_INET, SOCK_STREAM, 0, nullptr)); });
  refused([] { return outcome(::syscall(SYS_bpf, BPF_PROG_LOAD, nullptr, 0)); });
  refused([] { return outcome(::syscall(SYS_bpf, BPF_MAP_CREATE, nullptr, 0)); });
  refused([] { return outcome(::syscall(SYS_bpf, BPF_OBJ_GET, nullptr, 0)); });
  refused([] { return outcome(::syscall(SYS_bpf, BPF_PROG_DETACH, nullptr, 0)); });
#ifndef SLUICE_SANITIZED
  refused([] { return outcome(::kill(::getppid(), 0)); });
  refused([] { return outcome(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0)); });
  refused([] { return outcome(::prctl(PR_SET_DUMPABLE, 1)); });
  refused([] { return outcome(::prctl(PR_SET_PDEATHSIG, 0)); });
  refused([] {
    const rlimit open{1, 1};
    return outcome(::prlimit(0, RLIMIT_NOFILE, &open, nullptr));
  });
  refused([] {
    void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 100 + errno : 0;
  });
  refused([] {
    void* const page =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
  });
#endif
}

TEST_F(Worker, StillServesFilesSocketsTimersAndNames) {
  EXPECT_EQ(confined([] {
              char name[] = "/tmp/sluice-worker-XXXXXX";
              const UniqueFd file{::mkstemp(name)};
              const bool wrote = ::write(file.get(), "x", 1) == 1 && ::fsync(file.get()) == 0;
              if (!wrote || ::unlink(name) != 0) return 1;
              const UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
              sockaddr_in address{};
              address.sin_family = AF_INET;
              address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
              if (::bind(listener.get(), generic, sizeof address) != 0) return 2;
              if (::listen(listener.get(), 1) != 0) return 3;
              if (::epoll_create1(EPOLL_CLOEXEC) < 0 || ::eventfd(0, EFD_CLOEXEC) < 0) return 4;
              addrinfo* found = nullptr;
              addrinfo hints{};
              hints.ai_socktype = SOCK_STREAM;
              hints.ai_flags = AI_ADDRCONFIG;
              if (::getaddrinfo("localhost", "80", &hints, &found) != 0) return 5;
              ::freeaddrinfo(found);
              int pair[2];
              if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 6;
              if (!test::pidfd_of(::getppid())) return 7;
              return 0;
            }),
            0);
}

TEST_F(Worker, ReachesAnInheritedBpfMap) {
  bpf_attr attr{};
  attr.map_type = BPF_MAP_TYPE_HASH;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 4;
  const UniqueFd map{static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr))};
  if (!map) FAIL() << "cannot make a BPF map: " << std::strerror(errno);
  EXPECT_EQ(in_child([&] {
              if (!become_worker(nobody({map.get()})) || !install_seccomp()) return 1;
              std::uint32_t key = 7, value = 9, read = 0;
              bpf_attr call{};
              call.map_fd = static_cast<std::uint32_t>(map.get());
              call.key = reinterpret_cast<std::uint64_t>(&key);
              call.value = reinterpret_cast<std::uint64_t>(&value);
              if (::syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &call, sizeof call) != 0) return 2;
              call.value = reinterpret_cast<std::uint64_t>(&read);
              if (::syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &call, sizeof call) != 0) return 3;
              call.value = 0;
              if (::syscall(SYS_bpf, BPF_MAP_DELETE_ELEM, &call, sizeof call) != 0) return 4;
              return read == 9 ? 0 : 5;
            }),
            0);
}

TEST_F(Worker, AbortStillReportsItself) {
  EXPECT_EQ(confined([]() -> int { std::abort(); }), 128 + SIGABRT);
}

}  // namespace
}  // namespace sluice::keeper
