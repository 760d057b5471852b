// SPDX-License-Identifier: Apache-2.0
// Listeners in a network namespace.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include "base/unique_fd.h"
#include "keeper/protocol.h"

namespace sluice::keeper {

enum class IpVersion : std::uint8_t { k4 = 4, k6 = 6 };

// A listening, non-blocking TCP socket on a loopback address and port 0 or >= 1024: all that
// steered connections need, and nothing that could stand in for a service of the host.
Result<UniqueFd> open_loopback_listener(const Endpoint& address);

// The same, or a bound UDP socket, on 127.0.0.1 or ::1 of that network namespace, at any port. The
// calling thread is back in its own namespace afterwards, or the process is ended.
Result<UniqueFd> open_in_namespace(int namespace_fd, IpVersion version, Transport transport);

}  // namespace sluice::keeper
