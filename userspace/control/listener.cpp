// SPDX-License-Identifier: Apache-2.0
#include "control/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::control {
namespace {

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{"the control socket's path '" + path + "' is too long: shorten run_dir"};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Removes what an earlier daemon left; an Error where one still answers, or where something else
// stands there.
Result<void> clear_way(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return Error::sys(errno, "look at '" + path + "'");
  }
  if (!S_ISSOCK(info.st_mode)) return Error{"'" + path + "' is in the way and is not a socket"};
  UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) return Error::sys(errno, "open a socket");
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN)
    return Error{"another sluiced serves '" + path +
                 "': stop it, or give this one another run_dir"};
  if (errno != ECONNREFUSED) return Error::sys(errno, "find out who serves '" + path + "'");
  if (::unlink(path.c_str()) != 0)
    return Error::sys(errno, "remove the dead socket '" + path + "'");
  return {};
}

}  // namespace

Result<UniqueFd> open_control_socket(const std::string& path) {
  SLUICE_TRY(const sockaddr_un address, address_of(path));
  SLUICE_TRY_VOID(clear_way(path, address));
  UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!listener) return Error::sys(errno, "open a socket");
  if (::bind(listener.get(), generic(address), sizeof address) != 0)
    return Error::sys(errno, "bind the control socket '" + path + "'");
  // Everybody may knock: each call is authorised by the caller's own identity.
  if (::chmod(path.c_str(), 0666) != 0)
    return Error::sys(errno, "set the mode of the control socket '" + path + "'");
  if (::listen(listener.get(), kBacklog) != 0)
    return Error::sys(errno, "listen on the control socket '" + path + "'");
  return listener;
}

}  // namespace sluice::control
