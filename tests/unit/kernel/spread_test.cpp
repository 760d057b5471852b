// SPDX-License-Identifier: Apache-2.0
// A listener has many ports, so that source ports do not run out; and what is bound to a device is
// not steered past it. The ports run out in a network namespace of the test's own, which has few.
#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <vector>

#include "kernel/netns_cookie.h"
#include "lab.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

namespace sluice::kernel::testing_lab {
namespace {

constexpr std::size_t kPorts = 16;
constexpr std::size_t kSourcePorts = 100;

void have_few_source_ports() {
  std::ofstream range{"/proc/sys/net/ipv4/ip_local_port_range"};
  if (!(range << "20000 " << 20000 + kSourcePorts - 1 << std::flush)) fail("set the port range");
}

void move_to(const std::string& cgroup) {
  std::ofstream processes{cgroup + "/cgroup.procs"};
  if (!(processes << ::getpid() << std::flush)) fail("move to " + cgroup);
}

// Of the namespace that it is made in, and of no run, as the daemon's are.
struct Listening {
  Listening(KernelMaps& maps, const std::string& ip, const std::string& outside,
            const std::string& run) {
    move_to(outside);
    for (std::size_t i = 0; i < kPorts; ++i) {
      listeners.emplace_back(ip, 4096);
      endpoints.push_back(listeners.back().endpoint());
    }
    must(maps.set_listeners_in(must(own_netns_cookie()), endpoints));
    move_to(run);
  }
  std::vector<Listener> listeners;
  std::vector<Endpoint> endpoints;
};

// As many connections as `count` at once, from one address to one destination; what the daemon
// finds of each.
std::string open_flows(Lab& lab, const std::string& run, const std::string& ip, const Address& to,
                       std::size_t count) {
  new_network_namespace();
  have_few_source_ports();
  const Listening daemon{*lab.maps, ip, lab.root, run};
  std::vector<UniqueFd> open;
  std::size_t found = 0;
  while (open.size() < 2 * count) {
    UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM, 0)};
    if (::connect(fd.get(), to.get(), to.length) != 0)
      return std::to_string(open.size() / 2) + " and then " + errno_name(errno);
    open.push_back(std::move(fd));
    for (const Listener& listener : daemon.listeners) {
      pollfd waiting{listener.fd.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 0) != 1) continue;
      open.push_back(listener.accept());
      const auto record = lab.maps->take_flow_record(open.back().get());
      if (record && record->original_destination.port == 5432) ++found;
    }
  }
  return std::to_string(found) + " found";
}

TEST(Spread, HasMoreFlowsFromOneAddressThanThereAreSourcePorts) {
  Lab lab;
  const std::string run = lab.make_run("run");
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return open_flows(lab, run, "127.0.0.1", {"192.0.2.1", 5432}, 500);
                     }),
            "500 found");
  EXPECT_EQ(lab.flow_records(), 0u);
}

TEST(Spread, AndSoHasIpv6) {
  Lab lab;
  const std::string run = lab.make_run("run");
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return open_flows(lab, run, "::1", {"2001:db8::1", 5432}, 500);
                     }),
            "500 found");
  EXPECT_EQ(lab.flow_records(), 0u);
}

TEST(Spread, EachOfThePortsIsTheDaemonsOwn) {
  Lab lab;
  const std::string run = lab.make_run("run");
  EXPECT_EQ(as_agent(run,
                     [&] {
                       new_network_namespace();
                       const Listening daemon{*lab.maps, "127.0.0.1", lab.root, run};
                       std::size_t refused = 0;
                       for (const Endpoint& each : daemon.endpoints)
                         refused += connect_to({"127.0.0.1", each.port}) == "EPERM";
                       return std::to_string(refused) + " refused";
                     }),
            "16 refused");
  EXPECT_EQ(lab.count("own_listener"), 16u);
}

// No device has that number: the kernel asks for none when a socket is bound to one.
std::string connect_bound_to(int device, const Address& to) {
  const UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM, 0)};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof device) != 0)
    return "SO_BINDTOIFINDEX " + errno_name(errno);
  return ::connect(fd.get(), to.get(), to.length) == 0 ? "ok" : errno_name(errno);
}

TEST(BoundToDevice, IsRefusedAtOnceUnlessItIsLoopback) {
  Lab lab;
  const std::string run = lab.make_run("run");
  const Listener v4{"127.0.0.1"}, v6{"::1"};
  must(lab.maps->set_listeners({v4.endpoint(), v6.endpoint()}));
  for (const Address& to : {Address{"127.1.2.3", 5432}, Address{"::1", 5432}}) {
    EXPECT_EQ(as_agent(run, [&] { return connect_bound_to(4711, to); }), "EPERM");
    EXPECT_EQ(as_agent(run, [&] { return connect_bound_to(1, to); }), "ok");
  }
  EXPECT_EQ(lab.count("bound_to_device"), 2u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
