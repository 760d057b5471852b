// SPDX-License-Identifier: Apache-2.0
#include "kernel/descriptors.h"

#include <fcntl.h>

#include <cerrno>

namespace sluice::kernel {

const char* name_of(MapName name) {
  switch (name) {
    case MapName::kRuns: return "sluice_runs";
    case MapName::kVerdicts: return "sluice_verdicts";
    case MapName::kSettings: return "sluice_settings";
    case MapName::kListeners: return "sluice_listeners";
    case MapName::kFlows: return "sluice_flows";
    case MapName::kCounters: return "sluice_counters";
    case MapName::kCpus: return "sluice_cpus";
    case MapName::kEvents: return "sluice_events";
    case MapName::kAudited: return "sluice_audited";
    case MapName::kFlowTotals: return "sluice_flow_totals";
    case MapName::kUnixVerdicts: return "sluice_unix_verdicts";
    case MapName::kUnixListeners: return "sluice_unix_listeners";
    case MapName::kUnixSockets: return "sluice_unix_sockets";
    case MapName::kAwaited: return "sluice_awaited";
    case MapName::kSubjects: return "sluice_subjects";
    case MapName::kResolvers: return "sluice_resolvers";
    case MapName::kQueries: return "sluice_queries";
    case MapName::kRuleHits: return "sluice_rule_hits";
    case MapName::kCount_: break;
  }
  return "";
}

Result<MapDescriptors> duplicate(const MapDescriptors& maps) {
  MapDescriptors copies;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    copies.fds[i].reset(::fcntl(maps.fds[i].get(), F_DUPFD_CLOEXEC, 0));
    if (!copies.fds[i])
      return Error::sys(
          errno, std::string{"duplicate the descriptor of "} + name_of(static_cast<MapName>(i)));
  }
  return copies;
}

}  // namespace sluice::kernel
