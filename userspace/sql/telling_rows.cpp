// SPDX-License-Identifier: Apache-2.0
#include "sql/telling_rows.h"

#include <algorithm>
#include <iterator>

namespace sluice::sql {
namespace {

constexpr std::string_view kNames[] = {
    // A row, or something else than NULL, for each function that was called.
    "pg_stat_user_functions", "pg_stat_xact_user_functions", "pg_stat_get_function_calls",
    "pg_stat_get_function_total_time", "pg_stat_get_function_self_time",
    "pg_stat_get_xact_function_calls", "pg_stat_get_xact_function_total_time",
    "pg_stat_get_xact_function_self_time", "pg_stat_get_function_stat_reset_time",
    // True for each of them, for each index, table and so on that was looked at.
    "pg_stat_have_stats",
    // A row for each dictionary, collation, pattern and so on that was looked up.
    "pg_backend_memory_contexts", "pg_get_backend_memory_contexts",
    "pg_get_process_memory_contexts"};

}  // namespace

bool rows_tell(std::string_view name) {
  return name.starts_with("pg_") &&
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace sluice::sql
