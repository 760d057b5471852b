// SPDX-License-Identifier: Apache-2.0
// Who may vote on what, and what the votes amount to. Pure.
#pragma once

#include "approval/book.h"

#include <optional>

namespace sluice::approval {

bool names(const Approvers& approvers, const Person& person);

// The run of the lineage that makes the request the person's own; null if none does.
const Run* own_run(const Lineage& lineage, const Person& person);

// Why this ballot may not be cast; nullopt if it may. `request` is pending.
std::optional<VoteRefused> refuse_vote(const Request& request, const Person& person,
                                       const Ballot& ballot, const Limits& limits);

// Approvals that are still missing.
std::uint32_t still_needed(const Request& request);

// "alice,bob": who voted as the decision went.
std::string deciders(const Request& request, bool approve);

}  // namespace sluice::approval
