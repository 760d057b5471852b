// SPDX-License-Identifier: Apache-2.0
// How many rows a statement that waits for approval would touch, by PostgreSQL's own planner.
// EXPLAIN runs nothing of the statement, but it calls immutable and stable functions to estimate;
// so it is asked only where all of them are PostgreSQL's own. Pure; any thread.
#pragma once

#include <sluice/intent.h>
#include <sluice/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

struct Statement;

// Null where the planner must not or cannot be asked: the statement does more than to read and
// change rows, calls functions of users, or names tables that cannot be told apart.
std::optional<PlanQuestion> plan_question(const Statement& statement, std::string_view text,
                                          const std::vector<Parameter>& parameters);

// What to send over a connection of one's own, each as a simple query; the last gives one row of
// one column, for planned_rows(). The transaction is read only, and left open.
std::vector<std::string> plan_queries(const PlanQuestion& question);

// Of an answer in JSON: the rows that would be changed, or for a SELECT given.
Result<std::uint64_t> planned_rows(std::string_view json);

}  // namespace sluice::sql
