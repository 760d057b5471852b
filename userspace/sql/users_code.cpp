// SPDX-License-Identifier: Apache-2.0
#include "sql/users_code.h"

#include <algorithm>

#include "sql/functions.h"

namespace sluice::sql {
namespace {

bool is_code_of_users(const Function& function) {
  return !of_postgres(function) && !computes_only(function) && !function.sets_nothing;
}

bool any_of_users(std::span<const Function* const> functions) {
  return std::any_of(functions.begin(), functions.end(),
                     [](const Function* one) { return is_code_of_users(*one); });
}

bool stands_on_code_of_users(const Relation& relation, const Catalog& catalog) {
  return std::any_of(relation.stands_on.begin(), relation.stands_on.end(),
                     [&](const std::string& name) {
                       return any_of_users(catalog.functions_named(name)) ||
                              any_of_users(catalog.checks_of_type(name));
                     });
}

// Of what the statement changes, and of all that may change with it. A name of nothing: true.
template <class Test>
bool any_changed(const Statement& statement, const Catalog& catalog, const Test& test) {
  if (!changes_rows(statement.actions)) return false;
  const auto holds = [&](const ObjectRef& object) {
    if (object.kind != ObjectRef::Kind::kTable) return false;
    const auto relations = catalog.relations_named(object.name);
    return relations.empty() || std::any_of(relations.begin(), relations.end(),
                                            [&](const Relation* one) { return test(*one); });
  };
  return std::any_of(statement.objects.begin(), statement.objects.end(), holds) ||
         std::any_of(statement.kin.begin(), statement.kin.end(), holds);
}

}  // namespace

bool only_reads(const ActionSet& actions) {
  const ActionSet reading{Action::kRead, Action::kSensitiveSearch, Action::kSensitiveCopy};
  return (actions.bits() & ~reading.bits()) == 0;
}

bool changes_rows(const ActionSet& actions) {
  return actions.has(Action::kInsert) || actions.has(Action::kUpdate) ||
         actions.has(Action::kDelete) || actions.has(Action::kCopyIn);
}

bool calls_code_of_users(const Statement& statement, const Catalog& catalog) {
  return std::any_of(statement.objects.begin(), statement.objects.end(),
                     [&](const ObjectRef& object) {
                       return object.kind == ObjectRef::Kind::kFunction &&
                              any_of_users(catalog.functions_named(object.name));
                     });
}

bool fires_code_of_users(const Statement& statement, const Catalog& catalog) {
  return any_changed(statement, catalog, [&](const Relation& relation) {
    return relation.of_session || relation.outside || stands_on_code_of_users(relation, catalog);
  });
}

bool writes_unseen(const Statement& statement, const Catalog& catalog) {
  return any_changed(statement, catalog, [&](const Relation& relation) {
    return !relation.of_session && stands_on_code_of_users(relation, catalog);
  });
}

bool only_computes(const Statement& body, const Catalog& catalog) {
  return only_reads(body.actions) && !calls_code_of_users(body, catalog);
}

}  // namespace sluice::sql
