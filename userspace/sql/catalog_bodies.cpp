// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: what functions call. Of those that call themselves stable or immutable, which do
// more than that: the server does not hold them to it where they call others.
#include <algorithm>

#include "sql/catalog_builder.h"
#include "sql/do_block.h"
#include "sql/functions.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"
#include "sql/statement.h"
#include "sql/text_guard.h"
#include "sql/users_code.h"

namespace sluice::sql {
void CatalogBuilder::attach_calls() {
  std::unordered_map<Oid, Function*> by_oid;
  for (Function& function : rest_->functions)
    if (function.oid >= kFirstUserOid) by_oid.emplace(function.oid, &function);
  std::unordered_map<const Function*, std::size_t> places;
  for (const Call& call : calls_) {
    if (call.kind == 'u') unnamed_.push_back(call.object);
    if (attach_expression(call)) continue;
    const auto caller = by_oid.find(call.caller);
    if (caller == by_oid.end()) continue;
    Function& function = *caller->second;
    if (function.kind == 'a') {
      function.keeps_memory |= call.kind == 'i';
      const Function* part = catalog_->function(call.object);
      if (part != nullptr && part->kind != 'a') function.parts.push_back(part);
      continue;
    }
    const auto [place, fresh] = places.emplace(&function, bodies_.size());
    if (fresh) bodies_.push_back({&function, {}});
    // A body that is kept as a tree has all of it here; others are read by read_bodies().
    function.followed = function.language == "sql" && !function.shipped;
    attach_call(call, bodies_[place->second]);
  }
  calls_.clear();
}

// True where the caller is no function.
bool CatalogBuilder::attach_expression(const Call& call) {
  if (call.kind == 'c') {
    for (const Function* check : catalog_->checks_of_type(call.object))
      rest_->table_calls[call.caller].push_back(check);
    return true;
  }
  if (call.kind != 'd' && call.kind != 'k') return false;
  const Function* called = catalog_->function(call.object);
  if (called == nullptr || runs_unnoticed(*called)) return true;
  auto& calls = call.kind == 'd' ? rest_->default_calls : rest_->table_calls;
  calls[call.caller].push_back(called);
  return true;
}

// A function whose parameters or result have a type with checks runs these, whoever calls it. So
// does one of PostgreSQL's own that casts to text.
void CatalogBuilder::attach_checks() {
  std::unordered_map<std::string_view, std::vector<Function*>> by_name;
  for (Function& function : rest_->functions)
    if (!of_postgres(function) || casts_to_text(function.name))
      by_name[function.name].push_back(&function);
  const auto runs = [&](const std::string& name, const Function& check) {
    const auto named = by_name.find(name);
    if (named == by_name.end()) return;
    for (Function* function : named->second) {
      if (function == &check) continue;
      function->does_more |= !only_reads(effect_of_function(check).actions);
      bodies_.push_back({function, {{ObjectRef::Kind::kFunction, check.schema, check.name}}});
    }
  };
  for (const HiddenCall& call : casts_)
    if (const Function* check = catalog_->function(call.function); check && call.type == 0)
      runs(call.name, *check);
  for (const std::string& name : takes_any_type_)
    for (const Function* check : all_checks_) runs(name, *check);
}

void CatalogBuilder::attach_call(const Call& call, Body& body) {
  bool& does_more = body.function->does_more;
  const auto calls = [&](const Function& called) {
    body.objects.push_back({ObjectRef::Kind::kFunction, called.schema, called.name});
    does_more |= !only_reads(effect_of_function(called).actions);
  };
  if (call.kind == 'f') {
    const Function* called = catalog_->function(call.object);
    body.whole &= called != nullptr;
    if (called != nullptr && called != body.function) calls(*called);
  } else if (call.kind == 't') {
    for (const Function* check : catalog_->checks_of_type(call.object)) calls(*check);
  } else if (call.kind == 'r') {
    const Relation* relation = catalog_->relation(call.object);
    body.whole &= relation != nullptr;
    if (relation != nullptr)
      body.objects.push_back({ObjectRef::Kind::kTable, relation->schema, relation->name});
  } else {
    does_more = true;  // it writes
  }
}

// What a function does, by CREATE FUNCTION as the server prints it; nullopt where it cannot be
// read.
std::optional<Statement> CatalogBuilder::read_body(const std::string& definition) const {
  const Limits limits;
  if (definition.size() > limits_.view_definition_bytes_max ||
      !check_text(definition, true, "UTF8", limits).ok())
    return std::nullopt;
  const auto tree = ParseTree::parse(definition, limits);
  if (!tree || tree->statements().size() != 1) return std::nullopt;
  Statement create;
  Effort effort{limits.effort_max};
  const Facts facts{create, *catalog_, limits, effort};
  const Node node{Node{&tree->statements()[0]}.field("stmt")};
  return function_body(node, facts, SessionNames{});
}

void CatalogBuilder::read_bodies() {
  for (const Definition& definition : definitions_) {
    Function& function = rest_->functions[definition.function];
    auto body = read_body(definition.text);
    const bool does_more = !body || !only_reads(body->actions);
    function.followed = !does_more;
    // Until it is read it may do anything, unless it is believed.
    function.does_more |= does_more && !function.shipped;
    if (body)
      bodies_.push_back({.function = &function,
                         .objects = std::move(body->objects),
                         .believed = function.shipped});
  }
  definitions_.clear();
  follow_bodies();
  read_coercions();
  mark_callers();
}

// True if it changed something: what a marked function is called by is marked, too.
bool CatalogBuilder::mark_callers() {
  const auto does_more = [&](const ObjectRef& object) {
    if (object.kind == ObjectRef::Kind::kFunction) {
      const auto called = catalog_->functions_named(object.name);
      return std::any_of(called.begin(), called.end(),
                         [](const Function* one) { return one->does_more; });
    }
    const auto named = catalog_->relations_named(object.name);
    return object.kind == ObjectRef::Kind::kTable &&
           std::any_of(named.begin(), named.end(), [](const Relation* one) {
             return one->outside || one->definition_unread ||
                    (one->definition != nullptr && !only_reads(one->definition->actions));
           });
  };
  bool any = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Body& body : bodies_)
      if (!body.function->does_more && !body.believed &&
          std::any_of(body.objects.begin(), body.objects.end(), does_more))
        changed = any = body.function->does_more = true;
  }
  return any;
}

}  // namespace sluice::sql
