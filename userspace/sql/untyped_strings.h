// SPDX-License-Identifier: Apache-2.0
// A string without a type becomes a value of the type of what stands beside it. Where that is an
// array, a row or a range, checks of what it is made of run then, and nothing names them. So do
// those of a domain: what is compared with one becomes a value of the type below, but an array that
// is made of a column, or an argument of the same type as another, is of the domain.
#pragma once

#include "sql/facts.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

// A statement that has such a string, or a parameter, calls what checks the columns of its tables
// that are made so, and of its domains those that it does more with than to compare or show them.
// What is only written to a column is as every row that is written.
void find_untyped_strings(const json::value& statement, Facts& facts);

}  // namespace sluice::sql
