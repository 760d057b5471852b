// SPDX-License-Identifier: Apache-2.0
#include "net/connect.h"

#include "net/address.h"
#include "net/socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace sluice::net {

std::string UpstreamTarget::text() const {
  return unix_path.empty() ? endpoint.text() : "unix:" + unix_path;
}

namespace {

Result<Connecting> start(int family, const sockaddr* address, socklen_t size,
                         const UpstreamTarget& target) {
  Connecting connecting;
  connecting.fd.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connecting.fd) return Error::sys(errno, "make a socket for " + target.text());
  if (family != AF_UNIX) tune_stream(connecting.fd.get());
  if (::connect(connecting.fd.get(), address, size) == 0) {
    connecting.done = true;
    return connecting;
  }
  if (errno != EINPROGRESS && errno != EINTR)
    return Error::sys(errno, "connect to " + target.text());
  return connecting;
}

}  // namespace

Result<Connecting> start_connect(const UpstreamTarget& target) {
  if (!target.unix_path.empty()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (target.unix_path.size() >= sizeof address.sun_path)
      return Error{"connect to " + target.text() + ": the path is too long for a socket"};
    std::memcpy(address.sun_path, target.unix_path.data(), target.unix_path.size());
    return start(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, target);
  }
  const SocketAddress address = socket_address(target.endpoint);
  return start(address.family(), address.get(), address.size, target);
}

Result<void> connect_error(int fd, const UpstreamTarget& target) {
  int err = 0;
  socklen_t size = sizeof err;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0) err = errno;
  if (err != 0) return Error::sys(err, "connect to " + target.text());
  return {};
}

}  // namespace sluice::net
