// SPDX-License-Identifier: Apache-2.0
#include "kernel/socket_address.h"

#include <algorithm>
#include <cstring>

namespace sluice::kernel {

Result<Endpoint> endpoint_of(const sockaddr_storage& address) {
  Endpoint endpoint;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    endpoint.ip.bytes[10] = endpoint.ip.bytes[11] = 0xff;
    std::memcpy(endpoint.ip.bytes.data() + 12, &v4.sin_addr, 4);
    endpoint.port = ntohs(v4.sin_port);
    return endpoint;
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(endpoint.ip.bytes.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  return Error{"address family " + std::to_string(address.ss_family) + " is neither IPv4 nor IPv6"};
}

Endpoint endpoint_of(const __u8 (&address)[16], __be16 port) {
  Endpoint endpoint;
  std::copy(std::begin(address), std::end(address), endpoint.ip.bytes.begin());
  endpoint.port = ntohs(port);
  return endpoint;
}

}  // namespace sluice::kernel
