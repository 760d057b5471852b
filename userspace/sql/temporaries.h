// SPDX-License-Identifier: Apache-2.0
// Temporary relations that functions of users make: whoever runs them has those from then on, and
// they hide whatever else is called so.
#pragma once

#include "sql/facts.h"

namespace sluice::sql {

// Notes as changes what the functions make that the statement calls, and those that run where it
// reads and changes relations, as far as the catalogue says.
void find_temporaries_of_calls(Facts& facts);

}  // namespace sluice::sql
