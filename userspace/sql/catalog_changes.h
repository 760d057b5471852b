// SPDX-License-Identifier: Apache-2.0
// Finds what DDL changes of relations: Statement::changes.
#pragma once

#include "sql/facts.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

// Of one node of the tree.
void find_changes(const Node& node, Facts& facts);
// Of what `range_var` names.
CatalogChange change_of(CatalogChange::Kind kind, const Node& range_var);
// What a definition does is what the analysis of the statement has found when it is done.
void complete_changes(Statement& statement);

}  // namespace sluice::sql
