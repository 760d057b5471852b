// SPDX-License-Identifier: Apache-2.0
// Does a WHERE clause narrow anything? What can be proved to hold for every row does not, nor does
// one that looks at no column of the row.
#pragma once

#include <string_view>

#include "sql/parse_tree.h"

namespace sluice::sql {

struct PredicateFinding {
  bool unbounded = false;
  bool literals_matter = false;  // another integer could change the answer
};

// `where` may be null: no clause at all.
PredicateFinding examine_predicate(const json::value* where);

}  // namespace sluice::sql
