// SPDX-License-Identifier: Apache-2.0
// Where a new daemon asks a living one to hand over (keeper/hand_over.h).
#pragma once

#include <sluice/result.h>

#include <string>

#include "base/unique_fd.h"

namespace sluice::control {

// As open_control_socket(), but for datagrams in order, and for root alone: mode 0600.
Result<UniqueFd> open_hand_over_socket(const std::string& path);

}  // namespace sluice::control
