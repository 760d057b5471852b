// SPDX-License-Identifier: Apache-2.0
// The verdict of one member of a lineage by its own rules. Policy::judge() takes the most
// restrictive of them.
#pragma once

#include "policy/compiled.h"

#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <optional>

namespace sluice::policy {

struct Judgement {
  VerdictKind kind = VerdictKind::kDeny;
  const Rule* rule = nullptr;            // that decided; null: see the next two
  std::optional<Action> by_switch;       // a switch of the resource decided about this action
  std::uint16_t uncovered = 0;           // no rule allowed these actions: why it is denied
  std::uint32_t approver_count() const;  // for kHold
};

// `a` leaves the agent less than `b`: the kind, then the number of people who must agree.
bool is_more_restrictive(const Judgement& a, const Judgement& b);

// What is asked, and the same with everything else that rules which deny or hold go by.
struct Asked {
  const Intent& intent;
  const Intent& with_kin;
};

Judgement judge_member(const Compiled& compiled, const Asked& what, const Run& member,
                       std::uint32_t agent, std::uint32_t resource);

// Appends what the rules in `mode: observe` of this member would have done, where that differs:
// denied or held what `decided` lets pass, or allowed what no rule allows.
void observe_member(const Compiled& compiled, const Asked& what, const Run& member,
                    std::uint32_t agent, std::uint32_t resource, VerdictKind decided,
                    std::vector<Observation>& observed);

}  // namespace sluice::policy
