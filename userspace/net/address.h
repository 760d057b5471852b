// SPDX-License-Identifier: Apache-2.0
// Endpoints as the socket calls want them, and back.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <sys/socket.h>

namespace sluice::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// AF_INET for an IPv4 address in its mapped form, AF_INET6 otherwise.
SocketAddress socket_address(const Endpoint& endpoint);
// Error for a family that is neither.
Result<Endpoint> endpoint_of(const sockaddr* address);

}  // namespace sluice::net
