// SPDX-License-Identifier: Apache-2.0
// What was given exactly: people are shown less of a value than it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/postgres/wire.h"

namespace sluice::pg {

// 64 hex digits, equal only for values with the same bytes, formats and declared types; "" where
// there are none. `types` may be shorter than the values; 0 is not declared. nullopt: it cannot be
// computed.
std::optional<std::string> digest_of_values(const ValueList& values, const FormatCodes& formats,
                                            const std::vector<std::uint32_t>& types);

// The same of one text.
std::optional<std::string> digest_of_text(std::string_view text);

}  // namespace sluice::pg
