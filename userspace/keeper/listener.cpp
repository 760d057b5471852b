// SPDX-License-Identifier: Apache-2.0
#include "keeper/listener.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace sluice::keeper {
namespace {

constexpr int kBacklog = 4096;      // the kernel lowers it to net.core.somaxconn
constexpr char kLoopback[] = "lo";  // in every namespace
constexpr std::uint16_t kFirstUnprivilegedPort = 1024;

bool is_loopback(const IpAddress& ip) {
  if (ip.is_v4()) return ip.bytes[12] == 127;
  return std::all_of(ip.bytes.begin(), ip.bytes.end() - 1, [](auto b) { return b == 0; }) &&
         ip.bytes[15] == 1;
}

socklen_t fill(const Endpoint& address, sockaddr_storage& out) {
  if (address.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes.data() + 12, 4);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&v6.sin6_addr, address.ip.bytes.data(), 16);
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

bool loopback_is_up(int any_socket) {
  ifreq lo{};
  std::memcpy(lo.ifr_name, kLoopback, sizeof kLoopback);
  return ::ioctl(any_socket, SIOCGIFFLAGS, &lo) == 0 && (lo.ifr_flags & IFF_UP) != 0;
}

Result<LoopbackListener> open_here(const Endpoint& address) {
  const std::string doing = "listen on " + address.text();
  sockaddr_storage storage{};
  const socklen_t length = fill(address, storage);
  UniqueFd fd{::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return Error::sys(errno, doing);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    // Where loopback is still down its address is not there yet.
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  } else {
    // All of 127.0.0.0/8, and nothing else: what arrives for an address of another device is not
    // for this socket, wherever it comes from.
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, kLoopback, sizeof kLoopback) != 0)
      return Error::sys(errno, doing + " of the device lo alone");
    reinterpret_cast<sockaddr_in&>(storage).sin_addr.s_addr = htonl(INADDR_ANY);
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Error::sys(errno, doing);
  if (::listen(fd.get(), kBacklog) != 0) return Error::sys(errno, doing);
  LoopbackListener opened;
  struct stat here {};
  if (::stat("/proc/thread-self/ns/net", &here) != 0)
    return Error::sys(errno, "look at the network namespace of a listener");
  opened.netns_inode = here.st_ino;
  opened.loopback_up = loopback_is_up(fd.get());
  opened.fd = std::move(fd);
  return opened;
}

}  // namespace

Result<LoopbackListener> open_loopback_listener(const Endpoint& address, int namespace_fd) {
  if (!is_loopback(address.ip))
    return Error::sys(EPERM, "listen on " + address.text() + ", which is not a loopback address");
  if (address.port != 0 && address.port < kFirstUnprivilegedPort)
    return Error::sys(EPERM, "listen on " + address.text() + ", which is a privileged port");
  if (namespace_fd < 0) return open_here(address);

  const UniqueFd home{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home) return Error::sys(errno, "open our own network namespace");
  if (::setns(namespace_fd, CLONE_NEWNET) != 0)
    return Error::sys(errno, "enter the network namespace that was given");
  auto listener = open_here(address);
  // To go on in a foreign namespace would open the next listener for the wrong host.
  SLUICE_CHECK(::setns(home.get(), CLONE_NEWNET) == 0);
  return listener;
}

}  // namespace sluice::keeper
