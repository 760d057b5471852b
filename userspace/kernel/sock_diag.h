// SPDX-License-Identifier: Apache-2.0
// The kernel's socket table of one network namespace, over NETLINK_SOCK_DIAG.
#pragma once

#include <linux/inet_diag.h>
#include <linux/types.h>
#include <sluice/result.h>

#include <cstdint>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::kernel {

struct DiagSocket {
  std::uint8_t family = 0;  // AF_INET, AF_INET6
  inet_diag_sockid id{};    // ports, addresses, cookie
  std::uint32_t inode = 0;
  std::uint64_t cgroup_id = 0;  // where it was made
};

class SockDiag {
 public:
  // For the network namespace of the calling thread.
  static Result<SockDiag> open();

  // Every socket of IPPROTO_TCP or IPPROTO_UDP that still is one (not TIME_WAIT).
  Result<std::vector<DiagSocket>> list(std::uint8_t ip_protocol);

  // False: it was gone already.
  Result<bool> destroy(std::uint8_t ip_protocol, const DiagSocket& socket);

 private:
  explicit SockDiag(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<void> list_family(std::uint8_t family, std::uint8_t ip_protocol,
                           std::vector<DiagSocket>& out);
  Result<void> ask(std::uint16_t type, std::uint16_t flags, const inet_diag_req_v2& request);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sluice::kernel
