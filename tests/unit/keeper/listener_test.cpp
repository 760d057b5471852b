// SPDX-License-Identifier: Apache-2.0
#include "keeper/listener.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "keeper/namespaces.h"
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
    const auto listener = open_loopback_listener(at(ip, 0));
    ASSERT_TRUE(listener.ok()) << listener.error().text();
    EXPECT_EQ(::accept(listener->get(), nullptr, nullptr), -1);
    EXPECT_EQ(errno, EAGAIN);
  }
}

TEST(Listener, RefusesWhatCouldStandInForAServiceOfTheHost) {
  for (const Endpoint& address :
       {at("0.0.0.0", 0), at("10.0.0.1", 0), at("::", 0), at("::ffff:10.0.0.1", 0),
        at("2001:db8::1", 0), at("127.0.0.1", 22), at("127.0.0.1", 1023), at("::1", 80)})
    EXPECT_FALSE(open_loopback_listener(address).ok()) << address.text();
}

TEST(Listener, OpensInTheNetworkNamespaceOfAProcessAndComesBack) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  const test::Container container;
  const auto space = namespace_of(container.pidfd());
  ASSERT_TRUE(space.ok()) << space.error().text();
  EXPECT_EQ(space->inode, container.inode());
  const UniqueFd ours{::socket(AF_INET, SOCK_STREAM, 0)};
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6})
    for (const Transport transport : {Transport::kTcpListener, Transport::kUdp}) {
      const auto socket = open_in_namespace(space->fd.get(), version, transport);
      ASSERT_TRUE(socket.ok()) << socket.error().text();
      EXPECT_NE(netns_of(socket->get()), netns_of(ours.get()));
      const UniqueFd afterwards{::socket(AF_INET, SOCK_STREAM, 0)};
      EXPECT_EQ(netns_of(afterwards.get()), netns_of(ours.get()));
    }
  const UniqueFd other{::open(("/proc/" + std::to_string(container.pid()) + "/ns/uts").c_str(),
                              O_RDONLY | O_CLOEXEC)};
  for (const int no_network : {other.get(), ours.get()})
    EXPECT_FALSE(open_in_namespace(no_network, IpVersion::k4, Transport::kTcpListener).ok());
}

}  // namespace
}  // namespace sluice::keeper
