// SPDX-License-Identifier: Apache-2.0
// What became of flow records and connections in userspace, counted in the memory of a pinned map:
// the numbers live as long as the kernel's own counters, over any number of daemons.
#pragma once

#include <sluice/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::kernel {

// As enum sluice_flow_total.
enum class FlowTotal : std::size_t { kTaken, kSession, kRefused, kSwept, kUnknown };

class FlowTotals {
 public:
  // `map`: borrowed for the call; the mapping holds the map by itself.
  static Result<std::unique_ptr<FlowTotals>> map(int map);
  ~FlowTotals();
  FlowTotals(const FlowTotals&) = delete;
  FlowTotals& operator=(const FlowTotals&) = delete;

  // Any thread.
  void add(FlowTotal which, std::uint64_t count = 1);
  std::uint64_t get(FlowTotal which) const;

 private:
  FlowTotals(std::uint64_t* values, std::size_t bytes) : values_(values), bytes_(bytes) {}
  std::uint64_t* values_;
  std::size_t bytes_;
};

}  // namespace sluice::kernel
