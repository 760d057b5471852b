// SPDX-License-Identifier: Apache-2.0
#include "base/system_clock.h"

namespace sluice {

WallTime SystemClock::wall() const { return std::chrono::system_clock::now(); }
SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

}  // namespace sluice
