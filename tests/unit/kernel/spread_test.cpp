// SPDX-License-Identifier: Apache-2.0
// Many addresses and ports lead to one listener, so that source ports do not run out. All in
// network namespaces that the tests make.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <map>
#include <set>

#include "kernel/socket_address.h"
#include "lab.h"
#include "netns.h"

namespace sluice::kernel::testing_lab {
namespace {

constexpr char kAway[] = "10.77.0.1";  // an address of the namespace, but not of its 127.0.0.0/8

UniqueFd listen_on(const Address& on, bool loopback_device) {
  UniqueFd fd{::socket(on.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (loopback_device && ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0)
    fail("bind to lo: " + errno_name(errno));
  if (::bind(fd.get(), on.get(), on.length) != 0 || ::listen(fd.get(), 4096) != 0)
    fail("listen: " + errno_name(errno));
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  return must(endpoint_of(bound)).port;
}

class Spread : public testing::Test {
 protected:
  Spread()
      : space([] {
          loopback_up();
          add_loopback_address(kAway);
          run_ip("-6 addr add fd77::1/128 dev lo");
        }) {
    space.in([&] {
      v4 = listen_on({"0.0.0.0", 0}, true);
      for (UniqueFd& each : v6) each = listen_on({"::1", 0}, false);
    });
    NamespaceListeners listeners;
    listeners.netns_cookie = space.cookie();
    listeners.v4 = SteeringListener{*parse_ip("127.0.0.1"), {port_of(v4.get())}, 16};
    listeners.v6 = SteeringListener{*parse_ip("::1"), {}, 0};
    for (const UniqueFd& each : v6) listeners.v6->ports.push_back(port_of(each.get()));
    must(lab.maps->set_listeners(listeners));
    run = lab.make_run("run");
  }

  // Takes every connection that waits, and keeps it open.
  void accept_all(int listener) {
    for (;;) {
      UniqueFd connection{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
      if (!connection) return;
      const auto record = lab.maps->take_flow_record(connection.get());
      if (record)
        destinations.insert(record->original_destination.text());
      else
        ++without_record;
      accepted.push_back(std::move(connection));
    }
  }

  Lab lab;
  NetworkNamespace space;
  UniqueFd v4;
  std::array<UniqueFd, 16> v6;
  std::string run;
  std::vector<UniqueFd> accepted;
  std::multiset<std::string> destinations;
  int without_record = 0;
};

// A hundred source ports, and three flows for each of them: what 28,000 ports are on a host.
std::string open_flows(const NetworkNamespace& space, const Address& to, std::size_t count) {
  space.enter();
  set_sysctl("net/ipv4/ip_local_port_range", "20000 20099");
  std::vector<UniqueFd> open;
  while (open.size() < count) {
    UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM, 0)};
    if (::connect(fd.get(), to.get(), to.length) != 0)
      return std::to_string(open.size()) + " and then " + errno_name(errno);
    open.push_back(std::move(fd));
  }
  Child::await_release();
  return std::to_string(open.size()) + " open";
}

TEST_F(Spread, HasMoreFlowsFromOneAddressThanThereAreSourcePorts) {
  Child child{run, [&] { return open_flows(space, {kAway, 5432}, 300); }};
  for (int i = 0; i < 600 && accepted.size() < 300; ++i) {
    pollfd waiting{v4.get(), POLLIN, 0};
    ::poll(&waiting, 1, 100);
    accept_all(v4.get());
  }
  EXPECT_EQ(child.result(), "300 open");
  EXPECT_EQ(destinations.count("10.77.0.1:5432"), 300u);
  EXPECT_EQ(without_record, 0);
}

// One port for each place, and no more: without the sixteen ports it would be a hundred.
TEST_F(Spread, HasSeveralPortsWhereIpv6HasOneLoopbackAddress) {
  Child child{run, [&] { return open_flows(space, {"fd77::1", 5432}, 300); }};
  for (int i = 0; i < 600 && accepted.size() < 300; ++i) {
    std::vector<pollfd> waiting;
    for (const UniqueFd& each : v6) waiting.push_back({each.get(), POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), 100);
    for (const UniqueFd& each : v6) accept_all(each.get());
  }
  EXPECT_EQ(child.result(), "300 open");
  EXPECT_EQ(destinations.count("[fd77::1]:5432"), 300u);
  EXPECT_EQ(without_record, 0);
}

TEST_F(Spread, LetsOneBoundSourcePortConnectToTwoDestinations) {
  EXPECT_EQ(as_agent(run,
                     [&] {
                       space.enter();
                       const int on = 1;
                       std::string said;
                       std::vector<UniqueFd> open;
                       for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}}) {
                         open.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
                         const int fd = open.back().get();
                         ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
                         const Address source{"127.0.0.1", 4711}, to{kAway, port};
                         if (::bind(fd, source.get(), source.length) != 0)
                           return "bind " + errno_name(errno);
                         if (::connect(fd, to.get(), to.length) != 0)
                           return "connect " + errno_name(errno);
                         sockaddr_storage peer{};
                         socklen_t length = sizeof peer;
                         ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length);
                         said += text_of(peer) + " ";
                       }
                       return said;
                     }),
            "10.77.0.1:1 10.77.0.1:2 ");
  for (int i = 0; i < 2; ++i) {
    pollfd waiting{v4.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    const UniqueFd connection{::accept4(v4.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const auto record = must(lab.maps->take_flow_record(connection.get()));
    EXPECT_EQ(record.agent_address.text(), "127.0.0.1:4711") << "the agent's own source port";
    destinations.insert(record.original_destination.text());
  }
  EXPECT_EQ(destinations, (std::multiset<std::string>{"10.77.0.1:1", "10.77.0.1:2"}));
}

TEST_F(Spread, RefusesEveryAddressAndPortOfTheListenerItself) {
  std::vector<Address> all;
  for (const char* ip : {"127.0.0.1", "127.0.200.3", "127.255.1.1", "0.0.0.0", "::ffff:127.0.0.9"})
    all.emplace_back(ip, port_of(v4.get()));
  for (const UniqueFd& each : v6) all.emplace_back("::1", port_of(each.get()));
  EXPECT_EQ(as_agent(run,
                     [&] {
                       space.enter();
                       std::set<std::string> said;
                       for (const Address& to : all) said.insert(connect_to(to));
                       return *said.begin() + (said.size() == 1 ? "" : " and others");
                     }),
            "EPERM");
  EXPECT_EQ(lab.count("own_listener"), 5u + 16u);
}

// The device keeps out what comes for another address of the namespace, though it comes over lo.
TEST_F(Spread, IsNotReachedUnderOtherAddresses) {
  const std::uint16_t port = port_of(v4.get());
  EXPECT_EQ(
      as_agent(lab.make_cgroup("outside"),
               [&] {
                 space.enter();
                 run_ip(
                     "link add reached type dummy && ip addr add 10.78.0.1/24 dev reached"
                     " && ip link set reached up");
                 return connect_to({"10.78.0.1", port}) + " " + connect_to({"127.3.4.5", port});
               }),
      "ECONNREFUSED ok 127.3.4.5:" + std::to_string(port));
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
