// SPDX-License-Identifier: Apache-2.0
// Whether another string in the place of one of a statement's could change what is said of it.
#pragma once

#include <boost/json/value.hpp>

namespace sluice::sql {

// False only where every string is plainly data: compared with a column, an element of a list that
// a column is looked up in, a value of VALUES in an INSERT, what an UPDATE assigns. A string as an
// argument, a cast or a pattern may name anything.
bool strings_matter(const boost::json::value& statement);

}  // namespace sluice::sql
