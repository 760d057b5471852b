// SPDX-License-Identifier: Apache-2.0
// What a text must satisfy before PostgreSQL's parser sees it: an encoding that we and the server
// read alike, no ambiguity of backslashes, and no shape that makes the parser's work or stack
// explode. PostgreSQL's parser and tree writer recurse without a limit of their own.
#pragma once

#include <sluice/result.h>

#include <string_view>

#include "sql/limits.h"

namespace sluice::sql {

Result<void> check_text(std::string_view text, bool standard_conforming_strings,
                        std::string_view client_encoding, const Limits& limits);

// The two parts, for tests.
// Whether strings end at the same places where standard_conforming_strings is off: then only what
// they hold may differ.
bool reads_alike(std::string_view text);

bool is_valid_utf8(std::string_view text);
// An upper bound of the parse tree's depth, from the tokens alone.
Result<void> check_shape(std::string_view text, const Limits& limits);

}  // namespace sluice::sql
