// SPDX-License-Identifier: Apache-2.0
// The columns that a new table takes from what it is made of: CREATE TABLE AS, SELECT INTO, LIKE.
#pragma once

#include "sql/catalog_change.h"
#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/rows.h"

namespace sluice::sql {

// A column of that type gets by itself what the type's default computes.
bool fills_itself(const Node& type, const Catalog& catalog);
bool fills_itself(std::string_view type, const Catalog& catalog);

// Of CREATE TABLE: appends those of one LIKE to `change`, which lists them in order.
void columns_of_like(const Node& like, Facts& facts, CatalogChange& change);

// To the change of the statement that makes the table which `into` names, if that is a table.
// `row`: what the query gives, of which lineage has judged what is copied.
void columns_of_query(const Node& into, Row row, Facts& facts);

}  // namespace sluice::sql
