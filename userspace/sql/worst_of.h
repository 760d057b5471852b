// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/statement.h"

namespace sluice::sql {

// The most restrictive of both: unions, and per output column the worse. Unknown where that names
// more than one statement may.
Statement worst_of(const Statement& a, const Statement& b);

}  // namespace sluice::sql
