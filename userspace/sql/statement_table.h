// SPDX-License-Identifier: Apache-2.0
// Every statement of PostgreSQL's grammar with what it does whatever it says, and every other node
// that needs no more than a look at its children.
#pragma once

#include <string_view>

#include "sql/statement.h"

namespace sluice::sql {

struct StatementRow {
  std::string_view tag;
  StatementKind kind;
  ActionSet actions;
};
const StatementRow* statement_row(std::string_view tag);
// It says a type's name to find something, or to say something of it: no value becomes one.
bool names_types_only(std::string_view tag);
bool is_plain_node(std::string_view tag);
// What it makes runs inside of later statements that do not name it.
bool defines_what_runs(std::string_view tag);

}  // namespace sluice::sql
