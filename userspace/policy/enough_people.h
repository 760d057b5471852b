// SPDX-License-Identifier: Apache-2.0
// Whether an approval that one rule asked for is also the one that another asks for. Pure.
#pragma once

#include <sluice/verdict.h>

namespace sluice::policy {

// Whoever `given` asks for, and however they are chosen, `wanted` has enough of its own people
// among them. Goes by what is written: who is in which group is not known here, so a user who is
// named by name in the one and by group in the other does not count.
bool is_enough_for(const Approvers& given, const Approvers& wanted);

}  // namespace sluice::policy
