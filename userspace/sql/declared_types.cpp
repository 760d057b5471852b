// SPDX-License-Identifier: Apache-2.0
#include "sql/declared_types.h"

#include <algorithm>
#include <string>

#include "sql/coercions.h"
#include "sql/facts.h"
#include "sql/temporaries.h"

namespace sluice::sql {

bool any_users_type(const std::vector<Oid>& types) {
  return std::any_of(types.begin(), types.end(), [](Oid type) { return !is_builtin_type(type); });
}

bool any_unknown_type(const std::vector<Oid>& types, const Catalog& catalog) {
  return std::any_of(types.begin(), types.end(), [&](Oid type) {
    return !is_builtin_type(type) && catalog.type_name(type).empty();
  });
}

std::size_t declare_types(Analysis& analysis, const std::vector<Oid>& types,
                          const Catalog& catalog) {
  const Limits limits;
  Effort effort{limits.effort_max};
  for (Statement& statement : analysis.statements) {
    Facts facts{statement, catalog, limits, effort};
    for (const Oid type : types) {
      find_coercion_of(type, facts);
      if (is_builtin_type(type)) continue;
      const std::string_view name = catalog.type_name(type);
      if (name.empty())
        facts.unknown("type " + std::to_string(type) + " of a parameter is not in the catalogue");
      const auto hidden = catalog.hidden_calls_of_cast(name);
      if (!facts.spend(1 + hidden.size())) return effort.used();
      for (const Function* function : hidden) facts.hidden_call(*function);
    }
    find_temporaries_of_calls(facts);
  }
  return effort.used();
}

}  // namespace sluice::sql
