// SPDX-License-Identifier: Apache-2.0
// The map descriptors that the privileged side hands to the worker, by inheritance or SCM_RIGHTS,
// in this order. They are all the worker needs: no capability, no bpffs.
#pragma once

#include <sluice/result.h>

#include <array>
#include <cstddef>

#include "base/unique_fd.h"

namespace sluice::kernel {

enum class MapName : std::size_t {
  kRuns,
  kVerdicts,
  kSettings,
  kListeners,
  kFlows,
  kCounters,
  kCpus,
  kEvents,
  kAudited,
  kFlowTotals,
  kUnixVerdicts,
  kUnixListeners,
  kUnixSockets,
  kAwaited,
  kSubjects,
  kResolvers,
  kQueries,
  kRuleHits,
  kCount_
};
inline constexpr std::size_t kMapCount = static_cast<std::size_t>(MapName::kCount_);

struct MapDescriptors {
  std::array<UniqueFd, kMapCount> fds;
  UniqueFd& operator[](MapName name) { return fds[static_cast<std::size_t>(name)]; }
  const UniqueFd& operator[](MapName name) const { return fds[static_cast<std::size_t>(name)]; }
};

// "sluice_runs": the map's name in the programs, and of its pin.
const char* name_of(MapName name);

// Duplicates, close-on-exec.
Result<MapDescriptors> duplicate(const MapDescriptors& maps);

}  // namespace sluice::kernel
