// SPDX-License-Identifier: Apache-2.0
#include "keeper/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace sluice::keeper {
namespace {

constexpr int kBacklog = 4096;  // the kernel lowers it to net.core.somaxconn
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

Result<UniqueFd> open_here(const Endpoint& address, Transport transport) {
  const std::string doing = "listen on " + address.text();
  const bool tcp = transport == Transport::kTcpListener;
  const int type = tcp ? SOCK_STREAM : SOCK_DGRAM;
  sockaddr_storage storage{};
  const socklen_t length = fill(address, storage);
  UniqueFd fd{::socket(storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return Error::sys(errno, doing);
  const int on = 1;
  if (tcp) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Error::sys(errno, doing);
  if (tcp && ::listen(fd.get(), kBacklog) != 0) return Error::sys(errno, doing);
  return fd;
}

}  // namespace

Result<UniqueFd> open_loopback_listener(const Endpoint& address) {
  if (!is_loopback(address.ip))
    return Error::sys(EPERM, "listen on " + address.text() + ", which is not a loopback address");
  if (address.port != 0 && address.port < kFirstUnprivilegedPort)
    return Error::sys(EPERM, "listen on " + address.text() + ", which is a privileged port");
  return open_here(address, Transport::kTcpListener);
}

Result<UniqueFd> open_in_namespace(int namespace_fd, IpVersion version, Transport transport) {
  const Endpoint address{*parse_ip(version == IpVersion::k4 ? "127.0.0.1" : "::1"), 0};
  const UniqueFd home{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home) return Error::sys(errno, "open our own network namespace");
  if (::setns(namespace_fd, CLONE_NEWNET) != 0)
    return Error::sys(errno, "enter the network namespace of the process");
  auto socket = open_here(address, transport);
  // To go on in a foreign namespace would open the next listener for the wrong host.
  SLUICE_CHECK(::setns(home.get(), CLONE_NEWNET) == 0);
  return socket;
}

}  // namespace sluice::keeper
