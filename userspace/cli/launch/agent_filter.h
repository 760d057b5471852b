// SPDX-License-Identifier: Apache-2.0
// The seccomp filter of an agent. The kernel programs see connections; this closes the ways to the
// network, or out of the run, that they do not see. Everything else stays as it was for the agent.
#pragma once

#include <sluice/result.h>

namespace sluice::launch {

// For all threads and for good; needs no_new_privs. Filters stack, so it works inside a run too.
Result<void> install_agent_filter();

}  // namespace sluice::launch
