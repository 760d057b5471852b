// SPDX-License-Identifier: Apache-2.0
// Where the programs steer a connection to, among all that a listener has; compiled by the host's
// compiler.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <tuple>

#include "../../../bpf/lib/listener.h"

namespace {

sluice_address address(const char* text) {
  sluice_address made{};
  EXPECT_EQ(inet_pton(AF_INET6, text, made.word), 1) << text;
  return made;
}

sluice_listener listener(const char* text, std::uint32_t spread_bits, std::uint16_t first_port,
                         std::uint16_t port_count) {
  sluice_listener made{};
  const sluice_address base = address(text);
  std::memcpy(made.address, base.word, sizeof made.address);
  made.spread = htonl((1u << spread_bits) - 1);
  for (std::uint16_t i = 0; i < SLUICE_LISTENER_PORTS; ++i)
    made.ports[i] = htons(static_cast<std::uint16_t>(first_port + i % port_count));
  return made;
}

using Place = std::pair<__be32, __be16>;
Place place_of(const sluice_listener& of, const sluice_address& to, std::uint16_t port,
               std::uint64_t flow) {
  const std::uint64_t place = sluice_place(&to, htons(port), flow);
  __be32 base = 0;
  std::memcpy(&base, of.address + 12, sizeof base);
  return {sluice_listener_word(&of, base, place), sluice_listener_port(&of, place)};
}

TEST(ListenerPlace, LiesInTheSpreadRangeAndIsAlwaysOneOfTheListeners) {
  const sluice_listener v4 = listener("::ffff:127.0.0.1", 16, 4000, 1);
  const sluice_listener v6 = listener("::1", 0, 4000, 16);
  const sluice_address to = address("::ffff:10.1.2.3");
  for (std::uint64_t flow = 0; flow < 1000; ++flow) {
    const auto [word, port] = place_of(v4, to, 5432, flow);
    EXPECT_EQ(ntohl(word) >> 16, 0x7f00u);
    EXPECT_EQ(port, htons(4000));
    const sluice_address there = sluice_mapped(word);
    EXPECT_TRUE(sluice_is_listener(&v4, &there, port));
    const auto [last, v6_port] = place_of(v6, address("2001:db8::1"), 5432, flow);
    EXPECT_EQ(last, htonl(1));
    const sluice_address loopback = address("::1");
    EXPECT_TRUE(sluice_is_listener(&v6, &loopback, v6_port));
  }
}

TEST(ListenerPlace, StaysWhereNothingIsToBeSpread) {
  const sluice_listener one = listener("::ffff:127.0.0.1", 0, 4000, 1);
  for (std::uint64_t flow = 0; flow < 100; ++flow)
    EXPECT_EQ(place_of(one, address("::ffff:10.1.2.3"), 5432, flow),
              Place(htonl(0x7f000001), htons(4000)));
}

// Counted, not measured: places are drawn as evenly as balls into bins.
TEST(ListenerPlace, DiffersByDestinationByPortAndByFlow) {
  const sluice_listener v4 = listener("::ffff:127.0.0.1", 16, 4000, 1);
  const sluice_listener v6 = listener("::1", 0, 4000, 16);
  std::set<__be32> by_address, by_port, by_flow;
  std::set<__be16> v6_ports;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const sluice_address to = sluice_mapped(htonl(0x0a000000 + i));
    by_address.insert(place_of(v4, to, 5432, 1).first);
    by_port.insert(
        place_of(v4, address("::ffff:10.0.0.1"), static_cast<std::uint16_t>(1 + i), 1).first);
    by_flow.insert(place_of(v4, address("::ffff:10.0.0.1"), 5432, i).first);
    v6_ports.insert(place_of(v6, address("2001:db8::1"), 5432, i).second);
  }
  EXPECT_GT(by_address.size(), 950u);
  EXPECT_GT(by_port.size(), 950u);
  EXPECT_GT(by_flow.size(), 950u);
  EXPECT_EQ(v6_ports.size(), 16u);
}

TEST(OwnListener, IsEveryLoopbackAddressWithOneOfItsPorts) {
  const sluice_listener v4 = listener("::ffff:127.0.0.1", 16, 4000, 1);
  const sluice_listener v6 = listener("::1", 0, 4000, 16);
  const std::tuple<const sluice_listener*, const char*, std::uint16_t, bool> cases[] = {
      {&v4, "::ffff:127.0.0.1", 4000, true},
      {&v4, "::ffff:127.255.255.254", 4000, true},
      {&v4, "::ffff:127.0.0.1", 4001, false},
      {&v4, "::ffff:128.0.0.1", 4000, false},
      {&v4, "::ffff:10.0.0.1", 4000, false},
      {&v6, "::1", 4000, true},
      {&v6, "::1", 4015, true},
      {&v6, "::1", 4016, false},
      {&v6, "::2", 4000, false},
      {&v6, "2001:db8::1", 4000, false},
  };
  for (const auto& [of, text, port, is] : cases) {
    const sluice_address to = address(text);
    EXPECT_EQ(sluice_is_listener(of, &to, htons(port)) != 0, is) << text << " " << port;
  }
}

}  // namespace
