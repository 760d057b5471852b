// SPDX-License-Identifier: Apache-2.0
#include "kernel/socket_census.h"

#include <netinet/in.h>

#include <cstring>

#include "kernel/run_sockets.h"

namespace sluice::kernel {
namespace {

Endpoint endpoint_of(std::uint8_t family, const __be32* words, __be16 port) {
  Endpoint endpoint;
  endpoint.port = ntohs(port);
  if (family == AF_INET) {
    endpoint.ip.bytes = {};
    endpoint.ip.bytes[10] = endpoint.ip.bytes[11] = 0xff;
    std::memcpy(endpoint.ip.bytes.data() + 12, words, 4);
  } else {
    std::memcpy(endpoint.ip.bytes.data(), words, 16);
  }
  return endpoint;
}

}  // namespace

Result<Census> take_census(const std::string& cgroup_path, bool kill) {
  Census census;
  SLUICE_TRY_VOID(for_each_socket_of_run(
      cgroup_path,
      [&](SockDiag& diag, std::uint8_t ip_protocol, const DiagSocket& socket,
          pid_t holder) -> Result<void> {
        if (socket.id.idiag_dport == 0) return {};
        OpenConnection open;
        open.ip_protocol = ip_protocol;
        open.local = endpoint_of(socket.family, socket.id.idiag_src, socket.id.idiag_sport);
        open.remote = endpoint_of(socket.family, socket.id.idiag_dst, socket.id.idiag_dport);
        open.pid = holder;
        if (kill) {
          // One that cannot be ended is no reason to leave the others.
          const auto destroyed = diag.destroy(ip_protocol, socket);
          open.killed = destroyed.ok();
          if (!destroyed && census.why_kept.empty()) census.why_kept = destroyed.error().text();
        }
        census.connections.push_back(open);
        return {};
      }));
  return census;
}

}  // namespace sluice::kernel
