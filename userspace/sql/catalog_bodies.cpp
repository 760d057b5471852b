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

namespace sluice::sql {
namespace {

bool only_reads(const ActionSet& actions) {
  const ActionSet reading{Action::kRead, Action::kSensitiveSearch, Action::kSensitiveCopy};
  return (actions.bits() & ~reading.bits()) == 0;
}

}  // namespace

void CatalogBuilder::attach_calls() {
  std::unordered_map<Oid, Function*> by_oid;
  for (Function& function : catalog_->functions_)
    if (function.oid >= kFirstUserOid) by_oid.emplace(function.oid, &function);
  std::unordered_map<const Function*, std::size_t> places;
  for (const auto& [caller_oid, called_oid] : calls_) {
    const auto caller = by_oid.find(caller_oid);
    const Function* called = catalog_->function(called_oid);
    if (caller == by_oid.end() || called == nullptr || called == caller->second) continue;
    if (caller->second->kind == 'a') {
      if (called->kind != 'a') caller->second->parts.push_back(called);
      continue;
    }
    const auto [place, fresh] = places.emplace(caller->second, bodies_.size());
    if (fresh) bodies_.push_back({caller->second, {}});
    bodies_[place->second].objects.push_back(
        {ObjectRef::Kind::kFunction, called->schema, called->name});
    caller->second->does_more |= !only_reads(effect_of_function(*called).actions);
  }
  calls_.clear();
}

void CatalogBuilder::read_bodies() {
  const Limits limits;
  for (const Definition& definition : definitions_) {
    Function& function = catalog_->functions_[definition.function];
    const bool by_default = function.does_more;  // what a parameter's default calls
    function.does_more = true;                   // until it is read it may do anything
    if (definition.text.size() > limits_.view_definition_bytes_max ||
        !check_text(definition.text, true, "UTF8", limits).ok())
      continue;
    const auto tree = ParseTree::parse(definition.text, limits);
    if (!tree || tree->statements().size() != 1) continue;
    Statement create;
    Effort effort{limits.effort_max};
    Facts facts{create, *catalog_, limits, effort};
    const Node node{Node{&tree->statements()[0]}.field("stmt")};
    auto body = function_body(node, facts, SessionNames{});
    if (!body) continue;
    function.does_more = by_default || !only_reads(body->actions);
    bodies_.push_back({&function, std::move(body->objects)});
  }
  definitions_.clear();
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
             return one->definition != nullptr && !only_reads(one->definition->actions);
           });
  };
  bool any = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Body& body : bodies_)
      if (!body.function->does_more &&
          std::any_of(body.objects.begin(), body.objects.end(), does_more))
        changed = any = body.function->does_more = true;
  }
  return any;
}

}  // namespace sluice::sql
