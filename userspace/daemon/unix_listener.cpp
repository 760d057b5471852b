// SPDX-License-Identifier: Apache-2.0
#include "daemon/unix_listener.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

namespace sluice::daemon {
namespace {
constexpr int kBacklog = 1024;
}

Result<UniqueFd> listen_abstract(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof address.sun_path)
    return Error{"an abstract name of " + std::to_string(name.size()) + " bytes does not fit"};
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return Error::sys(errno, "make a Unix socket");
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0)
    return Error::sys(errno, "listen on the abstract Unix socket " + std::string{name});
  return fd;
}

Result<void> listen_as_this_process(int listener) {
  if (::listen(listener, kBacklog) != 0) return Error::sys(errno, "listen for Unix sockets");
  return {};
}

bool is_unix_socket(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_UNIX;
}

}  // namespace sluice::daemon
