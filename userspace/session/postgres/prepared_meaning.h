// SPDX-License-Identifier: Apache-2.0
// What the server settles when it parses a prepared statement, and keeps: which table, overload or
// label a name or a string is, and which day a string is. People are asked about the text, and see
// it as it would be read now.
#pragma once

#include "session/postgres/context.h"
#include "session/postgres/units.h"

namespace sluice::session {

// It is being parsed now.
void note_meaning(PreparedStatement& prepared, const Context& context);

// A text that is sent now means what this means. Errs on the side of no.
bool means_the_same_now(const PreparedStatement& prepared, const Context& context);

// The types of its parameters: those that were declared, or where it means something else now what
// the server found out when it parsed it.
const std::vector<std::uint32_t>& types_bound(const PreparedStatement& prepared,
                                              const Context& context);

// A copy for which nothing is known of the one that it replaces, as the server parses it now.
PreparedPtr parsed_again(const PreparedStatement& prepared, const Context& context);

}  // namespace sluice::session
