// SPDX-License-Identifier: Apache-2.0
// What ON DELETE and ON UPDATE of foreign keys change when a statement changes a table.
#pragma once

#include <sluice/action.h>

#include <string>
#include <vector>

#include "sql/catalog.h"

namespace sluice::sql {

struct Cascade {
  const Relation* relation = nullptr;  // never null
  Action how = Action::kUpdate;        // or kDelete
};

// Through all tables that are reached, each key once. `columns`: those that an UPDATE sets; null:
// not known, any.
std::vector<Cascade> cascades_of(const Catalog& catalog, const Relation& changed, Action how,
                                 const std::vector<std::string>* columns);

}  // namespace sluice::sql
