// SPDX-License-Identifier: Apache-2.0
// Names of the kernel side's reasons (include/sluice/abi/reason.h), as events and counters show
// them.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::kernel {

// "revoked"; "" for a number that is none. Lives for ever.
std::string_view reason_name(std::uint32_t reason);

}  // namespace sluice::kernel
