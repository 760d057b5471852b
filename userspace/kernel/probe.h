// SPDX-License-Identifier: Apache-2.0
// Which features this kernel really has, found by trying each (invariant 11). Leaves nothing
// behind.
#pragma once

#include <string>
#include <vector>

namespace sluice::kernel {

struct Feature {
  std::string id;     // "connect4"; stable, for --json
  std::string gives;  // what it is for
  bool held = false;
  bool tried = true;      // false: it could not be, for want of privileges; `why_not` says so
  std::string mechanism;  // how it was tried
  std::string why_not;    // what went wrong and what to do; "" where held
};

// Needs the capabilities of Plane::load to find the truth; without them the features that need them
// are not tried. Where no program may be attached (BPF LSM is tried by attaching), it sees only its
// own thread.
std::vector<Feature> probe();

// The same without what is of the BPF LSM layer: for a daemon that attaches it, and tells from
// that.
std::vector<Feature> probe_without_lsm();

// The ids that probe() returns, in its order.
const std::vector<std::string>& feature_ids();

}  // namespace sluice::kernel
