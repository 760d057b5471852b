// SPDX-License-Identifier: Apache-2.0
// Which features this kernel really has, found by trying each (invariant 11). Leaves nothing
// behind.
#pragma once

#include <string>
#include <vector>

namespace sluice::kernel {

struct Feature {
  std::string id;         // "connect4"; stable, for --json
  std::string gives;      // what holds because of it
  bool required = false;  // without it nothing may be called enforcing
  bool held = false;
  std::string mechanism;  // how it was tried
  std::string why_not;    // what went wrong and what to do; "" where held
};

// Needs the capabilities of Plane::load to find the truth; without them each feature says so. Where
// no program may be attached (BPF LSM is tried by attaching), it sees only its own thread.
std::vector<Feature> probe();

// Every required feature is held.
bool can_enforce(const std::vector<Feature>& features);

}  // namespace sluice::kernel
