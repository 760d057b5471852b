// SPDX-License-Identifier: Apache-2.0
// Sequences that a table gets with a column: they are relations with names of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/facts.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

// Of a column's definition (serial, GENERATED AS IDENTITY) or of the constraint that makes a column
// an identity: notes a new relation for each name that the server may give the sequence of `table`.
void sequences_of_column(const Node& table, std::string_view column, const Node& element,
                         Facts& facts);
// Of LIKE ... INCLUDING IDENTITY.
void sequences_of_like(const Node& table, const Node& like, Facts& facts);
// Of a column's type: not a type, but an integer with a sequence.
bool is_serial(const Node& type);
// ChooseRelationName() of src/backend/commands/indexcmds.c without what keeps names apart; "" where
// it has to be cut inside of what is no ASCII.
std::string name_of_sequence(std::string_view table, std::string_view column, std::size_t attempt);

}  // namespace sluice::sql
