// SPDX-License-Identifier: Apache-2.0
// Overlay: what each kind of change does to the relations that it may be of.
#include <algorithm>
#include <utility>

#include "sql/overlay.h"
#include "sql/worst_of.h"

namespace sluice::sql {
namespace {

using Kind = CatalogChange::Kind;

bool mentions(const std::shared_ptr<const Statement>& effect, std::string_view name) {
  return effect &&
         std::any_of(effect->objects.begin(), effect->objects.end(), [&](const ObjectRef& object) {
           return object.kind == ObjectRef::Kind::kTable && object.name == name;
         });
}

bool rules_mention(const Relation& relation, std::string_view name) {
  return mentions(relation.on_insert, name) || mentions(relation.on_update, name) ||
         mentions(relation.on_delete, name);
}

std::shared_ptr<const Statement> worst(const std::shared_ptr<const Statement>& a,
                                       const std::shared_ptr<const Statement>& b) {
  if (!a || !b) return a ? a : b;
  return std::make_shared<const Statement>(worst_of(*a, *b));
}

std::shared_ptr<const Statement> not_known() {
  static const auto effect = [] {
    auto unknown = std::make_shared<Statement>();
    unknown->actions = {Action::kUnknown};
    unknown->touches_sensitive = unknown->computes_opaque = true;
    unknown->notes = {"a rule stands on what this session has changed"};
    return unknown;
  }();
  return effect;
}

std::shared_ptr<const Statement>& effect_of(Relation& relation, char event) {
  return event == '2'   ? relation.on_update
         : event == '3' ? relation.on_insert
         : event == '4' ? relation.on_delete
                        : relation.definition;
}

}  // namespace

// What stands on a relation that is something else from now on: views, and rules that change it.
void Overlay::dependents(std::string_view name, bool views) {
  const auto stand_on_it = catalog_->relations_where([&](const Relation& relation) {
    return relation.name != name &&
           ((views && mentions(relation.definition, name)) || rules_mention(relation, name));
  });
  for (const Relation* one : stand_on_it) {
    Relation& relation = own(one->oid);
    if (views && mentions(relation.definition, name))
      relation.definition_unread = relation.of_session = true;
    for (const char event : {'2', '3', '4'})
      if (auto& effect = effect_of(relation, event); mentions(effect, name))
        effect = worst(effect, not_known());
  }
}

// One for each name and schema: whatever was made of it counts.
void Overlay::new_relation(const CatalogChange& change) {
  const bool lasting = lasts(change);
  Relation made;
  made.schema = lasting ? "pg_temp" : change.schema;
  made.name = change.name;
  made.kind = change.relkind;
  made.of_session = true;
  made.columns_unknown = !change.columns_known || (lasting && change.columns_may_go);
  made.only_written_here = (change.columns_known || change.contents_judged) &&
                           !change.fills_itself && change.certain && !distrusted_;
  made.definition = change.does;
  made.definition_unread = change.lost;
  for (const std::string& column : change.columns)
    made.columns.push_back(column_named(column, made.columns.size() + 1));
  // Of what table over there it is, and of which columns, is not looked for here.
  if (made.kind == 'f') not_known_any_more(made);
  if (change.replaces) dependents(change.name, true);
  for (const Oid oid : candidates(made.schema, made.name)) {
    const auto own = own_.find(oid);
    if (oid < kFirstOwnOid || own == own_.end() || own->second->schema != made.schema) continue;
    Relation* before = own->second;
    const bool alike = std::equal(
        before->columns.begin(), before->columns.end(), made.columns.begin(), made.columns.end(),
        [](const Column& a, const Column& b) { return a.name == b.name; });
    before->columns_unknown |= !alike || made.columns_unknown;
    before->only_written_here &= made.only_written_here;
    before->definition = worst(before->definition, made.definition);
    before->definition_unread |= made.definition_unread;
    if (made.definition || made.kind == '?') before->kind = made.kind;
    return;
  }
  const Oid oid = add(std::move(made)).oid;
  if (lasting) temporary_.insert(oid);
}

void Overlay::other_name(const std::vector<Oid>& relations, std::string_view schema,
                         std::string_view name) {
  if (relations.empty()) {
    Relation unknown;
    unknown.schema = schema;
    unknown.name = name;
    unknown.of_session = unknown.columns_unknown = unknown.definition_unread = true;
    temporary_.insert(add(std::move(unknown)).oid);
  }
  for (const Oid oid : relations) {
    Relation renamed = *catalog_->relation(oid);
    // Policy and catalogue know it as what it was.
    renamed.stands_for.push_back({ObjectRef::Kind::kTable, renamed.schema, renamed.name});
    if (!schema.empty()) renamed.schema = schema;
    renamed.name = name;
    if (renamed.same_as == 0) renamed.same_as = oid;
    // Where its options do not say otherwise, it is another one over there, too.
    if (renamed.kind == 'f') not_known_any_more(renamed);
    const Oid twin = add(std::move(renamed)).oid;
    if (temporary_.contains(oid)) temporary_.insert(twin);
  }
}

void Overlay::rule(const CatalogChange& change) {
  dependents(change.name, change.event == '1');
  each(candidates(change.schema, change.name), [&](Relation& relation) {
    auto& effect = effect_of(relation, change.event);
    effect = worst(effect, change.does);
    if (change.lost) effect = worst(effect, not_known());
    if (change.event == '1') relation.of_session = true, relation.only_written_here = false;
  });
}

void Overlay::foreign_key(const CatalogChange& change) {
  const auto acts = [](char action) { return action == 'c' || action == 'n' || action == 'd'; };
  if (!acts(change.on_delete) && !acts(change.on_update)) return;
  ForeignKey key;
  key.on_delete = change.on_delete;
  key.on_update = change.on_update;
  key.referenced = change.referenced;
  if (key.referenced.empty()) key.referenced.emplace_back();  // the primary key: any column
  key.referring = change.referring;
  for (const Oid child : candidates(change.schema, change.name)) {
    key.child = child;
    each(candidates(change.other_schema, change.other_name),
         [&](Relation& parent) { parent.referenced_by.push_back(key); });
  }
  dependents(change.other_name, false);
}

// Until the catalogue has it, and of a temporary table it never does, who changes the table hears
// its function.
void Overlay::trigger(const CatalogChange& change) {
  const auto functions = catalog_->functions_named(change.other_name);
  const bool quotes = functions.empty() ||
                      std::any_of(functions.begin(), functions.end(),
                                  [](const Function* one) { return may_quote_as_trigger(*one); });
  each(candidates(change.schema, change.name), [&](Relation& relation) {
    relation.triggers_quote |= quotes;
    relation.triggers_name = true;
  });
}

// What goes by it is not known: columns of the tables that stand on it, by what the catalogue says,
// and of what was made here.
void Overlay::cascade(const CatalogChange& change) {
  std::vector<std::string> names{change.name};
  for (std::size_t at = 0; at < names.size(); ++at)
    if (const auto before = before_.find(names[at]); before != before_.end())
      for (const std::string& name : before->second)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::vector<Oid> tables;
  for (const auto& [oid, relation] : own_) tables.push_back(oid);
  for (const std::string& name : names)
    for (const Relation* table : catalog_->tables_on(name)) {
      tables.push_back(table->oid);
      for (const Relation* one : table->kin) tables.push_back(one->oid);
    }
  each(tables, [](Relation& table) { table.columns_unknown = true; });
}

void Overlay::kin(Oid of, const std::vector<const Relation*>& more) {
  each({of}, [&](Relation& relation) {
    for (const Relation* one : more)
      if (one->oid != relation.oid &&
          std::find(relation.kin.begin(), relation.kin.end(), one) == relation.kin.end())
        relation.kin.push_back(one);
    relation.columns_unknown = true;
    relation.only_written_here = false;
    if (std::any_of(more.begin(), more.end(),
                    [](const Relation* one) { return one->any_sensitive() || one->of_session; }))
      relation.of_session = true;
  });
}

// What a foreign table is, what is above it is, too.
void Overlay::far(Oid of, const std::vector<const Relation*>& below) {
  each({of}, [&](Relation& relation) {
    for (const Relation* one : below) {
      relation.outside |= one->outside;
      for (const ObjectRef& object : one->stands_for)
        if (one->same_as == 0 && std::find(relation.stands_for.begin(), relation.stands_for.end(),
                                           object) == relation.stands_for.end())
          relation.stands_for.push_back(object);
    }
  });
}

// The rows of either are the other's, and those of all that were of one family with them.
void Overlay::heir(const CatalogChange& change) {
  for (const Oid child : candidates(change.schema, change.name))
    for (const Oid parent : candidates(change.other_schema, change.other_name)) {
      if (child == parent) continue;
      std::vector<const Relation*> above = own(parent).kin, below = own(child).kin;
      above.push_back(&own(parent));
      below.push_back(&own(child));
      const bool hidden = std::any_of(below.begin(), below.end(), [&](const Relation* one) {
        return one->any_sensitive() || hides_something(*one);
      });
      for (const Relation* one : above) {
        kin(one->oid, below);
        far(one->oid, below);
        if (hidden) dependents(one->name, true);
      }
      for (const Relation* one : below) kin(one->oid, above);
    }
}

}  // namespace sluice::sql
