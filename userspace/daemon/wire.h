// SPDX-License-Identifier: Apache-2.0
// Builds every object of the worker and joins them; the first file to read.
#pragma once

#include <sluice/result.h>

#include "control/config.h"
#include "daemon/privileged.h"
#include "keeper/client.h"

namespace sluice::daemon {

// How the worker ended: in order, for an error while it served, or before it ever served.
enum class WorkerOutcome : std::uint8_t { kStopped, kFailed, kRefusedToStart };

// Runs in the worker process, after it gave its privileges up, until SIGTERM, SIGINT or the
// keeper's death. Logs its errors.
WorkerOutcome run_worker(const control::Config& config, Prepared prepared, UniqueFd keeper_socket);

}  // namespace sluice::daemon
