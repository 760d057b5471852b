// SPDX-License-Identifier: Apache-2.0
// Time is an argument. Nothing but base/system_clock.cpp asks the machine for it.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

// Nanoseconds since the epoch, for people and recordings. It can be stepped; never compute a
// deadline from it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
// CLOCK_MONOTONIC, for deadlines.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

}  // namespace sluice
