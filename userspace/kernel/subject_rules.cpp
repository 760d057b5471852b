// SPDX-License-Identifier: Apache-2.0
#include "kernel/subject_rules.h"

#include <bpf/bpf.h>
#include <sluice/abi/subject.h>

#include <cerrno>

namespace sluice::kernel {
namespace {

__u32 number_of(Inbound inbound) {
  switch (inbound) {
    case Inbound::kOwnRun: return SLUICE_INBOUND_OWN_RUN;
    case Inbound::kNone: return SLUICE_INBOUND_NONE;
    case Inbound::kLoopback: return SLUICE_INBOUND_LOOPBACK;
  }
  return SLUICE_INBOUND_NONE;
}

}  // namespace

Result<SubjectRules> SubjectRules::adopt(const MapDescriptors& maps) {
  SLUICE_TRY(MapDescriptors copies, duplicate(maps));
  return SubjectRules{std::move(copies[MapName::kSubjects])};
}

Result<void> SubjectRules::set(std::uint32_t subject, Inbound inbound) {
  sluice_subject value{};
  value.inbound = number_of(inbound);
  if (bpf_map_update_elem(map_.get(), &subject, &value, BPF_ANY) != 0)
    return Error::sys(errno, errno == E2BIG ? "set what holds for a lineage: the map is full"
                                            : "set what holds for a lineage");
  return {};
}

}  // namespace sluice::kernel
