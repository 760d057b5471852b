// SPDX-License-Identifier: Apache-2.0
// Temporary relations that a function's body makes: whoever calls it has them from then on, and
// they hide whatever else is called so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/facts.h"

namespace sluice::sql {

// Names behind TEMP, TEMPORARY and pg_temp, and behind CREATE where pg_temp may be in search_path;
// in strings and comments too, each once. "" is one more whose name the body does not tell: it is
// put together when the body runs, or it is that of a column's sequence.
std::vector<std::string> temporaries_in(std::string_view body);
// Notes as changes what the functions make that the statement calls, and those of the triggers of
// tables that it changes, as far as the catalogue says.
void find_temporaries_of_calls(Facts& facts);

}  // namespace sluice::sql
