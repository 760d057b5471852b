// SPDX-License-Identifier: Apache-2.0
// Which actions a protocol has.
#pragma once

#include <sluice/action.h>
#include <sluice/resource.h>

namespace sluice::policy {

ActionSet all_actions();
// Empty for a protocol that this build does not read.
ActionSet actions_of(Protocol protocol);
// Judged by switches of the resource, unless a rule names them.
ActionSet switched_actions();

}  // namespace sluice::policy
