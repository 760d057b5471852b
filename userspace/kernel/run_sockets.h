// SPDX-License-Identifier: Apache-2.0
// The open sockets of a run, in every network namespace that a process of it is in, and in the
// caller's. Needs CAP_NET_ADMIN, CAP_SYS_PTRACE and, for other namespaces, CAP_SYS_ADMIN.
#pragma once

#include <sluice/result.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "kernel/sock_diag.h"

namespace sluice::kernel {

// `diag` is of the socket's own namespace. `holder`: a process of the run that holds it, 0 if none
// does.
using VisitSocket = std::function<Result<void>(SockDiag& diag, std::uint8_t ip_protocol,
                                               const DiagSocket& socket, pid_t holder)>;

// A socket is the run's when it was made in `cgroup_path` (an absolute directory of cgroup2) or
// below it, or when a process in there holds it now. TCP, then UDP. The first error ends the walk.
Result<void> for_each_socket_of_run(const std::string& cgroup_path, const VisitSocket& visit);

}  // namespace sluice::kernel
