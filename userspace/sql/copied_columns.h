// SPDX-License-Identifier: Apache-2.0
// The columns that a new table takes from what it is made of: CREATE TABLE AS, SELECT INTO, LIKE.
#pragma once

#include "sql/catalog_change.h"
#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/rows.h"

namespace sluice::sql {

// Of CREATE TABLE: appends those of one LIKE to `change`, which lists them in order.
void columns_of_like(const Node& like, Facts& facts, CatalogChange& change);

// To the change of the statement that makes the table which `into` names, if that is a table.
// `row`: what the query gives, of which lineage has judged what is copied.
void columns_of_query(const Node& into, Row row, Facts& facts);

}  // namespace sluice::sql
