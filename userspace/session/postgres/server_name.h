// SPDX-License-Identifier: Apache-2.0
// The names of prepared statements and portals as the server compares them.
#pragma once

#include <string_view>

#include "sql/words.h"

namespace sluice::session {

// Its tables keep NAMEDATALEN - 1 bytes of a name, wherever in a character that ends.
std::string_view server_name(std::string_view name);
// A statement that no client of ours has: the server never keeps it, for its text cannot be parsed.
inline constexpr std::string_view kNobodysName = "sluice_refused";
// Others reach the server in its own encoding, and may be the same there.
using sql::is_ascii;

}  // namespace sluice::session
