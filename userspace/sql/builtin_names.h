// SPDX-License-Identifier: Apache-2.0
// Names of PostgreSQL's own operators, types and text search objects. Something else of such a
// name, in a schema that is searched earlier, is what the bodies of functions then mean by it.
// (Functions: the catalogue.)
#pragma once

#include <string_view>

namespace sluice::sql {

bool is_builtin_operator(std::string_view name);
bool is_builtin_type_name(std::string_view name);
bool is_pseudo_type_name(std::string_view name);
bool is_builtin_text_search(std::string_view name);
// Of those functions that can be given a row alone, so that "t.name" may call them.
bool is_builtin_of_rows(std::string_view name);

}  // namespace sluice::sql
