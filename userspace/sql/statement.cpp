// SPDX-License-Identifier: Apache-2.0
#include "sql/statement.h"

#include <iterator>

namespace sluice::sql {

std::string_view name_of(StatementKind kind) {
  static constexpr std::string_view kNames[] = {"select",
                                                "insert",
                                                "update",
                                                "delete",
                                                "merge",
                                                "truncate",
                                                "begin",
                                                "commit",
                                                "commit_prepared",
                                                "rollback_prepared",
                                                "rollback",
                                                "savepoint",
                                                "release_savepoint",
                                                "rollback_to_savepoint",
                                                "prepare_transaction",
                                                "prepare",
                                                "execute",
                                                "deallocate",
                                                "declare_cursor",
                                                "fetch",
                                                "close_cursor",
                                                "copy_out",
                                                "copy_in",
                                                "copy_server",
                                                "set",
                                                "reset",
                                                "show",
                                                "discard",
                                                "explain",
                                                "listen",
                                                "unlisten",
                                                "notify",
                                                "lock",
                                                "create_table_as",
                                                "create_view",
                                                "ddl",
                                                "grant",
                                                "do",
                                                "call",
                                                "host",
                                                "other"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(StatementKind::kOther) + 1);
  return kNames[static_cast<std::size_t>(kind)];
}

OutputColumn output_of(const Statement& statement, std::size_t position, std::size_t count) {
  if (statement.lineage == ResultLineage::kAllClear) {
    OutputColumn clear;
    clear.kind = OutputColumn::Kind::kClear;
    clear.of_session = statement.clear_of_session;
    return clear;
  }
  if (statement.lineage == ResultLineage::kByColumn && statement.outputs.size() == count &&
      position < count)
    return statement.outputs[position];
  return {};
}

bool is_planned(StatementKind kind) {
  switch (kind) {
    case StatementKind::kSelect:
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete:
    case StatementKind::kMerge: return true;
    default: return false;
  }
}

}  // namespace sluice::sql
