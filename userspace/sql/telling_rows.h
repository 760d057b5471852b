// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's own views and functions that show by which rows they have, not only by what stands
// in them, what has run before: by a value, where an expression depended on one.
#pragma once

#include <string_view>

namespace sluice::sql {

bool rows_tell(std::string_view name);

}  // namespace sluice::sql
