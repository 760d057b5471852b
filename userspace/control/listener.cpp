// SPDX-License-Identifier: Apache-2.0
#include "control/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "control/hand_over_socket.h"

namespace sluice::control {
namespace {

constexpr int kBacklog = 64;
// How long the last threads of a killed daemon may take to go: 5 s.
constexpr int kDyingTries = 250;
// How long a daemon that was just killed may look alive: 0.5 s.
constexpr int kServedTries = 25;
constexpr std::chrono::milliseconds kDyingPause{20};

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

// Whether the process that listens there, by its keeper, has ended: its worker, which still holds
// the socket, is being killed.
bool listener_is_dying(int connected) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
    return false;
  const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0))};
  if (!process) return errno == ESRCH;
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 1;
}

enum class Answer { kServed, kDying, kDead };
Result<Answer> knock(const std::string& path, const sockaddr_un& address, int type) {
  const UniqueFd probe{::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) return Error::sys(errno, "open a socket");
  if (::connect(probe.get(), generic(address), sizeof address) == 0)
    return listener_is_dying(probe.get()) ? Answer::kDying : Answer::kServed;
  if (errno == EAGAIN) return Answer::kServed;
  if (errno == ECONNREFUSED) return Answer::kDead;
  return Error::sys(errno, "find out who serves '" + path + "'");
}

// Removes what an earlier daemon left; an Error where one still answers, or where something else
// stands there.
Result<void> clear_way(const std::string& path, const sockaddr_un& address, int type) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return Error::sys(errno, "look at '" + path + "'");
  }
  if (!S_ISSOCK(info.st_mode)) return Error{"'" + path + "' is in the way and is not a socket"};
  for (int tries = 0;; ++tries) {
    SLUICE_TRY(const Answer answer, knock(path, address, type));
    if (answer == Answer::kDead) break;
    if (tries >= (answer == Answer::kServed ? kServedTries : kDyingTries))
      return Error{"another sluiced serves '" + path +
                   "': stop it, or give this one another run_dir"};
    std::this_thread::sleep_for(kDyingPause);
  }
  if (::unlink(path.c_str()) != 0)
    return Error::sys(errno, "remove the dead socket '" + path + "'");
  return {};
}

Result<UniqueFd> listen_on(const std::string& path, int type, mode_t mode) {
  SLUICE_TRY(const sockaddr_un address, address_of(path));
  SLUICE_TRY_VOID(clear_way(path, address, type));
  UniqueFd listener{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  if (!listener) return Error::sys(errno, "open a socket");
  if (::bind(listener.get(), generic(address), sizeof address) != 0)
    return Error::sys(errno, "bind the socket '" + path + "'");
  if (::chmod(path.c_str(), mode) != 0)
    return Error::sys(errno, "set the mode of the socket '" + path + "'");
  if (::listen(listener.get(), kBacklog) != 0)
    return Error::sys(errno, "listen on the socket '" + path + "'");
  return listener;
}

}  // namespace

// Everybody may knock: each call is authorised by the caller's own identity.
Result<UniqueFd> open_control_socket(const std::string& path) {
  return listen_on(path, SOCK_STREAM, 0666);
}

// Nobody can connect before listen(), and then the mode is right.
Result<UniqueFd> open_hand_over_socket(const std::string& path) {
  return listen_on(path, SOCK_SEQPACKET, 0600);
}

}  // namespace sluice::control
