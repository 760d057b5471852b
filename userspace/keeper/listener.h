// SPDX-License-Identifier: Apache-2.0
// Listeners in a network namespace.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <cstdint>

#include "base/unique_fd.h"

namespace sluice::keeper {

struct LoopbackListener {
  UniqueFd fd;
  std::uint64_t netns_inode = 0;  // of the namespace that it is in
  bool loopback_up = false;       // whether the device lo is up there
};

// A listening, non-blocking TCP socket on a loopback address and port 0 or >= 1024: all that
// steered connections need, and nothing that could stand in for a service of the host. One that is
// given an IPv4 address takes what comes to its port on any address of 127.0.0.0/8, over lo.
// `namespace_fd`: a network namespace or a pidfd; -1 for the caller's own. The calling thread is
// back in its own namespace afterwards, or the process is ended.
Result<LoopbackListener> open_loopback_listener(const Endpoint& address, int namespace_fd);

}  // namespace sluice::keeper
