// SPDX-License-Identifier: Apache-2.0
// The options of a COPY statement.
#pragma once

#include <sluice/copy_format.h>

#include <optional>

#include "sql/parse_tree.h"

namespace sluice::sql {

// Of a CopyStmt. nullopt: an option that is not known here, or a value that the server refuses.
std::optional<CopyFormat> copy_format_of(const Node& copy);

}  // namespace sluice::sql
