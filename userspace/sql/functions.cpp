// SPDX-License-Identifier: Apache-2.0
#include "sql/functions.h"

#include <algorithm>

namespace sluice::sql {
namespace {

bool is_builtin(const Function& function) {
  return function.schema == "pg_catalog" || function.schema == "information_schema";
}

FunctionEffect from_table(const KnownFunction& known) {
  FunctionEffect effect;
  effect.actions = known.actions;
  effect.result = known.result;
  effect.keeps_arguments = !(known.actions == ActionSet{Action::kRead});
  effect.leaves_trace =
      known.leaves_trace || effect.keeps_arguments || known.result == FunctionResult::kOpaque;
  return effect;
}

}  // namespace

bool computes_only(const Function& function) {
  if (function.language != "c" && function.language != "internal") return false;
  const KnownFunction* known = known_function(function.name);
  const bool known_to_compute = known != nullptr &&
                                known->result == FunctionResult::kFromArguments &&
                                known->actions == ActionSet{Action::kRead};
  return function.volatility == 'i' || known_to_compute;
}

FunctionEffect effect_of_function(const Function& function) {
  FunctionEffect effect;
  if (const KnownFunction* known = known_function(function.name)) effect = from_table(*known);
  effect.found = true;
  effect.schema = function.schema;
  effect.shape = function.shape;
  effect.outputs = function.outputs;
  effect.returns_set = function.returns_set;
  if (is_builtin(function)) {
    if (!effect.actions.empty()) return effect;
    if (function.volatility == 'v') {
      effect.actions.add(Action::kUnknown);
      effect.result = FunctionResult::kOpaque;
      effect.keeps_arguments = true;
      effect.leaves_trace = true;
    } else {
      effect.actions.add(Action::kRead);
      effect.result = FunctionResult::kFromArguments;
    }
    return effect;
  }
  const bool computes = computes_only(function);
  const bool aggregate_in_name_only = function.kind == 'a';
  if (function.volatility == 'v' || function.kind == 'p' || aggregate_in_name_only) {
    effect.actions.add(Action::kCall);
    effect.keeps_arguments = true;
  } else {
    effect.actions.add(Action::kRead);
    // Stable and immutable functions cannot write, but RAISE can show.
    effect.keeps_arguments |= !computes;
  }
  effect.leaves_trace |= effect.keeps_arguments;
  effect.result =
      std::max(effect.result, computes ? FunctionResult::kFromArguments : FunctionResult::kOpaque);
  return effect;
}

void widen(FunctionEffect& effect, const FunctionEffect& more) {
  effect.actions.add(more.actions);
  effect.result = std::max(effect.result, more.result);
  effect.keeps_arguments |= more.keeps_arguments;
  effect.leaves_trace |= more.leaves_trace;
  effect.found |= more.found;
  effect.returns_set |= more.returns_set;
  if (effect.schema != more.schema) effect.schema.clear();
  if (effect.shape != more.shape || effect.outputs != more.outputs) {
    effect.shape = '?';
    effect.outputs.clear();
  }
}

FunctionEffect effect_of_function(const Catalog& catalog, std::string_view schema,
                                  std::string_view name) {
  FunctionEffect effect;
  bool first = true;
  for (const Function* function : catalog.functions_named(name)) {
    if (!schema.empty() && function->schema != schema) continue;
    const FunctionEffect one = effect_of_function(*function);
    if (first) {
      effect = one;
      first = false;
    } else {
      widen(effect, one);
    }
  }
  if (!first) return effect;
  // Not in the catalogue: what the table knows still tells the approver more.
  if (const KnownFunction* known = known_function(name)) {
    effect = from_table(*known);
    effect.actions.add(Action::kUnknown);
  } else {
    effect.actions.add(Action::kUnknown);
    effect.keeps_arguments = true;
  }
  effect.leaves_trace = true;
  effect.result = FunctionResult::kOpaque;
  effect.schema = std::string{schema};
  return effect;
}

}  // namespace sluice::sql
