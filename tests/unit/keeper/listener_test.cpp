// SPDX-License-Identifier: Apache-2.0
#include "keeper/listener.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "support.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace sluice::keeper {
namespace {

Endpoint at(const char* ip, std::uint16_t port) { return {*parse_ip(ip), port}; }

std::uint64_t netns_of(int socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  EXPECT_EQ(::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size), 0);
  return cookie;
}

TEST(Listener, ListensOnLoopbackWithoutBlocking) {
  for (const char* ip : {"127.0.0.1", "127.9.8.7", "::1"}) {
    const auto listener = open_loopback_listener(at(ip, 0), -1);
    ASSERT_TRUE(listener.ok()) << listener.error().text();
    EXPECT_EQ(::accept(listener->fd.get(), nullptr, nullptr), -1);
    EXPECT_EQ(errno, EAGAIN);
  }
}

std::uint16_t port_of(int socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size), 0);
  return ntohs(bound.sin_port);
}

TEST(Listener, TakesEveryIpv4LoopbackAddressAtItsPort) {
  const auto listener = open_loopback_listener(at("127.0.0.1", 0), -1);
  ASSERT_TRUE(listener.ok()) << listener.error().text();
  EXPECT_TRUE(listener->loopback_up);
  EXPECT_NE(listener->netns_inode, 0u);
  for (const std::uint32_t ip : {0x7f000001u, 0x7f123456u, 0x7ffffffeu}) {
    const UniqueFd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_of(listener->fd.get()));
    to.sin_addr.s_addr = htonl(ip);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0) << ip;
  }
}

TEST(Listener, OpensWhereLoopbackIsStillDownAndSaysSo) {
  EXPECT_EQ(test::in_child([] {
              const UniqueFd home{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
              if (::unshare(CLONE_NEWNET) != 0) return 1;
              const UniqueFd dark{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
              if (::setns(home.get(), CLONE_NEWNET) != 0) return 2;
              const auto v4 = open_loopback_listener(at("127.0.0.1", 0), dark.get());
              if (!v4 || v4->loopback_up) return 3;
              const auto v6 = open_loopback_listener(at("::1", 0), dark.get());
              return v6 && !v6->loopback_up && v6->netns_inode == v4->netns_inode ? 0 : 4;
            }),
            0);
}

TEST(Listener, RefusesWhatCouldStandInForAServiceOfTheHost) {
  for (const Endpoint& address :
       {at("0.0.0.0", 0), at("10.0.0.1", 0), at("::", 0), at("::ffff:10.0.0.1", 0),
        at("2001:db8::1", 0), at("127.0.0.1", 22), at("127.0.0.1", 1023), at("::1", 80)})
    EXPECT_FALSE(open_loopback_listener(address, -1).ok()) << address.text();
}

TEST(Listener, OpensInTheNetworkNamespaceOfAProcessAndComesBack) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    char answer = 'n';
    if (::unshare(CLONE_NEWNET) == 0) {
      const int any = ::socket(AF_INET, SOCK_DGRAM, 0);
      ifreq lo{};
      std::strcpy(lo.ifr_name, "lo");
      lo.ifr_flags = IFF_UP;
      if (::ioctl(any, SIOCSIFFLAGS, &lo) == 0) answer = 'y';
    }
    if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  const UniqueFd process = test::pidfd_of(pid);
  const UniqueFd space{
      ::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)};
  const UniqueFd other{
      ::open(("/proc/" + std::to_string(pid) + "/ns/uts").c_str(), O_RDONLY | O_CLOEXEC)};
  if (answer == 'y') {
    const UniqueFd ours{::socket(AF_INET, SOCK_STREAM, 0)};
    for (const int fd : {process.get(), space.get()}) {
      const auto listener = open_loopback_listener(at("127.0.0.1", 0), fd);
      ASSERT_TRUE(listener.ok()) << listener.error().text();
      EXPECT_NE(netns_of(listener->fd.get()), netns_of(ours.get()));
      const UniqueFd afterwards{::socket(AF_INET, SOCK_STREAM, 0)};
      EXPECT_EQ(netns_of(afterwards.get()), netns_of(ours.get()));
    }
    EXPECT_FALSE(open_loopback_listener(at("127.0.0.1", 0), other.get()).ok());
    EXPECT_FALSE(open_loopback_listener(at("127.0.0.1", 0), ready[0]).ok());
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  if (answer != 'y') FAIL() << "cannot make a network namespace here";
}

}  // namespace
}  // namespace sluice::keeper
