// SPDX-License-Identifier: Apache-2.0
// Whether a database may contain something else than when its catalogue was read. Flows that may
// change it tell; all flows ask before they judge by a catalogue, and before they mask by one. Any
// thread; to ask is one atomic load.
#pragma once

#include <sluice/clock.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace sluice {

class DatabaseNews {
 public:
  // What is known at one moment.
  struct State {
    std::uint64_t generation = 0;  // grows with each change that is known to have an end
    std::uint32_t changing = 0;    // flows whose change may be committed at this very moment
  };
  State now() const {
    const std::uint64_t state = state_.load(std::memory_order_acquire);
    return {state >> kChangingBits, static_cast<std::uint32_t>(state & kChangingMask)};
  }

  // Before the first byte goes upstream of what may commit a change.
  void begin() { state_.fetch_add(1, std::memory_order_acq_rel); }
  // It was answered. `changed`: what is read from now on may differ.
  void end(bool changed) {
    state_.fetch_add((changed ? kGeneration : 0) - 1, std::memory_order_acq_rel);
  }
  // Instead of end(): it will never be answered, and the server may still be at it.
  void abandon();
  // Gives up what was abandoned and first asked about kAbandonedFor ago. Worth a call while others
  // are changing.
  void forget_abandoned(SteadyTime now);

  static constexpr std::chrono::seconds kAbandonedFor{60};

 private:
  static constexpr int kChangingBits = 24;
  static constexpr std::uint64_t kGeneration = std::uint64_t{1} << kChangingBits;
  static constexpr std::uint64_t kChangingMask = kGeneration - 1;

  std::atomic<std::uint64_t> state_{0};
  std::mutex mutex_;
  std::vector<SteadyTime> abandoned_;  // when asked about first; min() before that
};

class CatalogNews {
 public:
  // By name alone, because one server may be known under several addresses. Names may share one:
  // then each hears what is about the other.
  DatabaseNews& of(std::string_view database);

 private:
  std::array<DatabaseNews, 256> databases_;
};

}  // namespace sluice
