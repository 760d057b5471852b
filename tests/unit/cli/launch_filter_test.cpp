// SPDX-License-Identifier: Apache-2.0
// What an agent's system calls answer: one child per case, behind the filter once or twice.
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

#include "cli/launch/agent_filter.h"

namespace sluice::launch {
namespace {

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
constexpr int kUdpLite = 136;
constexpr int kFailedToFilter = 250;

// How the child ended: 0, the errno of a failed call, or 128 + the signal.
int in_child(int filters, const std::function<long()>& call) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int i = 0; i < filters; ++i)
      if (!install_agent_filter()) ::_exit(kFailedToFilter);
    errno = 0;
    ::_exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct SocketCase {
  const char* name;
  long family;
  long type;
  long protocol;
  int expected;
};
void PrintTo(const SocketCase& c, std::ostream* out) { *out << c.name; }

class AgentSocket : public testing::TestWithParam<SocketCase> {};

TEST_P(AgentSocket, AnswersTheSameBehindOneFilterAndBehindTwo) {
  const SocketCase& c = GetParam();
  for (const int filters : {1, 2})
    EXPECT_EQ(
        in_child(filters, [&] { return ::syscall(SYS_socket, c.family, c.type, c.protocol); }),
        c.expected)
        << c.name << " behind " << filters;
}

constexpr long kHighBit = 1L << 32;

INSTANTIATE_TEST_SUITE_P(
    Allowed, AgentSocket,
    testing::Values(SocketCase{"tcp", AF_INET, SOCK_STREAM, 0, 0},
                    SocketCase{"tcp_by_number", AF_INET, SOCK_STREAM, IPPROTO_TCP, 0},
                    SocketCase{"tcp6", AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0},
                    SocketCase{"udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0},
                    SocketCase{"udp6", AF_INET6, SOCK_DGRAM, 0, 0},
                    SocketCase{"unix_stream", AF_UNIX, SOCK_STREAM, 0, 0},
                    SocketCase{"unix_packet", AF_UNIX, SOCK_SEQPACKET, 0, 0},
                    SocketCase{"routes", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE, 0}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refused, AgentSocket,
    testing::Values(
        SocketCase{"packet", AF_PACKET, SOCK_RAW, 0, EAFNOSUPPORT},
        SocketCase{"unspecified", AF_UNSPEC, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"vsock", AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"alg", AF_ALG, SOCK_SEQPACKET, 0, EAFNOSUPPORT},
        SocketCase{"bluetooth", AF_BLUETOOTH, SOCK_RAW, 0, EAFNOSUPPORT},
        SocketCase{"tipc", AF_TIPC, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"xdp", AF_XDP, SOCK_RAW, 0, EAFNOSUPPORT},
        SocketCase{"smc", AF_SMC, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"ax25", AF_AX25, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"key", AF_KEY, SOCK_RAW, 2, EAFNOSUPPORT},
        SocketCase{"negative", -1, SOCK_STREAM, 0, EAFNOSUPPORT},
        SocketCase{"packet_with_high_bits", kHighBit | AF_PACKET, SOCK_RAW, 0, EAFNOSUPPORT},
        SocketCase{"inet_with_high_bits", kHighBit | AF_INET, SOCK_RAW, 0, EAFNOSUPPORT},
        SocketCase{"raw", AF_INET, SOCK_RAW, IPPROTO_TCP, EPERM},
        SocketCase{"raw6", AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP, EPERM},
        SocketCase{"raw_with_high_bits", AF_INET, kHighBit | SOCK_RAW, IPPROTO_TCP, EPERM},
        SocketCase{"obsolete_packet", AF_INET, SOCK_PACKET, 0, EPERM},
        SocketCase{"sequential", AF_INET, SOCK_SEQPACKET, 0, EPERM},
        SocketCase{"mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT},
        SocketCase{"mptcp6", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT},
        SocketCase{"mptcp_with_high_bits", AF_INET, SOCK_STREAM, kHighBit | IPPROTO_MPTCP,
                   EPROTONOSUPPORT},
        SocketCase{"sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP, EPROTONOSUPPORT},
        SocketCase{"udp_lite", AF_INET, SOCK_DGRAM, kUdpLite, EPROTONOSUPPORT},
        SocketCase{"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, EPROTONOSUPPORT},
        SocketCase{"ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, EPROTONOSUPPORT},
        SocketCase{"socket_listing", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, EPROTONOSUPPORT},
        SocketCase{"netfilter", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, EPROTONOSUPPORT},
        SocketCase{"generic_netlink", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC, EPROTONOSUPPORT}),
    [](const auto& each) { return each.param.name; });

TEST(AgentFilter, RefusesSocketPairsButUnix) {
  int pair[2];
  EXPECT_EQ(in_child(1, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair); }), 0);
  EXPECT_EQ(in_child(1, [&] { return ::socketpair(AF_TIPC, SOCK_STREAM, 0, pair); }), EAFNOSUPPORT);
  EXPECT_EQ(in_child(1, [&] { return ::socketpair(AF_INET, SOCK_STREAM, 0, pair); }), EAFNOSUPPORT);
}

TEST(AgentFilter, RefusesTheWaysAroundIt) {
  for (const int filters : {1, 2}) {
    const auto refused = [&](const char* what, const std::function<long()>& call) {
      EXPECT_EQ(in_child(filters, call), EPERM) << what << " behind " << filters;
    };
    refused("bpf", [] { return ::syscall(SYS_bpf, 0, 0, 0); });
    refused("io_uring", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); });
    refused("setns", [] { return ::setns(0, 0); });
    refused("mount", [] { return ::mount("a", "/nowhere", "tmpfs", 0, nullptr); });
    refused("umount", [] { return ::umount2("/nowhere", 0); });
    refused("new mount api", [] { return ::syscall(SYS_fsopen, "tmpfs", 0); });
    refused("net namespace", [] { return ::unshare(CLONE_NEWNET); });
    refused("user namespace", [] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNS); });
    refused("cgroup namespace", [] { return ::unshare(CLONE_NEWCGROUP | CLONE_FILES); });
    refused("clone into a net namespace",
            [] { return ::syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0); });
    refused("clone into a user namespace",
            [] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); });
    refused("another's descriptors", [] { return ::syscall(SYS_pidfd_getfd, 0, 0, 0); });
    refused("keys", [] { return ::syscall(SYS_keyctl, 0, -3, 0, 0, 0); });
    refused("modules", [] { return ::syscall(SYS_finit_module, 0, "", 0); });
    refused("handles", [] { return ::syscall(SYS_open_by_handle_at, 0, 0, 0); });
  }
  EXPECT_EQ(in_child(1, [] { return ::syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
}

#ifdef __x86_64__
TEST(AgentFilter, KillsOtherArchitecturesNumbers) {
  EXPECT_EQ(in_child(1, [] { return ::syscall(0x40000000 | SYS_socket, AF_PACKET, 3, 0); }),
            128 + SIGSYS);
#ifndef __SANITIZE_ADDRESS__
  const int i386_socket = in_child(1, []() -> long {
    long number = 359;
    asm volatile("int $0x80" : "+a"(number) : "b"(17L), "c"(3L), "d"(0L) : "memory");
    return number;
  });
  // A kernel with ia32_emulation off kills by itself, before any filter.
  EXPECT_TRUE(i386_socket == 128 + SIGSYS || i386_socket == 128 + SIGSEGV) << i386_socket;
#endif
}
#endif

TEST(AgentFilter, LeavesProgramsThreadsNamesAndDebuggersAlone) {
  EXPECT_EQ(in_child(2,
                     []() -> long {
                       long result = -1;
                       std::thread{[&] { result = 0; }}.join();
                       return result;
                     }),
            0);
  EXPECT_EQ(in_child(2,
                     []() -> long {
                       const pid_t pid = ::fork();
                       if (pid == 0) ::execl("/bin/true", "true", nullptr);
                       int status = 1;
                       ::waitpid(pid, &status, 0);
                       return status == 0 ? 0 : -1;
                     }),
            0);
  EXPECT_EQ(in_child(2,
                     []() -> long {
                       addrinfo hints{};
                       hints.ai_flags = AI_ADDRCONFIG;
                       addrinfo* found = nullptr;
                       const int failed = ::getaddrinfo("localhost", "80", &hints, &found);
                       if (failed == 0) ::freeaddrinfo(found);
                       return failed == 0 ? 0 : -1;
                     }),
            0);
  EXPECT_EQ(in_child(1, [] { return ::ptrace(PTRACE_TRACEME, 0, 0, 0); }), 0);
}

}  // namespace
}  // namespace sluice::launch
