// SPDX-License-Identifier: Apache-2.0
// Groups of sockets come and go while the server runs.
#include "net/dns_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>

#include "net/address.h"
#include "net/flow_server.h"

namespace sluice::net {
namespace {

constexpr std::size_t kQueryBytesMax = 512;

struct Bound {
  std::vector<UniqueFd> sockets;
  std::vector<Endpoint> at;
};

Bound bind_two() {
  Bound bound;
  for (int i = 0; i < 2; ++i) {
    auto socket = bind_udp({*parse_ip("127.0.0.1"), 0});
    EXPECT_TRUE(socket.ok());
    bound.at.push_back(*local_endpoint(socket->get()));
    bound.sockets.push_back(*std::move(socket));
  }
  return bound;
}

// Says which group and which of its sockets a query came to.
DnsServer::Answer answer_of(char group) {
  return [group](std::size_t socket, const Endpoint&, ByteView) {
    return Bytes{static_cast<std::uint8_t>(group), static_cast<std::uint8_t>('0' + socket)};
  };
}

// "" where nobody listens there.
std::string ask(const Endpoint& at) {
  const SocketAddress address = socket_address(at);
  const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  EXPECT_EQ(::connect(fd.get(), address.get(), address.size), 0);
  char said[16] = {};
  pollfd wait{fd.get(), POLLIN, 0};
  if (::send(fd.get(), "?", 1, 0) != 1 || ::poll(&wait, 1, 10'000) != 1) return "no answer";
  const ssize_t size = ::recv(fd.get(), said, sizeof said, 0);
  return size < 0 ? "" : std::string(said, static_cast<std::size_t>(size));
}

// Until what was posted before is done.
void settle(DnsServer& server) {
  std::promise<void> done;
  server.post([&] { done.set_value(); });
  done.get_future().wait();
}

TEST(DnsServer, AnswersOnGroupsThatComeAndGo) {
  DnsServer server;
  Bound home = bind_two(), other = bind_two(), third = bind_two();
  ASSERT_TRUE(server.start(std::move(home.sockets), kQueryBytesMax, answer_of('h')).ok());
  server.add(7, std::move(other.sockets), answer_of('o'));
  server.add(9, std::move(third.sockets), answer_of('t'));
  for (int i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(ask(home.at[at]), "h" + std::to_string(i));
    EXPECT_EQ(ask(other.at[at]), "o" + std::to_string(i));
    EXPECT_EQ(ask(third.at[at]), "t" + std::to_string(i));
  }
  server.remove(7);
  settle(server);
  EXPECT_EQ(ask(other.at[0]), "");
  EXPECT_EQ(ask(home.at[1]), "h1");
  EXPECT_EQ(ask(third.at[1]), "t1");
}

TEST(DnsServer, LetsGoOfAGroupThatComesWhileItDoesNotRun) {
  DnsServer server;
  Bound early = bind_two(), home = bind_two();
  server.add(7, std::move(early.sockets), answer_of('e'));
  ASSERT_TRUE(server.start(std::move(home.sockets), kQueryBytesMax, answer_of('h')).ok());
  EXPECT_EQ(ask(home.at[0]), "h0");
  EXPECT_EQ(ask(early.at[0]), "");
}

}  // namespace
}  // namespace sluice::net
