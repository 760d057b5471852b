// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace sluice::net {

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress made;
  if (endpoint.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.ip.bytes.data() + 12, 4);
    std::memcpy(&made.storage, &v4, sizeof v4);
    made.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.ip.bytes.data(), 16);
    std::memcpy(&made.storage, &v6, sizeof v6);
    made.size = sizeof v6;
  }
  return made;
}

Result<Endpoint> endpoint_of(const sockaddr* address) {
  Endpoint endpoint;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    endpoint.ip.bytes[10] = endpoint.ip.bytes[11] = 0xff;
    std::memcpy(endpoint.ip.bytes.data() + 12, &v4.sin_addr, 4);
    endpoint.port = ntohs(v4.sin_port);
    return endpoint;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(endpoint.ip.bytes.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  return Error{"an address of family " + std::to_string(address->sa_family) +
               " is neither IPv4 nor IPv6"};
}

}  // namespace sluice::net
