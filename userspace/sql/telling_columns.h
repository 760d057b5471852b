// SPDX-License-Identifier: Apache-2.0
// Columns of PostgreSQL's own tables and views that tell of the values in others: samples of them,
// texts of statements, secrets, and counters that grow by what a value is like.
#pragma once

#include <string_view>

namespace sluice::sql {

bool has_telling_columns(std::string_view relation);
bool is_telling(std::string_view relation, std::string_view column);

}  // namespace sluice::sql
