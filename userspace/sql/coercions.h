// SPDX-License-Identifier: Apache-2.0
// Casts of users that run where nobody asks for one: where an argument, an operand, what is stored
// or returned is of another type than is wanted. What such a cast gives may be anything, and what
// its function does and reads is done and read by the statement.
#pragma once

#include "sql/facts.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

// After all else is known of the statement: where a value may be in it that is cast so, nobody
// knows what it gives, keeps or looks for.
void find_coercions(const Node& statement, Facts& facts);
// The same of a statement with a parameter of the type.
void find_coercion_of(Oid type, Facts& facts);

}  // namespace sluice::sql
