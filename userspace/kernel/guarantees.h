// SPDX-License-Identifier: Apache-2.0
// What Sluice promises, as one table: THREAT_MODEL.md has the same numbers, ids and words (a test
// compares them). What holds on this host follows from the features that probe() found, and from
// nothing else (invariant 11). PURE.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/probe.h"

namespace sluice::kernel {

struct Guarantee {
  unsigned number = 0;        // in THREAT_MODEL.md
  std::string_view id{};      // stable: for `require:` and --json
  std::string_view words{};   // as they stand there
  bool required = false;      // without it nothing is called enforcing, whatever the policy says
  std::string_view needs{};   // ids of features, all of them; "": the daemon's own code, any kernel
  std::string_view by{};      // the mechanism, where it is held
  std::string_view partly{};  // ids of features that hold a part of it; "": nothing does
  std::string_view partly_by{};  // what they hold, and for whom
  std::string_view open{};       // what is possible where it is not held
};

// What stands in `needs` of a guarantee that this build has nothing for yet.
inline constexpr std::string_view kNotBuilt = "not_built";

std::span<const Guarantee> guarantees();

enum class Holding : std::uint8_t { kHeld, kPartly, kNotHeld, kUnknown };
std::string_view name_of(Holding holding);  // "held" "partly" "not_held" "unknown"

struct Finding {
  const Guarantee* guarantee = nullptr;  // never null
  Holding holding = Holding::kNotHeld;
  bool required = false;  // by the guarantee itself or by the policy
  std::string by;         // what holds it, or the part of it that is held
  std::string why_not;    // which features are missing, why, and what to do; "" where held
};

// One for each guarantee, in the order of their numbers. `require` is the policy's list.
std::vector<Finding> judge_guarantees(const std::vector<Feature>& features,
                                      const std::vector<std::string>& require);

// A feature that a required guarantee needs, or that the policy names itself.
bool is_required(const Feature& feature, const std::vector<std::string>& require);

// Why this host may not be called enforcing: each required guarantee or feature that is not known
// to be held, with the reason and what to do. Empty: it may.
std::vector<std::string> what_is_missing(const std::vector<Feature>& features,
                                         const std::vector<std::string>& require);

// What `require:` may name: the ids of guarantees, then of features.
const std::vector<std::string>& requirement_ids();

}  // namespace sluice::kernel
