// SPDX-License-Identifier: Apache-2.0
// Listeners in a network namespace.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include "base/unique_fd.h"

namespace sluice::keeper {

// A listening, non-blocking TCP socket on a loopback address and port 0 or >= 1024: all that
// steered connections need, and nothing that could stand in for a service of the host.
// `namespace_fd`: a network namespace or a pidfd; -1 for the caller's own. The calling thread is
// back in its own namespace afterwards, or the process is ended.
Result<UniqueFd> open_loopback_listener(const Endpoint& address, int namespace_fd);

}  // namespace sluice::keeper
