// SPDX-License-Identifier: Apache-2.0
// How the worker gives up everything that it does not need.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <string>
#include <vector>

namespace sluice::keeper {

struct WorkerIdentity {
  std::string user = "sluice";
  std::string group;          // "" is the user's own group
  pid_t keeper = 0;           // Split::other
  std::vector<int> keep_fds;  // beside 0, 1 and 2; all others are closed
};

// For good: the user and group, no supplementary group, no capability in any set, no new
// privileges, not dumpable, no core file, killed when the keeper dies. Checks afterwards that it is
// so. After an error the process must exit: part of it may have been done. One thread only.
Result<void> become_worker(const WorkerIdentity& identity);

// An allow-list of system calls for all threads (see sandbox_filter.cpp). What is not listed fails
// with EPERM; what only an attacker would call kills the process. Call it last: files in the
// state directory, sockets and threads still work after it, new programs and privileges do not.
Result<void> install_seccomp();

}  // namespace sluice::keeper
