// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: who calls a function makes what it makes, and so does who changes a table that
// has it as a trigger.
#include <algorithm>
#include <cstddef>

#include "sql/catalog_builder.h"

namespace sluice::sql {
namespace {

// True if there was a new one.
bool add(std::vector<std::string>& to, const std::vector<std::string>& names) {
  bool added = false;
  for (const std::string& name : names) {
    if (std::find(to.begin(), to.end(), name) != to.end()) continue;
    to.push_back(name);
    added = true;
  }
  return added;
}

}  // namespace

void CatalogBuilder::attach_temporaries() {
  if (temporaries_.empty()) return;
  std::unordered_map<Oid, Function*> functions;
  for (Function& function : rest_->functions) functions.emplace(function.oid, &function);
  for (auto& [oid, names] : temporaries_)
    if (const auto function = functions.find(oid); function != functions.end())
      function->second->temporaries = std::move(names);
  temporaries_.clear();
  constexpr std::size_t kCallsDeep = 32;
  bool added = true;
  for (std::size_t pass = 0; added && pass < kCallsDeep; ++pass) {
    added = false;
    for (Function& function : rest_->functions)
      for (const std::string& name : function.names)
        for (const Function* called : catalog_->functions_named(name))
          if (called != &function) added |= add(function.temporaries, called->temporaries);
  }
  std::unordered_map<Oid, Relation*> relations;
  for (Relation& relation : catalog_->relations_) relations.emplace(relation.oid, &relation);
  for (const Trigger& trigger : triggers_) {
    const auto function = functions.find(trigger.function);
    if (function == functions.end()) continue;
    for (const Oid oid : trigger.tables)
      if (const auto table = relations.find(oid); table != relations.end())
        add(table->second->temporaries, function->second->temporaries);
  }
}

}  // namespace sluice::sql
