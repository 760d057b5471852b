// SPDX-License-Identifier: Apache-2.0
// Types that a message declares for the parameters of a statement: to bind a value is to cast it.
#pragma once

#include <vector>

#include "sql/analysis.h"
#include "sql/catalog.h"

namespace sluice::sql {

// Whether any of them is not PostgreSQL's own.
bool any_users_type(const std::vector<Oid>& types);
// Some of them may be younger than the catalogue.
bool any_unknown_type(const std::vector<Oid>& types, const Catalog& catalog);
// Adds to each statement what it is to cast to these types. One that the catalogue lacks is
// kUnknown. Returns how many looks it took (effort.h).
std::size_t declare_types(Analysis& analysis, const std::vector<Oid>& types,
                          const Catalog& catalog);

}  // namespace sluice::sql
