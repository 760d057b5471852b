// SPDX-License-Identifier: Apache-2.0
// What several members of a lineage hold at once. Pure.
#pragma once

#include <sluice/verdict.h>

#include <vector>

namespace sluice::policy {

// One verdict that asks no fewer people than each of them does: one of theirs, or the people whom
// all of them name. Where there are none it denies, and says so. `holds`: at least one; of equals
// the first is taken.
Verdict held_by_all(std::vector<Verdict> holds);

}  // namespace sluice::policy
