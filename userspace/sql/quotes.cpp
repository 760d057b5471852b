// SPDX-License-Identifier: Apache-2.0
#include "sql/quotes.h"

#include <algorithm>

#include "sql/functions.h"

namespace sluice::sql {

bool may_hold_sensitive(const ObjectRef& object, const Statement& statement,
                        const Catalog& catalog) {
  if (object.kind == ObjectRef::Kind::kFunction)
    return effect_of_function(catalog, object.schema, object.name).result ==
           FunctionResult::kOpaque;
  if (object.kind != ObjectRef::Kind::kTable) return false;
  const auto relations = catalog.relations_named(object.name);
  if (relations.empty()) return statement.actions.has(Action::kRead);
  return std::any_of(relations.begin(), relations.end(),
                     [](const Relation* relation) { return relation->any_sensitive(); });
}

bool may_quote_sensitive(const Statement& statement, const Catalog& catalog) {
  if (!catalog.any_sensitive()) return false;
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

}  // namespace sluice::sql
