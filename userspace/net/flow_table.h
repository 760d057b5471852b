// SPDX-License-Identifier: Apache-2.0
// The live flows: what `sluice flows` shows and what a revocation ends. Any thread.
#pragma once

#include <sluice/clock.h>
#include <sluice/identity.h>
#include <sluice/resource.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::net {

// Written by the flow's thread, read by listings.
struct FlowCounters {
  std::atomic<std::uint64_t> bytes_from_agent{0};
  std::atomic<std::uint64_t> bytes_to_agent{0};
  std::atomic<std::uint64_t> statements{0};
  std::atomic<std::uint64_t> held{0};  // statements that wait for an approval now
};

struct FlowInfo {
  FlowId flow = 0;
  SessionId session;
  std::shared_ptr<const Lineage> lineage;
  std::string resource;  // "" where none matched
  Endpoint agent;
  Endpoint original_destination;
  WallTime since{};
  std::uint64_t bytes_from_agent = 0;
  std::uint64_t bytes_to_agent = 0;
  std::uint64_t statements = 0;
  std::uint64_t held = 0;
};

class FlowTable {
 public:
  using TerminateFn = std::function<void(const std::string& reason)>;  // posts; never blocks

  std::vector<FlowInfo> list() const;  // oldest first
  std::size_t size() const;
  // Ends every flow with this run in its lineage; gives how many. Each session says goodbye in its
  // own protocol.
  std::size_t terminate_run(const RunId& run, const std::string& reason);
  std::size_t terminate_resource(const std::string& resource, const std::string& reason);
  std::size_t terminate_all(const std::string& reason);

  // For the driver.
  std::uint64_t add(FlowInfo info, std::shared_ptr<const FlowCounters> counters,
                    TerminateFn terminate);
  void remove(std::uint64_t number);

 private:
  struct Entry {
    FlowInfo info;
    std::shared_ptr<const FlowCounters> counters;
    TerminateFn terminate;
  };
  template <class Predicate>
  std::size_t terminate_if(Predicate predicate, const std::string& reason);

  mutable std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace sluice::net
