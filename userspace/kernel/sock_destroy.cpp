// SPDX-License-Identifier: Apache-2.0
#include "kernel/sock_destroy.h"

#include <netinet/in.h>

#include "kernel/run_sockets.h"

namespace sluice::kernel {

Result<DestroyedSockets> destroy_sockets_of_run(const std::string& cgroup_path) {
  DestroyedSockets all;
  SLUICE_TRY_VOID(for_each_socket_of_run(cgroup_path,
                                         [&](SockDiag& diag, std::uint8_t ip_protocol,
                                             const DiagSocket& socket, pid_t) -> Result<void> {
                                           SLUICE_TRY(const bool was_there,
                                                      diag.destroy(ip_protocol, socket));
                                           if (was_there)
                                             ++(ip_protocol == IPPROTO_TCP ? all.tcp : all.udp);
                                           return {};
                                         }));
  return all;
}

}  // namespace sluice::kernel
