// SPDX-License-Identifier: Apache-2.0
// What the agent gives up before its program starts.
#pragma once

#include <sluice/result.h>

#include "cli/launch/launch.h"

namespace sluice::launch {

// Real, effective and saved ids and the groups, for good.
Result<void> become_user(const TargetUser& user);

// An agent that stays root keeps only what containers usually leave to root: to own files, change
// users below it and bind low ports. Not to trace, to load, to mount, to administer the network.
Result<void> reduce_capabilities();

}  // namespace sluice::launch
