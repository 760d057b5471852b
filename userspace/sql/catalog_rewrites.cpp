// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: what CREATE RULE makes of a change to a relation.
#include <unordered_map>

#include "sql/catalog_builder.h"
#include "sql/describe.h"
#include "sql/lineage.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"
#include "sql/statement.h"
#include "sql/text_guard.h"
#include "sql/worst_of.h"

namespace sluice::sql {
namespace {

// The server answers RETURNING with what the rule returns, under the names of the relation's own
// columns.
bool returns_sensitive(const Node& rule, Facts& facts) {
  const DescribeOptions options;
  for (const auto& item : rule.list("actions")) {
    const Node action{&item};
    if (action.list("returningList").empty()) continue;
    const auto row = Lineage{facts, options}.statement(action);
    if (!row || row->rest || whole(*row).sensitive()) return true;
  }
  return false;
}

// Of "CREATE RULE ..." as the server prints it.
Statement effect_of_rule(const std::string& definition, bool locked, const Catalog& catalog) {
  const Limits limits;
  Statement rule;
  Effort effort{limits.effort_max};
  Facts facts{rule, catalog, limits, effort};
  auto tree = definition.empty() || !check_text(definition, true, "UTF8", limits).ok()
                  ? Result<ParseTree>{Error{"the rule cannot be read"}}
                  : ParseTree::parse(definition, limits);
  bool returns = true;
  if (tree && tree->statements().size() == 1) {
    const json::value& stored = *Node{&tree->statements()[0]}.field("stmt");
    describe(stored, facts, SessionNames{});
    returns = returns_sensitive(Node{&stored}, facts);
  } else {
    facts.unknown(locked ? "a rule cannot be read while somebody holds a lock on what it names"
                         : "a rule is not understood");
  }
  // To make the rule is not what it does, and what its author searched or copied by is not the
  // agent's choice.
  ActionSet actions;
  for (const Action action : rule.actions.list())
    if (action != Action::kDdl && action != Action::kSensitiveSearch &&
        action != Action::kSensitiveCopy)
      actions.add(action);
  Statement effect;
  effect.actions = actions;
  effect.objects = std::move(rule.objects);
  effect.kin = std::move(rule.kin);
  effect.notes = std::move(rule.notes);
  effect.changes_meaning = rule.changes_meaning;
  effect.computes_opaque = rule.computes_opaque;
  effect.computes_sensitive = rule.computes_sensitive;
  effect.touches_sensitive = returns;
  return effect;
}

std::shared_ptr<const Statement>* place_of(Relation& relation, char event) {
  switch (event) {
    case '2': return &relation.on_update;
    case '3': return &relation.on_insert;
    case '4': return &relation.on_delete;
    default: return nullptr;
  }
}

}  // namespace

// A rule may change what another rule is about, in any order: passes until nothing is added.
void CatalogBuilder::read_rewrites() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  bool changed = true;
  for (std::size_t pass = 0; changed && pass <= limits_.view_depth_max; ++pass) {
    changed = false;
    for (const Rewrite& rewrite : rewrites_) {
      const auto found = by_oid.find(rewrite.relation);
      if (found != by_oid.end()) changed |= read_rewrite(*found->second, rewrite);
    }
  }
  if (!changed) return;
  // Rules upon rules deeper than we follow: any of them may do anything.
  for (const Rewrite& rewrite : rewrites_) {
    const auto found = by_oid.find(rewrite.relation);
    auto* place = found == by_oid.end() ? nullptr : place_of(*found->second, rewrite.event);
    if (place == nullptr) continue;
    auto all = *place ? std::make_shared<Statement>(**place) : std::make_shared<Statement>();
    all->actions.add(Action::kUnknown);
    *place = std::move(all);
  }
}

bool CatalogBuilder::read_rewrite(Relation& relation, const Rewrite& rewrite) {
  auto* place = place_of(relation, rewrite.event);
  if (place == nullptr) return false;
  const Statement effect = effect_of_rule(rewrite.definition, rewrite.locked, *catalog_);
  const Statement before = *place ? **place : Statement{};
  auto all = std::make_shared<Statement>(worst_of(before, effect));
  if (*place && all->actions == before.actions && all->objects.size() == before.objects.size() &&
      all->touches_sensitive == before.touches_sensitive)
    return false;
  *place = std::move(all);
  return true;
}

}  // namespace sluice::sql
