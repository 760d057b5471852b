// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: which bodies of functions are known whole, and what they read. Each counts as
// followed until something in it is found, or in what it calls, that is not.
#include <algorithm>
#include <unordered_map>

#include "sql/catalog_builder.h"
#include "sql/functions.h"
#include "sql/telling_rows.h"

namespace sluice::sql {
namespace {

// Of more names nobody keeps account.
constexpr std::size_t kReadsMax = 64;

bool computes_or_is_followed(const Function& function) {
  return computes_only(function) || function.followed;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// True if there was a new one.
bool add(std::vector<std::string>& to, const std::string& name) {
  if (has(to, name)) return false;
  to.push_back(name);
  return true;
}

}  // namespace

void CatalogBuilder::follow_bodies() {
  using Kind = ObjectRef::Kind;
  // All functions of a name count together, and all must be there.
  const auto all_named = [&](const std::string& name, const auto& test) {
    const auto named = catalog_->functions_named(name);
    return !named.empty() && !rows_tell(name) &&
           std::all_of(named.begin(), named.end(), [&](const Function* one) { return test(*one); });
  };
  for (const Body& body : bodies_)
    body.function->is_expression =
        body.function->followed && body.function->shipped && !body.function->does_more;
  const auto is_known = [&](const ObjectRef& object) {
    return object.kind == Kind::kTable ||
           (object.kind == Kind::kFunction && all_named(object.name, computes_or_is_followed));
  };
  const auto computes = [&](const ObjectRef& object) {
    return object.kind == Kind::kFunction && all_named(object.name, runs_unnoticed);
  };
  const auto all = [](const Body& body, const auto& test) {
    return body.whole && std::all_of(body.objects.begin(), body.objects.end(), test);
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const Body& body : bodies_) {
      Function& function = *body.function;
      if (function.is_expression && !all(body, computes))
        function.is_expression = false, changed = true;
      if (function.followed && !all(body, is_known)) function.followed = false, changed = true;
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Body& body : bodies_) {
      Function& function = *body.function;
      if (reads_unknown(function)) continue;
      for (const ObjectRef& object : body.objects) {
        if (object.kind == Kind::kTable) changed |= add(function.reads, object.name);
        if (object.kind != Kind::kFunction) continue;
        for (const Function* called : catalog_->functions_named(object.name))
          if (called != &function)
            for (const std::string& name : called->reads) changed |= add(function.reads, name);
      }
      const bool counted = function.reads.size() <= kReadsMax;
      if (counted && !has(function.reads, {})) continue;
      function.followed = false;
      function.reads.assign(1, {});
      changed = true;
    }
  }
}

}  // namespace sluice::sql
