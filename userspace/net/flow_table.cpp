// SPDX-License-Identifier: Apache-2.0
#include "net/flow_table.h"

#include <algorithm>

namespace sluice::net {

std::vector<FlowInfo> FlowTable::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<FlowInfo> flows;
  flows.reserve(entries_.size());
  for (const auto& [number, entry] : entries_) {
    FlowInfo info = entry.info;
    info.bytes_from_agent = entry.counters->bytes_from_agent.load(std::memory_order_relaxed);
    info.bytes_to_agent = entry.counters->bytes_to_agent.load(std::memory_order_relaxed);
    info.statements = entry.counters->statements.load(std::memory_order_relaxed);
    info.held = entry.counters->held.load(std::memory_order_relaxed);
    flows.push_back(std::move(info));
  }
  return flows;
}

std::size_t FlowTable::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

template <class Predicate>
std::size_t FlowTable::terminate_if(Predicate predicate, const std::string& reason) {
  const std::lock_guard lock{mutex_};
  std::size_t count = 0;
  for (const auto& [number, entry] : entries_) {
    if (!predicate(entry.info)) continue;
    entry.terminate(reason);
    ++count;
  }
  return count;
}

std::size_t FlowTable::terminate_run(const RunId& run, const std::string& reason) {
  return terminate_if(
      [&](const FlowInfo& info) {
        return std::any_of(info.lineage->begin(), info.lineage->end(),
                           [&](const Run& member) { return member.id == run; });
      },
      reason);
}

std::size_t FlowTable::terminate_resource(const std::string& resource, const std::string& reason) {
  return terminate_if([&](const FlowInfo& info) { return info.resource == resource; }, reason);
}

std::size_t FlowTable::terminate_all(const std::string& reason) {
  return terminate_if([](const FlowInfo&) { return true; }, reason);
}

std::uint64_t FlowTable::add(FlowInfo info, std::shared_ptr<const FlowCounters> counters,
                             TerminateFn terminate) {
  const std::lock_guard lock{mutex_};
  const std::uint64_t number = next_++;
  entries_.emplace(number, Entry{std::move(info), std::move(counters), std::move(terminate)});
  return number;
}

void FlowTable::remove(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  entries_.erase(number);
}

}  // namespace sluice::net
