// SPDX-License-Identifier: Apache-2.0
#include "kernel/netns_cookie.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/unique_fd.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace sluice::kernel {

Result<std::uint64_t> netns_cookie_of(int socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0)
    return Error::sys(errno, "ask a socket for its network namespace");
  return cookie;
}

Result<std::uint64_t> own_netns_cookie() {
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return Error::sys(errno, "make a socket, to ask for our network namespace");
  return netns_cookie_of(socket.get());
}

}  // namespace sluice::kernel
