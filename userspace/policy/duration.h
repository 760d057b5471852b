// SPDX-License-Identifier: Apache-2.0
// "90s", "10m", "1h30m": how long people are waited for.
#pragma once

#include <sluice/result.h>

#include <chrono>
#include <string_view>

namespace sluice::policy {

// Shorter, nobody can answer; longer, an agent's connection and its locks would hang for days.
inline constexpr std::chrono::seconds kTimeoutMin{1};
inline constexpr std::chrono::seconds kTimeoutMax = std::chrono::hours{24};

// Hours, minutes and seconds, each at most once and in this order. The error says what to write.
Result<std::chrono::seconds> parse_timeout(std::string_view text);

}  // namespace sluice::policy
