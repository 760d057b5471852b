// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/clock.h>

namespace sluice {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
};

}  // namespace sluice
