// SPDX-License-Identifier: Apache-2.0
// Which statements an error or a notice of the server's may quote stored values of.
#pragma once

#include <sluice/intent.h>

#include "sql/catalog.h"
#include "sql/statement.h"

namespace sluice::sql {

// Its values may be sensitive ones: a table with such columns, one that nobody knows (a temporary
// one), and what a function gives whose body nobody reads.
bool may_hold_sensitive(const ObjectRef& object, const Statement& statement,
                        const Catalog& catalog);
// What the server says of this statement may hold such a value.
bool may_quote_sensitive(const Statement& statement, const Catalog& catalog);
// It names tables, views or functions that are not PostgreSQL's own: others may be called so later.
bool names_of_users(const Statement& statement, const Catalog& catalog);
// It may fire a trigger whose function does.
bool fires_names_of_users(const Statement& statement, const Catalog& catalog);

}  // namespace sluice::sql
