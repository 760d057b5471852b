// SPDX-License-Identifier: Apache-2.0
#include "kernel/sock_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace sluice::kernel {
namespace {

// What the kernel sends at once in a dump; a smaller buffer would cut messages.
constexpr std::size_t kReceiveBytes = 64 * 1024;
constexpr std::uint32_t kTimeWait =
    6;  // enum tcp_state; the kernel's header fights with <netinet/tcp.h>
constexpr std::uint32_t kNewSynReceived = 12;
constexpr std::uint32_t kEveryState = 0xfff & ~(1u << kTimeWait);

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

std::uint64_t cgroup_in(const nlmsghdr* header) {
  const auto* message = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
  auto left = static_cast<int>(NLMSG_PAYLOAD(header, sizeof(inet_diag_msg)));
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != INET_DIAG_CGROUP_ID || RTA_PAYLOAD(attribute) != 8) continue;
    std::uint64_t id = 0;
    std::memcpy(&id, RTA_DATA(attribute), sizeof id);
    return id;
  }
  return 0;
}

}  // namespace

Result<SockDiag> SockDiag::open() {
  UniqueFd fd{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  if (!fd) return Error::sys(errno, "open a NETLINK_SOCK_DIAG socket");
  return SockDiag{std::move(fd)};
}

Result<void> SockDiag::ask(std::uint16_t type, std::uint16_t flags, const inet_diag_req_v2& body) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = static_cast<__u16>(NLM_F_REQUEST | flags);
  request.header.nlmsg_seq = ++sequence_;
  request.body = body;
  const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  if (::sendto(fd_.get(), &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&kernel),
               sizeof kernel) != sizeof request)
    return Error::sys(errno, "ask NETLINK_SOCK_DIAG");
  return {};
}

Result<void> SockDiag::list_family(std::uint8_t family, std::uint8_t ip_protocol,
                                   std::vector<DiagSocket>& out) {
  inet_diag_req_v2 all{};
  all.sdiag_family = family;
  all.sdiag_protocol = ip_protocol;
  all.idiag_states = kEveryState | (1u << kNewSynReceived);
  SLUICE_TRY_VOID(ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, all));
  std::vector<std::uint8_t> buffer(kReceiveBytes);
  for (;;) {
    const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return Error::sys(errno, "read the socket table");
    if (static_cast<std::size_t>(received) > buffer.size())
      return Error{"read the socket table: an answer was longer than the buffer"};
    auto left = static_cast<std::size_t>(received);
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != sequence_) continue;
      if (header->nlmsg_type == NLMSG_DONE) return {};
      if (header->nlmsg_type == NLMSG_ERROR) {
        const int failed = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
        return Error::sys(failed,
                          failed == ENOENT
                              ? "read the socket table (load the modules tcp_diag and udp_diag)"
                              : "read the socket table");
      }
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg)))
        return Error{"read the socket table: an answer is too short"};
      const auto* message = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
      out.push_back({.family = message->idiag_family,
                     .id = message->id,
                     .inode = message->idiag_inode,
                     .cgroup_id = cgroup_in(header)});
    }
  }
}

Result<std::vector<DiagSocket>> SockDiag::list(std::uint8_t ip_protocol) {
  std::vector<DiagSocket> sockets;
  SLUICE_TRY_VOID(list_family(AF_INET, ip_protocol, sockets));
  SLUICE_TRY_VOID(list_family(AF_INET6, ip_protocol, sockets));
  return sockets;
}

Result<bool> SockDiag::destroy(std::uint8_t ip_protocol, const DiagSocket& socket) {
  inet_diag_req_v2 one{};
  one.sdiag_family = socket.family;
  one.sdiag_protocol = ip_protocol;
  one.idiag_states = kEveryState;
  one.id = socket.id;
  SLUICE_TRY_VOID(ask(SOCK_DESTROY, NLM_F_ACK, one));
  std::vector<std::uint8_t> buffer(kReceiveBytes);
  for (;;) {
    const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return Error::sys(errno, "read the answer to SOCK_DESTROY");
    auto left = static_cast<std::size_t>(received);
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != sequence_ || header->nlmsg_type != NLMSG_ERROR) continue;
      const int failed = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
      if (failed == 0) return true;
      if (failed == ENOENT || failed == ESTALE) return false;
      return Error::sys(failed, failed == EOPNOTSUPP
                                    ? "destroy a socket (the kernel needs CONFIG_INET_DIAG_DESTROY)"
                                    : "destroy a socket");
    }
  }
}

}  // namespace sluice::kernel
