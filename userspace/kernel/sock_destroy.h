// SPDX-License-Identifier: Apache-2.0
// Ends the open sockets of a run at once, by SOCK_DESTROY. Needs CAP_NET_ADMIN, CAP_SYS_PTRACE and,
// for runs in network namespaces of their own, CAP_SYS_ADMIN.
#pragma once

#include <sluice/result.h>

#include <cstddef>
#include <string>

namespace sluice::kernel {

struct DestroyedSockets {
  std::size_t tcp = 0;
  std::size_t udp = 0;
};

// A socket is the run's when it was made in `cgroup_path` (an absolute directory of cgroup2) or
// below it, or when a process in there holds it now. Every network namespace that a process of the
// run is in is searched, and the caller's. Call it after revoke_run(), so that no new one can
// appear.
Result<DestroyedSockets> destroy_sockets_of_run(const std::string& cgroup_path);

}  // namespace sluice::kernel
