// SPDX-License-Identifier: Apache-2.0
// What can be found wrong before anything is loaded, attached or pinned, so that a refused start
// leaves the kernel as it was.
#pragma once

#include <sluice/result.h>

#include <string>
#include <vector>

#include "control/config.h"

namespace sluice::daemon {

// As root, with one thread. Checks the user of the worker, the policy, and that each secret file
// which it names can be used. The policy is read by a child that gave every privilege up, as the
// worker will read it: root parses nothing of it. The error says where and what to do.
Result<void> check_before_the_kernel(const control::Config& config);

}  // namespace sluice::daemon
