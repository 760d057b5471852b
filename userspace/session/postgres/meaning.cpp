// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/meaning.h"

#include <algorithm>

#include "sql/users_code.h"

namespace sluice::session {

using sql::StatementKind;

bool is_analysed_early(StatementKind kind) {
  return is_planned(kind) || kind == StatementKind::kDeclareCursor ||
         kind == StatementKind::kExplain || kind == StatementKind::kCreateTableAs ||
         kind == StatementKind::kCall;
}

bool names_masked(const sql::Statement& statement, const sql::Catalog& catalog) {
  return std::any_of(
      statement.objects.begin(), statement.objects.end(), [&](const ObjectRef& object) {
        if (object.kind != ObjectRef::Kind::kTable) return false;
        const auto relations = catalog.relations_named(object.name);
        return std::any_of(relations.begin(), relations.end(), [](const sql::Relation* relation) {
          const bool may_be_view =
              relation->kind == 'v' || relation->kind == 'm' || relation->kind == '?';
          return may_be_view || relation->any_sensitive();
        });
      });
}

bool may_try_values(const sql::Statement& statement, const sql::Catalog& catalog) {
  const ActionSet& actions = statement.actions;
  if (!catalog.any_sensitive()) return false;
  return actions.has(Action::kCall) || actions.has(Action::kUnknown) ||
         (actions.has(Action::kUpdate) && names_masked(statement, catalog));
}

bool may_change_catalog(const sql::Statement& statement) {
  return statement.actions.has(Action::kCall) || changes_catalog_itself(statement);
}

bool changes_catalog_itself(const sql::Statement& statement) {
  const ActionSet& actions = statement.actions;
  return actions.has(Action::kDdl) || actions.has(Action::kGrant) ||
         actions.has(Action::kUnknown) || actions.has(Action::kHost) ||
         statement.kind == StatementKind::kCommitPrepared;
}

bool stays_inside(const sql::Statement& statement) {
  const ActionSet& actions = statement.actions;
  return !actions.has(Action::kCall) && !actions.has(Action::kUnknown) &&
         !actions.has(Action::kHost);
}

bool may_move_columns(const sql::Statement& statement, const sql::Catalog& catalog) {
  if (statement.blinds || !stays_inside(statement)) return true;
  return changes_catalog_itself(statement) && names_masked(statement, catalog);
}

bool may_change_meaning(const sql::Statement& statement, const sql::Catalog& catalog) {
  const ActionSet& actions = statement.actions;
  return statement.changes_meaning || actions.has(Action::kSession) || actions.has(Action::kCall) ||
         actions.has(Action::kUnknown) || actions.has(Action::kDdl) ||
         sql::calls_code_of_users(statement, catalog);
}

bool may_set_back(StatementKind kind) {
  return kind == StatementKind::kCommit || kind == StatementKind::kRollback ||
         kind == StatementKind::kRollbackToSavepoint || kind == StatementKind::kPrepareTransaction;
}

bool puts_code_unnamed(const sql::Statement& statement, const sql::Catalog& catalog) {
  const ActionSet& actions = statement.actions;
  return actions.has(Action::kDdl) &&
         (actions.has(Action::kCall) || actions.has(Action::kSession) ||
          actions.has(Action::kUnknown) || sql::calls_code_of_users(statement, catalog));
}

bool may_change_encoding(const sql::Statement& statement, const sql::Catalog& catalog,
                         bool unnamed_code_sets) {
  switch (statement.kind) {
    case StatementKind::kSet:
      return statement.name == "client_encoding" || statement.name == "names";
    case StatementKind::kReset:
      return statement.name == "client_encoding" || statement.name.empty();
    case StatementKind::kBegin:
    case StatementKind::kSavepoint:
    case StatementKind::kReleaseSavepoint:
    case StatementKind::kShow: return false;
    case StatementKind::kSelect:
    case StatementKind::kCopyOut:
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete:
    case StatementKind::kMerge:
    case StatementKind::kPrepare:
    case StatementKind::kDeallocate:
    case StatementKind::kDeclareCursor:
    case StatementKind::kCloseCursor:
      return unnamed_code_sets || sql::fires_code_of_users(statement, catalog) ||
             may_change_meaning(statement, catalog);
    default: return true;
  }
}

bool may_change_encoding_unseen(const sql::Statement& statement, const sql::Catalog& catalog,
                                bool unnamed_code_sets) {
  return sql::changes_rows(statement.actions) ||
         may_change_encoding(statement, catalog, unnamed_code_sets);
}

}  // namespace sluice::session
