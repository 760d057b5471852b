// SPDX-License-Identifier: Apache-2.0
// What DDL computes from rows that are there, and what it will do with them later: a USING clause,
// a generated column, a check, an index on an expression, a trigger, a function.
#pragma once

#include "sql/facts.h"
#include "sql/lineage.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"

namespace sluice::sql {

// Notes in the facts what the definition searches by and copies. Other statements: nothing.
void trace_definition(const Node& statement, Facts& facts, Lineage& lineage,
                      const SessionNames& names);

}  // namespace sluice::sql
