// SPDX-License-Identifier: Apache-2.0
// What a pidfd stands for.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

namespace sluice::keeper {

// The process id behind a pidfd, in our pid namespace. An error where the descriptor is no pidfd,
// or where the process has been reaped (ESRCH): while this succeeds, before and after, the number
// cannot have been given to another process in between.
Result<pid_t> pid_of(int pidfd);

Result<bool> is_kernel_thread(pid_t pid);

}  // namespace sluice::keeper
