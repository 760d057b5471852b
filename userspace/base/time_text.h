// SPDX-License-Identifier: Apache-2.0
// Times as people and programs write them.
#pragma once

#include <sluice/clock.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// "2026-11-23T09:00:00.123456789Z" (RFC 3339, UTC, always nine digits).
std::string to_rfc3339(WallTime time);
// The same form back; nullopt for anything else.
std::optional<WallTime> from_rfc3339(std::string_view text);

// "90s", "15m", "2h", "1d", at most ten digits; nullopt for anything else, zero too.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// "45s", "14m", "3h05m", "2d04h": for people, rounded down.
std::string duration_text(std::chrono::seconds duration);

}  // namespace sluice
