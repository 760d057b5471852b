// SPDX-License-Identifier: Apache-2.0
#include "sql/functions.h"

#include <algorithm>
#include <utility>

namespace sluice::sql {
namespace {

FunctionEffect from_table(const KnownFunction& known) {
  FunctionEffect effect;
  effect.actions = known.actions;
  effect.result = known.result;
  effect.keeps_arguments = known.keeps_arguments || !(known.actions == ActionSet{Action::kRead});
  effect.leaves_trace = effect.keeps_arguments || known.result == FunctionResult::kOpaque;
  return effect;
}

// Whether one of PostgreSQL's own ran is seen nowhere but in its result: what is not known to be so
// may lock something, take a number, or begin to see what others have counted.
bool runs_unseen(const Function& function) {
  if (function.returns_set) return false;
  // Immutable, and yet it locks the table that it is given.
  if (function.name == "satisfies_hash_partition") return false;
  return function.volatility == 'i' || is_known_to_run_unseen(function.name);
}

// Whoever makes an aggregate of parts that compute has one that computes. Whether those whose state
// is memory fit together only an extension's author has looked at.
bool parts_compute_only(const Function& aggregate) {
  if (aggregate.keeps_memory && !aggregate.shipped) return false;
  return !aggregate.parts.empty() &&
         std::all_of(aggregate.parts.begin(), aggregate.parts.end(),
                     [](const Function* part) { return computes_only(*part); });
}

// One that computes and is not PostgreSQL's own: whether and how often it ran is seen elsewhere.
bool is_noticed(const Function& function) {
  if (function.kind == 'a')
    return !std::all_of(function.parts.begin(), function.parts.end(),
                        [](const Function* part) { return runs_unnoticed(*part); });
  return function.volatility == 'v' && !is_known_to_run_unseen(function.name);
}

}  // namespace

bool computes_only(const Function& function) {
  if (of_postgres(function)) {
    const FunctionEffect effect = effect_of_function(function);
    return effect.actions == ActionSet{Action::kRead} && effect.result != FunctionResult::kOpaque &&
           !effect.keeps_arguments;
  }
  if (function.kind == 'a') return parts_compute_only(function);
  if (!function.shipped) return false;
  if (function.is_expression) return true;
  if (function.language != "c" && function.language != "internal") return false;
  const KnownFunction* known = known_function(function.name);
  return known == nullptr ? function.volatility == 'i' : known->of_extensions;
}

bool runs_unnoticed(const Function& function) {
  if (function.returns_set) return false;
  if (!of_postgres(function)) return computes_only(function) && !is_noticed(function);
  const FunctionEffect effect = effect_of_function(function);
  return !effect.keeps_arguments && !effect.leaves_trace;
}

// Those of extensions in C speak of the rows that they are given, but for those that run SQL out of
// their arguments.
bool may_quote_as_trigger(const Function& function) {
  if (of_postgres(function)) return false;
  if (function.shipped) {
    const KnownFunction* known = known_function(function.name);
    return known && known->actions.has(Action::kUnknown);
  }
  return function.language != "plpgsql" || !function.quotes_nothing;
}

namespace {

// Who makes a function in C or in a language outside of SQL says what he likes about it, and no
// body can be read that says otherwise.
bool is_believed(const Function& function) {
  return function.shipped || function.language == "sql" || function.language == "plpgsql";
}

FunctionEffect effect_of_users_function(const Function& function, FunctionEffect effect) {
  const bool computes = computes_only(function);
  const bool promises = function.volatility != 'v' && function.kind != 'p' && function.kind != 'a';
  if (computes && !function.does_more) {
    effect.actions.add(Action::kRead);
    effect.leaves_trace |= is_noticed(function);
  } else if (!promises || function.does_more) {
    effect.actions.add(Action::kCall);
    effect.keeps_arguments = true;
  } else if (!is_believed(function)) {
    effect.actions.add(ActionSet{Action::kCall, Action::kUnknown});
    effect.keeps_arguments = true;
  } else {
    effect.actions.add(Action::kRead);
    effect.keeps_arguments = true;  // they cannot write, but RAISE can show
  }
  effect.leaves_trace |= effect.keeps_arguments;
  if (function.kind != 'a' || function.parts.empty()) {
    effect.result = std::max(effect.result,
                             computes ? FunctionResult::kFromArguments : FunctionResult::kOpaque);
    return effect;
  }
  if (function.keeps_memory && !function.shipped) {
    effect.actions.add(Action::kUnknown);
    effect.result = FunctionResult::kOpaque;
  }
  // An aggregate is what the functions do that it is made of.
  effect.result = std::max(effect.result, FunctionResult::kFromArguments);
  for (const Function* part : function.parts) {
    const FunctionEffect of_part = effect_of_function(*part);
    effect.actions.add(of_part.actions);
    // Of whatever name it is given.
    if (part->name == "set_config") effect.actions.add(Action::kUnknown);
    effect.result = std::max(effect.result, of_part.result);
  }
  return effect;
}

}  // namespace

FunctionEffect effect_of_function(const Function& function) {
  FunctionEffect effect;
  if (const KnownFunction* known = known_function(function.name)) effect = from_table(*known);
  effect.found = true;
  // What users put there is not what the schema's name says.
  if (of_postgres(function) || function.schema != "pg_catalog") effect.schema = function.schema;
  effect.shape = function.shape;
  effect.outputs = function.outputs;
  effect.returns_set = function.returns_set;
  if (of_postgres(function)) {
    effect.leaves_trace |= !runs_unseen(function);
    if (!effect.actions.empty()) return effect;
    if (function.volatility == 'v') {
      effect.actions.add(Action::kUnknown);
      effect.result = FunctionResult::kOpaque;
      effect.keeps_arguments = true;
    } else {
      effect.actions.add(Action::kRead);
      effect.result = FunctionResult::kFromArguments;
    }
    return effect;
  }
  return effect_of_users_function(function, std::move(effect));
}

bool fills_rows(std::string_view name) {
  return name.find("populate_record") != std::string_view::npos;
}

bool casts_to_text(std::string_view name) {
  return std::find(kCastToText.begin(), kCastToText.end(), name) != kCastToText.end();
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
                                  std::string_view name, Moment moment) {
  FunctionEffect effect;
  bool first = true;
  for (const Function* function : catalog.functions_named(name)) {
    if (!schema.empty() && function->schema != schema) continue;
    FunctionEffect one = effect_of_function(*function);
    const bool means_the_same = moment == Moment::kNow || function->reads.empty();
    if (one.result == FunctionResult::kOpaque && means_the_same &&
        gives_arguments_only(catalog, *function))
      one.result = FunctionResult::kFromArguments;
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
