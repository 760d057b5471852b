// SPDX-License-Identifier: Apache-2.0
#include "sql/quotes.h"

#include <algorithm>

#include "sql/builtin_names.h"
#include "sql/functions.h"

namespace sluice::sql {

bool may_hold_sensitive(const ObjectRef& object, const Statement& statement,
                        const Catalog& catalog) {
  if (object.kind == ObjectRef::Kind::kFunction)
    return effect_of_function(catalog, object.schema, object.name).result ==
           FunctionResult::kOpaque;
  if (object.kind != ObjectRef::Kind::kTable) return false;
  const auto relations = catalog.relations_named(object.name);
  // Nor is it known of what the session has made itself.
  const auto holds_anything = [](const Relation* relation) {
    return relation->holds_anything() || relation->may_be_gone;
  };
  if (std::all_of(relations.begin(), relations.end(), holds_anything))
    return statement.actions.has(Action::kRead);
  return std::any_of(relations.begin(), relations.end(), [&](const Relation* relation) {
    return relation->any_sensitive() ||
           (holds_anything(relation) && statement.actions.has(Action::kRead));
  });
}

namespace {

// Deferred constraints speak of rows that the statement does not name.
bool runs_what_was_deferred(const Statement& statement) {
  return statement.sets_constraints || statement.kind == StatementKind::kCommit ||
         statement.kind == StatementKind::kCommitPrepared ||
         statement.kind == StatementKind::kPrepareTransaction;
}

bool has_any(const ActionSet& actions, const ActionSet& of) {
  return (actions.bits() & of.bits()) != 0;
}

// Whether one of the triggers that the statement may fire is such a one.
bool fires(const Statement& statement, const Catalog& catalog, bool Relation::*such,
           bool such_of_events) {
  if (such_of_events && has_any(statement.actions, {Action::kDdl, Action::kGrant, Action::kHost}))
    return true;
  if (!has_any(statement.actions,
               {Action::kInsert, Action::kUpdate, Action::kDelete, Action::kCopyIn}))
    return false;
  const auto has_such = [&](const ObjectRef& object) {
    const auto relations = catalog.relations_named(object.name);
    return object.kind == ObjectRef::Kind::kTable &&
           std::any_of(relations.begin(), relations.end(),
                       [&](const Relation* relation) { return relation->*such; });
  };
  return std::any_of(statement.objects.begin(), statement.objects.end(), has_such) ||
         std::any_of(statement.kin.begin(), statement.kin.end(), has_such);
}

bool is_of_users(const ObjectRef& object, const Catalog& catalog) {
  const auto is_own = [](std::string_view schema) {
    return schema == "pg_catalog" || schema == "information_schema";
  };
  if (object.kind == ObjectRef::Kind::kTable) {
    const auto named = catalog.relations_named(object.name);
    return named.empty() || !std::all_of(named.begin(), named.end(),
                                         [&](const Relation* one) { return is_own(one->schema); });
  }
  if (object.kind != ObjectRef::Kind::kFunction) return false;
  const auto named = catalog.functions_named(object.name);
  return named.empty() || !std::all_of(named.begin(), named.end(),
                                       [](const Function* one) { return of_postgres(*one); });
}

}  // namespace

bool may_quote_sensitive(const Statement& statement, const Catalog& catalog) {
  if (!catalog.any_sensitive()) return false;
  if (runs_what_was_deferred(statement)) return true;
  // Functions of triggers may read another table than theirs.
  if (fires(statement, catalog, &Relation::triggers_quote, catalog.event_triggers_quote()))
    return true;
  if (statement.touches_sensitive || statement.actions.has(Action::kCall) ||
      statement.actions.has(Action::kUnknown))
    return true;
  const auto may_hold = [&](const ObjectRef& object) {
    return may_hold_sensitive(object, statement, catalog);
  };
  // Rows of partitions and heirs are changed as well, by their own triggers and constraints.
  return std::any_of(statement.objects.begin(), statement.objects.end(), may_hold) ||
         std::any_of(statement.kin.begin(), statement.kin.end(), may_hold);
}

bool names_of_users(const Statement& statement, const Catalog& catalog) {
  const auto is_another = [](const MadeName& run) {
    return (run.kind == MadeName::Kind::kOperator && !is_builtin_operator(run.name)) ||
           (run.kind == MadeName::Kind::kType && !is_builtin_type_name(run.name));
  };
  return std::any_of(statement.objects.begin(), statement.objects.end(),
                     [&](const ObjectRef& object) { return is_of_users(object, catalog); }) ||
         std::any_of(statement.runs.begin(), statement.runs.end(), is_another);
}

bool fires_names_of_users(const Statement& statement, const Catalog& catalog) {
  return catalog.any_sensitive() &&
         fires(statement, catalog, &Relation::triggers_name, catalog.event_triggers_name());
}

}  // namespace sluice::sql
