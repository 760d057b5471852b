// SPDX-License-Identifier: Apache-2.0
// The names of prepared statements and portals as the server compares them.
#pragma once

#include <string_view>

namespace sluice::session {

// Its tables keep NAMEDATALEN - 1 bytes of a name, wherever in a character that ends.
std::string_view server_name(std::string_view name);
// Others reach the server in its own encoding, and may be the same there.
bool is_ascii(std::string_view name);

}  // namespace sluice::session
