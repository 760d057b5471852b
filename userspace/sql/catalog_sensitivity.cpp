// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: which columns are sensitive, and why.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "sql/catalog_builder.h"
#include "sql/describe.h"
#include "sql/parse_tree.h"
#include "sql/statement.h"
#include "sql/telling_columns.h"
#include "sql/text_guard.h"

namespace sluice::sql {
namespace {

// PostgreSQL's own, and where it keeps long values of others. What users put into its schemas is
// theirs.
bool is_builtin(const Relation& relation) {
  if (relation.schema == "pg_toast") return true;
  return relation.oid < kFirstUserOid &&
         (relation.schema == "pg_catalog" || relation.schema == "information_schema");
}

// A larger one tells less.
int strength(MaskKind mask) {
  switch (mask) {
    case MaskKind::kPartial: return 0;
    case MaskKind::kHash: return 1;
    case MaskKind::kRedact: return 2;
    case MaskKind::kNull: return 3;
  }
  return 2;
}

bool is_system_source(const Relation& relation) {
  return (is_builtin(relation) || relation.name == "pg_stat_statements") &&
         has_telling_columns(relation.name);
}

bool matches(std::string_view pattern, std::string_view name) {
  return pattern == "*" || pattern == name;
}

}  // namespace

bool CatalogBuilder::raise(std::optional<MaskKind>& mask, MaskKind to) {
  if (mask && strength(*mask) >= strength(to)) return false;
  mask = to;
  return true;
}

bool CatalogBuilder::mark_computed(Column& column) {
  const bool changed = raise(column.mask, MaskKind::kRedact) || !column.computed;
  column.computed = true;
  return changed;
}

void CatalogBuilder::mark_rules(const std::vector<SensitiveRule>& rules) {
  for (const SensitiveRule& rule : rules) {
    if (rule.column.empty()) continue;  // detectors
    for (Relation& relation : catalog_->relations_) {
      if (!matches(rule.schema, relation.schema) || !matches(rule.table, relation.name)) continue;
      // "*.*.name" means the user's tables.
      if (rule.schema == "*" && is_builtin(relation)) continue;
      for (Column& column : relation.columns)
        if (matches(rule.column, column.name)) raise(column.mask, rule.mask);
    }
  }
}

void CatalogBuilder::mark_statistics() {
  for (Relation& relation : catalog_->relations_) {
    // A TOAST table holds the long values of any column.
    const bool toast = relation.kind == 't' || relation.schema == "pg_toast";
    if (!toast && !is_system_source(relation)) continue;
    for (Column& column : relation.columns)
      if (toast || is_telling(relation.name, column.name)) raise(column.mask, MaskKind::kRedact);
  }
}

// Of tables and views that users have, for those have triggers.
void CatalogBuilder::list_sensitive_names() {
  for (const Relation& relation : catalog_->relations_) {
    if (is_builtin(relation) || is_system_source(relation)) continue;
    for (const Column& column : relation.columns)
      if (column.mask) rest_->sensitive_names.insert(column.name);
  }
}

// A partition shows the same values as its parent, and the parent those of its children.
void CatalogBuilder::spread_over_inheritance() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  const auto spread = [](const Relation& from, Relation& to) {
    bool moved = false;
    for (const Column& column : from.columns)
      if (column.mask)
        for (Column& same : to.columns)
          if (same.name == column.name) moved |= raise(same.mask, *column.mask);
    return moved;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const Inheritance& link : inheritance_) {
      const auto child = by_oid.find(link.child), parent = by_oid.find(link.parent);
      if (child == by_oid.end() || parent == by_oid.end()) continue;
      changed |= spread(*parent->second, *child->second);
      changed |= spread(*child->second, *parent->second);
    }
  }
}

// True if it changed something.
bool CatalogBuilder::mark_dependents() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  bool changed = false;
  for (const Dependent& dependent : dependents_) {
    const auto to = by_oid.find(dependent.relation), from = by_oid.find(dependent.source);
    if (to == by_oid.end() || from == by_oid.end()) continue;
    const bool sensitive = std::any_of(
        from->second->columns.begin(), from->second->columns.end(), [&](const Column& column) {
          return column.mask &&
                 (dependent.source_attnum == 0 || column.attnum == dependent.source_attnum);
        });
    if (!sensitive) continue;
    for (Column& column : to->second->columns)
      if (column.attnum == dependent.attnum)
        changed |= dependent.source_attnum == 0 ? raise(column.mask, MaskKind::kRedact)
                                                : mark_computed(column);
  }
  return changed;
}

