// SPDX-License-Identifier: Apache-2.0
// DO: a program in a string. PL/pgSQL's own SQL is judged like any other; what it builds at run
// time, and other languages, are unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"

namespace sluice::sql {

void judge_do(const Node& do_statement, Facts& facts, const SessionNames& names);
// CREATE FUNCTION and PROCEDURE: a body that uses sensitive columns, or that cannot be read, is a
// copy: what it will return is masked, what it will write elsewhere is not. What it does besides
// reading counts as done here.
// What the body does; nullopt where it cannot be read.
std::optional<Statement> function_body(const Node& create, const Facts& facts,
                                       const SessionNames& names);
void judge_function_body(const Node& create, Facts& facts, const SessionNames& names);

}  // namespace sluice::sql
