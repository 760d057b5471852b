// SPDX-License-Identifier: Apache-2.0
// The name of an output column, or of a function in FROM, to which the text gives none.
#pragma once

#include <string_view>

#include "sql/parse_tree.h"

namespace sluice::sql {

// As PostgreSQL's FigureColname() has it (parse_target.c); "?column?" where it knows none. Empty
// where the text alone does not tell: then it may be any name. `server_version` as in Catalog.
std::string_view output_name(const Node& expression, int server_version);
// "t.*" or "(x).*", which stands for several columns.
bool is_star_target(const Node& expression);
// "column1", "column2", ... of VALUES, from 0 up; empty beyond what a query can give.
std::string_view values_column_name(std::size_t position);

}  // namespace sluice::sql
