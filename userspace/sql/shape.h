// SPDX-License-Identifier: Apache-2.0
// The shape of a text: what is left of it without its integer and string literals. Programs that
// write their values into the text send few shapes, and where Statement::literals_matter is false
// the analysis of one text is that of all texts of its shape.
#pragma once

#include <string>
#include <string_view>

#include "sql/analysis.h"

namespace sluice::sql {

// Replaces `shape`. False where the text has no such literal, or anything in which one could hide
// or be mistaken: strings with a prefix, quoted names, parameters, comments, backslashes, bytes
// beyond printable ASCII. Numbers that are not plainly int4 stay as they are.
bool shape_of(std::string_view text, std::string& shape);
// What it says holds for each text of its shape that PostgreSQL can parse.
bool stands_for_its_shape(const Analysis& analysis);

}  // namespace sluice::sql
