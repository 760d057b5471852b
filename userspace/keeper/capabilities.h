// SPDX-License-Identifier: Apache-2.0
// What a process does with its capabilities here: have fewer. Numbers are those of
// <linux/capability.h>.
#pragma once

#include <sluice/result.h>

#include <span>

namespace sluice::keeper {

// Takes everything but `kept` out of the bounding set. Needs CAP_SETPCAP.
Result<void> lower_bounding_set(std::span<const int> kept);
bool may_lower_bounding_set();

// Empties the ambient set and takes everything but `kept` out of the permitted, effective and
// inheritable sets.
Result<void> limit_capabilities(std::span<const int> kept);

// In any set of this thread, the bounding set included. True where it cannot be told.
bool has_any_capability();

}  // namespace sluice::keeper
