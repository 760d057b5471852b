// SPDX-License-Identifier: Apache-2.0
// What the kernel holds for all runs of a lineage, beside verdicts. Works through a map descriptor;
// needs no capability.
#pragma once

#include <sluice/result.h>

#include <cstdint>

#include "kernel/descriptors.h"

namespace sluice::kernel {

// Who may connect to a TCP listener of a run.
enum class Inbound : std::uint8_t {
  kOwnRun,    // the run itself, and the runs that it lies in
  kNone,      // nobody
  kLoopback,  // also whoever comes over a loopback address
};

class SubjectRules {
 public:
  static Result<SubjectRules> adopt(const MapDescriptors& maps);
  // Without it, kOwnRun holds.
  Result<void> set(std::uint32_t subject, Inbound inbound);

 private:
  explicit SubjectRules(UniqueFd map) : map_(std::move(map)) {}

  UniqueFd map_;
};

}  // namespace sluice::kernel
