// SPDX-License-Identifier: Apache-2.0
// What the processes of a cgroup were connected to before it became a run: no hook has judged it.
#pragma once

#include <sluice/flow.h>
#include <sluice/result.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::kernel {

struct OpenConnection {
  std::uint8_t ip_protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
  Endpoint local;
  Endpoint remote;
  pid_t pid = 0;  // a process that holds it; 0: none does any more
  bool killed = false;
};

struct Census {
  std::vector<OpenConnection> connections;
  std::string why_kept;  // why one that was to be killed was not; "" if all were
};

// Connected sockets only: a listener has no peer, and a datagram without a connection is judged
// when it is sent. Call it after the kernel knows the run, so that no new one can appear. `kill`
// ends them by SOCK_DESTROY; capabilities as in run_sockets.h.
Result<Census> take_census(const std::string& cgroup_path, bool kill);

}  // namespace sluice::kernel
