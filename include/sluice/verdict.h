// SPDX-License-Identifier: Apache-2.0
// What the policy answers. deny > hold > allow; no match is deny (invariants 2 and 3).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class VerdictKind : std::uint8_t {
  kAllow = 0,
  kHold = 1,
  kDeny = 2
};                                           // ordered: the larger one wins
std::string_view name_of(VerdictKind kind);  // "allow"

struct Approvers {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::uint32_t count = 1;
};

// What a rule in `mode: observe` would have done. It never changes the verdict.
struct Observation {
  std::string rule;
  VerdictKind kind = VerdictKind::kAllow;
};

struct Verdict {
  VerdictKind kind = VerdictKind::kDeny;
  std::string rule;     // name of the rule that decided; "" where no rule matched
  std::string agent;    // whose rule it was: the member of the lineage that was most restrictive
  std::string message;  // the rule's message, or one sentence that says why no rule allowed it
  Approvers approvers;  // for kHold
  std::chrono::seconds timeout{0};  // for kHold: then it is denied
  std::vector<Observation> observed;
  std::uint64_t policy_version = 0;
};

}  // namespace sluice
