// SPDX-License-Identifier: Apache-2.0
// Where the connections of one network namespace are steered to.
#pragma once

#include <sluice/resource.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::kernel {

// The listener of one address family. An address and a port alone take some 28,000 connections from
// one source address.
struct SteeringListener {
  IpAddress address{};               // loopback
  std::vector<std::uint16_t> ports;  // host order; 1 to 16, and only a divisor of 16
  std::uint32_t spread_bits = 0;     // of the address's end: as many addresses reach it; at most 24
};

// Without a listener connects of that family are refused.
struct NamespaceListeners {
  std::uint64_t netns_cookie = 0;
  std::optional<SteeringListener> v4;
  std::optional<SteeringListener> v6;
};

}  // namespace sluice::kernel
