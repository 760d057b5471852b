// SPDX-License-Identifier: Apache-2.0
// Names in a database of another encoding than UTF8: there one with other letters may be cut
// elsewhere, be another in lower case, and be the same as one that is written otherwise.
#pragma once

#include <string_view>

#include "sql/parse_tree.h"

namespace sluice::sql {

// Only ASCII, and so short that no other letters may have been cut off.
bool same_in_every_encoding(std::string_view name);

// Of all names in a tree, and of whatever else is not a literal: bodies of functions, options.
bool all_same_in_every_encoding(const json::value& tree);

}  // namespace sluice::sql
