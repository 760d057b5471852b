// SPDX-License-Identifier: Apache-2.0
#include "kernel/flow_totals.h"

#include <sluice/abi/flow.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace sluice::kernel {

static_assert(static_cast<std::size_t>(FlowTotal::kTaken) == SLUICE_FLOW_TAKEN);
static_assert(static_cast<std::size_t>(FlowTotal::kSession) == SLUICE_FLOW_SESSION);
static_assert(static_cast<std::size_t>(FlowTotal::kRefused) == SLUICE_FLOW_REFUSED);
static_assert(static_cast<std::size_t>(FlowTotal::kSwept) == SLUICE_FLOW_SWEPT);
static_assert(static_cast<std::size_t>(FlowTotal::kUnknown) == SLUICE_FLOW_UNKNOWN);
static_assert(SLUICE_FLOW_TOTAL_COUNT == 5);

Result<std::unique_ptr<FlowTotals>> FlowTotals::map(int map) {
  const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* values = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (values == MAP_FAILED) return Error::sys(errno, "map the memory of sluice_flow_totals");
  return std::unique_ptr<FlowTotals>{new FlowTotals{static_cast<std::uint64_t*>(values), bytes}};
}

FlowTotals::~FlowTotals() { ::munmap(values_, bytes_); }

void FlowTotals::add(FlowTotal which, std::uint64_t count) {
  std::atomic_ref{values_[static_cast<std::size_t>(which)]}.fetch_add(count,
                                                                      std::memory_order_relaxed);
}

std::uint64_t FlowTotals::get(FlowTotal which) const {
  return std::atomic_ref{values_[static_cast<std::size_t>(which)]}.load(std::memory_order_relaxed);
}

}  // namespace sluice::kernel
