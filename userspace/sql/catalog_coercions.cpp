// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: casts of users that run where nobody asks for one.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "sql/catalog_builder.h"
#include "sql/functions.h"

namespace sluice::sql {

// And whatever a value of one of these can be taken out of.
void CatalogBuilder::add_types_made_of(std::set<Oid>& types) const {
  std::unordered_map<Oid, std::vector<Oid>> made_of;
  for (const auto& [type, parts] : rest_->parts_of_types)
    for (const Oid part : parts) made_of[part].push_back(type);
  std::vector<Oid> waiting{types.begin(), types.end()};
  while (!waiting.empty()) {
    const auto found = made_of.find(waiting.back());
    waiting.pop_back();
    if (found == made_of.end()) continue;
    for (const Oid type : found->second)
      if (types.insert(type).second) waiting.push_back(type);
  }
}

// Before the bodies are distrusted, for that holds of what these casts call, too.
void CatalogBuilder::read_coercions() {
  const auto only_converts = [&](Oid oid) {
    const Function* function = catalog_->function(oid);
    return function != nullptr &&
           (computes_only(*function) || (function->followed && function->reads.empty()));
  };
  std::set<Oid>& types = rest_->coerced_types;
  for (const HiddenCall& coercion : coercions_) {
    if (only_converts(coercion.function)) continue;
    types.insert(coercion.type);
    rest_->coercions.push_back(catalog_->function(coercion.function));
  }
  coercions_.clear();
  add_types_made_of(types);
  // No body names them: they run for what a function returns, for its arguments, for what is stored
  // in its variables (there by casts that others have to ask for).
  const bool unseen = std::any_of(casts_.begin(), casts_.end(), [&](const HiddenCall& cast) {
    return cast.type == 0 && !only_converts(cast.function);  // a check makes no other value
  });
  if (!unseen) return;
  for (const Body& body : bodies_) body.function->followed = body.function->is_expression = false;
}

bool Catalog::is_coerced(Oid type) const { return rest_->coerced_types.contains(type); }

bool Catalog::is_coerced(std::string_view type_name) const {
  const std::vector<Oid> named = types_named(type_name);
  return std::any_of(named.begin(), named.end(), [&](Oid type) { return is_coerced(type); });
}

bool Catalog::any_coerced_builtin() const {
  return any_coerced() && is_builtin_type(*rest_->coerced_types.begin());
}

}  // namespace sluice::sql
