// SPDX-License-Identifier: Apache-2.0
// Functions of users whose bodies could be read whole: whether what they read tells anything, as a
// catalogue has it. By name, for the server looks for the names in a body when it runs: whatever is
// called so, in whatever schema, and whatever a session has laid over it.
#include <algorithm>

#include "sql/functions.h"
#include "sql/statement.h"
#include "sql/telling_rows.h"

namespace sluice::sql {
namespace {

bool has_nothing_sensitive(const Relation& relation) {
  return !of_postgres(relation) && !relation.of_session && !relation.columns_unknown &&
         !relation.outside && relation.stands_for.empty() && !relation.any_sensitive() &&
         !rows_tell(relation.name);
}

bool only_computing_functions(const Catalog& catalog, std::string_view name) {
  const auto named = catalog.functions_named(name);
  return !named.empty() && std::all_of(named.begin(), named.end(),
                                       [](const Function* one) { return computes_only(*one); });
}

// What a view's definition names is all that is below it.
bool stands_on_nothing_sensitive(const Catalog& catalog, const Relation& view) {
  if (view.definition_unread || view.definition == nullptr) return false;
  const auto& objects = view.definition->objects;
  return std::all_of(objects.begin(), objects.end(), [&](const ObjectRef& object) {
    if (object.kind == ObjectRef::Kind::kFunction)
      return only_computing_functions(catalog, object.name);
    const auto named = catalog.relations_named(object.name);
    return object.kind == ObjectRef::Kind::kTable && !named.empty() &&
           std::all_of(named.begin(), named.end(),
                       [](const Relation* one) { return has_nothing_sensitive(*one); });
  });
}

bool tells_nothing(const Catalog& catalog, const Relation& relation) {
  if (!has_nothing_sensitive(relation)) return false;
  if (relation.kind == 'v' || relation.kind == 'm')
    return stands_on_nothing_sensitive(catalog, relation);
  return relation.kind == 'r' || relation.kind == 'p' || relation.kind == 'S';
}

}  // namespace

bool gives_arguments_only(const Catalog& catalog, const Function& function) {
  if (!function.followed || function.does_more || catalog.any_name_is_unknown()) return false;
  return std::all_of(function.reads.begin(), function.reads.end(), [&](const std::string& name) {
    const auto named = catalog.relations_named(name);
    return !named.empty() && std::all_of(named.begin(), named.end(), [&](const Relation* one) {
      return tells_nothing(catalog, *one);
    });
  });
}

}  // namespace sluice::sql