// Views may stand on views, also by way of functions: passes until nothing changes. Masks only get
// stronger. The first pass tells what stands on what, and those that follow go from below.
void CatalogBuilder::mark_views() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  // By name, as views refer to them. To read a definition costs much, so it is read again only
  // where what it reaches has changed.
  std::unordered_set<std::string_view> before, now;
  const auto is_new = [&](std::string_view name) {
    return before.contains(name) || now.contains(name);
  };
  bool changed = true;
  for (std::size_t pass = 0; changed && pass <= limits_.view_depth_max; ++pass) {
    before = std::exchange(now, {});
    for (const Rewrite& view : views_) {
      const auto found = by_oid.find(view.relation);
      if (found == by_oid.end()) continue;
      Relation& relation = *found->second;
      bool again = pass == 0 || !relation.definition;
      if (!again) names_reached(*relation.definition, [&](auto name) { again |= is_new(name); });
      if (again && mark_view(relation, view)) now.insert(relation.name);
    }
    changed = !now.empty();
    if (pass == 0) put_views_in_order(by_oid);
  }
  if (!changed || !rest_->any_sensitive) return;
  // They go round in circles, by way of functions: any of them may show anything.
  for (const Rewrite& view : views_) {
    const auto found = by_oid.find(view.relation);
    if (found == by_oid.end() || is_builtin(*found->second)) continue;
    for (Column& column : found->second->columns) mark_computed(column);
  }
}

// Of what a definition names, and of what the functions read that it may call.
template <class Visit>
void CatalogBuilder::names_reached(const Statement& definition, const Visit& visit) const {
  for (const ObjectRef& object : definition.objects) {
    visit(std::string_view{object.name});
    if (object.kind != ObjectRef::Kind::kFunction) continue;
    for (const Function* function : catalog_->functions_named(object.name))
      for (const std::string& name : function->reads) visit(std::string_view{name});
  }
}

// What a view stands on comes before it, but for circles. Without recursion: chains may be long.
void CatalogBuilder::put_views_in_order(const std::unordered_map<Oid, Relation*>& by_oid) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_name;
  std::vector<std::vector<std::size_t>> below(views_.size());
  for (std::size_t i = 0; i < views_.size(); ++i)
    if (const auto found = by_oid.find(views_[i].relation); found != by_oid.end())
      by_name[found->second->name].push_back(i);
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const auto found = by_oid.find(views_[i].relation);
    if (found == by_oid.end() || !found->second->definition) continue;
    names_reached(*found->second->definition, [&](std::string_view name) {
      if (const auto named = by_name.find(name); named != by_name.end())
        below[i].insert(below[i].end(), named->second.begin(), named->second.end());
    });
  }
  std::vector<Rewrite> ordered;
  std::vector<bool> met(views_.size());
  struct Step {
    std::size_t view, next = 0;
  };
  for (std::size_t first = 0; first < views_.size(); ++first) {
    std::vector<Step> path;
    const auto enter = [&](std::size_t view) {
      if (!met[view]) path.push_back({view});
      met[view] = true;
    };
    enter(first);
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next < below[step.view].size()) {
        enter(below[step.view][step.next++]);
        continue;
      }
      ordered.push_back(std::move(views_[step.view]));
      path.pop_back();
    }
  }
  views_ = std::move(ordered);
}

bool CatalogBuilder::mark_view(Relation& view, const Rewrite& rewrite) {
  const std::string& definition = rewrite.definition;
  const bool builtin = is_builtin(view) || is_system_source(view);
  const Limits limits;
  auto statement = std::make_shared<Statement>();
  bool understood = false;
  if (!definition.empty() && check_text(definition, true, "UTF8", limits).ok()) {
    if (auto tree = ParseTree::parse(definition, limits); tree && tree->statements().size() == 1) {
      Effort effort{limits.effort_max};
      Facts facts{*statement, *catalog_, limits, effort};
      facts.keeps();
      describe(*Node{&tree->statements()[0]}.field("stmt"), facts, SessionNames{});
      understood = true;
    }
  }
  // What the view's author filtered by is not the agent's search.
  ActionSet actions;
  for (const Action action : statement->actions.list())
    if (action != Action::kSensitiveSearch && action != Action::kSensitiveCopy) actions.add(action);
  statement->actions = actions;
  bool changed = false;
  if (understood && (!view.definition || !(view.definition->actions == actions) ||
                     view.definition->objects.size() != statement->objects.size() ||
                     view.definition->computes_opaque != statement->computes_opaque ||
                     view.definition->computes_sensitive != statement->computes_sensitive)) {
    view.definition = statement;
    changed = true;
  }
  const bool by_column = statement->lineage == ResultLineage::kByColumn &&
                         statement->outputs.size() == view.columns.size();
  const bool computes = view.kind == 'v' && rest_->any_sensitive;
  for (std::size_t i = 0; computes && i < view.columns.size(); ++i) {
    const bool traced = !by_column || statement->outputs[i].traced;
    changed |= traced && !view.columns[i].traced;
    view.columns[i].traced |= traced;
  }
  if (builtin) return changed;  // its sensitive columns stand in a list
  const bool all_clear = statement->lineage == ResultLineage::kAllClear;
  if (!understood || !(by_column || all_clear)) {
    view.definition_unread = !understood;
    view.locked = rewrite.locked;
    if (rest_->any_sensitive)
      for (Column& column : view.columns) changed |= mark_computed(column);
    return changed;
  }
  if (by_column)
    for (std::size_t i = 0; i < view.columns.size(); ++i) {
      const OutputColumn& output = statement->outputs[i];
      if (output.kind == OutputColumn::Kind::kColumn)
        changed |= raise(view.columns[i].mask, output.mask);
      else if (!output.clear())
        changed |= mark_computed(view.columns[i]);
    }
  return changed;
}

}  // namespace sluice::sql
