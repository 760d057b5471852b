// SPDX-License-Identifier: Apache-2.0
#include "sql/facts.h"

#include <algorithm>
#include <utility>

#include "sql/builtin_names.h"
#include "sql/foreign_keys.h"
#include "sql/telling_rows.h"

namespace sluice::sql {
bool Facts::spend(std::size_t looks) {
  if (effort_.spend(looks)) return true;
  unknown("the statement is too intricate to follow");
  if (catalog_.any_sensitive()) touches(), searches(), copies();
  return false;
}

bool Facts::enter_body(std::string_view text) {
  return ++bodies_ <= limits_.bodies_max && spend(text.size());
}

void Facts::note(std::string note) {
  auto& notes = statement_.notes;
  if (notes.size() < kNotesMax && std::find(notes.begin(), notes.end(), note) == notes.end())
    notes.push_back(std::move(note));
}

void Facts::unknown(std::string text) {
  action(Action::kUnknown);
  note(std::move(text));
}

void Facts::object(ObjectRef::Kind kind, std::string_view schema, std::string_view name) {
  if (rows_tell(name) && catalog_.any_sensitive()) touches(), searches();
  if (kind == ObjectRef::Kind::kTable && is_toast(schema, name))
    unknown(std::string{name} + " keeps rows of a table that is not named");
  ObjectRef object{kind, std::string{schema}, std::string{name}};
  auto& objects = statement_.objects;
  if (objects_.has(objects, object)) return;
  if (objects.size() >= limits_.objects_max)
    return unknown("the statement names more objects than are looked at");
  objects.push_back(std::move(object));
}

void Facts::kin(const ObjectRef& object) {
  auto& kin = statement_.kin;
  if (kin_.has(kin, object)) return;
  if (kin.size() >= limits_.objects_max)
    return unknown("the statement names more tables with partitions than are looked at");
  kin.push_back(object);
}

void Facts::objects_of(const Statement& other) {
  if (!spend(Effort::kPerCopy * (other.objects.size() + other.kin.size()))) return;
  for (const ObjectRef& object : other.objects)
    this->object(object.kind, object.schema, object.name);
  for (const ObjectRef& object : other.kin) kin(object);
}

void Facts::kin_of(const Relation& relation) {
  if (!spend(4 * relation.kin.size())) return;
  for (const Relation* one : relation.kin) kin({ObjectRef::Kind::kTable, one->schema, one->name});
}

void Facts::writes(const Written& written) {
  auto& list = statement_.writes;
  if (writes_.has(list, written)) return;
  if (list.size() >= limits_.objects_max)
    return unknown("the statement changes more tables than are looked at");
  list.push_back(written);
}

void Facts::runs(MadeName::Kind kind, std::string_view name) {
  MadeName run{kind, std::string{name}};
  auto& list = statement_.runs;
  if (runs_.has(list, run)) return;
  if (list.size() >= limits_.objects_max)
    return unknown("the statement calls more than is looked at");
  list.push_back(std::move(run));
}

void Facts::makes(Made made) {
  constexpr std::size_t kCopies = 8;  // of a name, in size
  if (!spend(Effort::kPerCopy * (kCopies + made.objects.size() + made.kin.size()))) return;
  if (statement_.makes.size() < limits_.objects_max)
    statement_.makes.push_back(std::move(made));
  else
    statement_.makes_anything = true;
}

void Facts::changes(CatalogChange change) {
  if (!spend(Effort::kPerCopy * (1 + change.columns.size()))) return;
  if (statement_.changes.size() < limits_.objects_max)
    statement_.changes.push_back(std::move(change));
  else
    statement_.makes_anything = true;
}

void Facts::names_of(const Statement& other) {
  statement_.makes_anything |= other.makes_anything;
  if (!spend(Effort::kPerCopy * (other.writes.size() + other.runs.size()))) return;
  for (const Written& written : other.writes) writes(written);
  for (const MadeName& run : other.runs) runs(run.kind, run.name);
  for (const Made& made : other.makes) makes(made);
  for (const CatalogChange& change : other.changes) changes(change);
  for (const MadeName& one : other.missing) missing(one);
}

void Facts::relation(std::string_view schema, std::string_view name) {
  std::string found{schema};
  std::size_t candidates = 0;
  if (!spend(1 + catalog_.relations_named(name).size())) return;
  if (catalog_.any_name_is_unknown()) unknown("this session has made more than can be followed");
  for (const Relation* relation : catalog_.relations_named(name)) {
    if (!relation->may_be_in(schema)) continue;
    ++candidates;
    if (!relation->of_session) found = relation->schema;
    kin_of(*relation);
    for (const ObjectRef& object : relation->stands_for) {
      this->object(object.kind, object.schema, object.name);
      for (const Relation* there : catalog_.relations_named(object.name))
        if (there->schema == object.schema) kin_of(*there);
    }
    if (relation->outside) {
      action(Action::kHost);
      note("the rows of " + relation->name + " are a foreign server's, of which nothing is known");
    }
    if (relation->definition) reaches(*relation->definition);
    if (relation->definition_unread) {
      unknown("the definition of view " + relation->name +
              (relation->of_session ? " stands on what this session has changed"
               : relation->locked ? " cannot be read while somebody holds a lock on it or below it"
                                  : " is not understood"));
    }
  }
  if (candidates != 1) found = schema;
  object(ObjectRef::Kind::kTable, found, name);
}

void Facts::computes_like(const Statement& other) {
  statement_.computes_opaque |= other.computes_opaque;
  statement_.computes_sensitive |= other.computes_sensitive;
}

// What the catalogue has of a view or a rule.
void Facts::reaches(const Statement& definition) {
  if (!reached_.insert(&definition).second) return;
  computes_like(definition);
  actions(definition.actions);
  objects_of(definition);
  if (!definition.actions.has(Action::kUnknown)) return;
  for (const std::string& why : definition.notes) note(why);
}

void Facts::changed_relation(std::string_view schema, std::string_view name, Action how,
                             const std::vector<std::string>* columns) {
  relation(schema, name);
  changes_system_catalog(schema, name);
  bool known = false, unseen = false;
  for (const Relation* relation : catalog_.relations_named(name)) {
    if (!relation->may_be_in(schema)) continue;
    known |= !relation->may_be_gone;
    unseen |= relation->kind == '?';
    changed(*relation, how, columns);
    // To change a view or a foreign table is to change a table below it, in columns of other names.
    changed_below(relation->stands_for, how);
    if (relation->definition) changed_below(relation->definition->objects, how);
  }
  writes({std::string{name}, known && !unseen});
}

void Facts::copied_into(std::string_view schema, std::string_view name) {
  const auto relations = catalog_.relations_named(name);
  if (std::any_of(relations.begin(), relations.end(), [&](const Relation* relation) {
        return relation->kind == '?' && relation->may_be_in(schema);
      }))
    writes({std::string{name}, false});
}

void Facts::changed_below(const std::vector<ObjectRef>& objects, Action how) {
  for (const ObjectRef& below : objects) {
    if (!spend(1 + catalog_.relations_named(below.name).size())) return;
    for (const Relation* table : catalog_.relations_named(below.name))
      if (table->may_be_in(below.schema)) changed(*table, how, nullptr);
  }
}

// What computes its defaults was judged by what the names in bodies meant then.
bool Facts::computes_from_own(const Relation& relation) {
  const auto reads_own = [&](const Function* called) {
    return std::any_of(called->reads.begin(), called->reads.end(), [&](const std::string& name) {
      const auto named = catalog_.relations_named(name);
      return std::any_of(named.begin(), named.end(),
                         [](const Relation* one) { return one->of_session; });
    });
  };
  const auto any_reads_own = [&](std::span<const Function* const> called) {
    return !spend(called.size()) || std::any_of(called.begin(), called.end(), reads_own);
  };
  return any_reads_own(catalog_.calls_of_table(relation.oid)) ||
         std::any_of(relation.columns.begin(), relation.columns.end(), [&](const Column& column) {
           return !is_builtin_type(column.type) &&
                  any_reads_own(catalog_.calls_of_default(column.type));
         });
}

void Facts::changed(const Relation& relation, Action how, const std::vector<std::string>* columns) {
  rewritten(relation, how);
  if (catalog_.is_laid_over() && catalog_.any_sensitive() && computes_from_own(relation))
    touches(), copies();
  for (const Cascade& cascade : cascades_of(catalog_, relation, how, columns)) {
    action(cascade.how);
    object(ObjectRef::Kind::kTable, cascade.relation->schema, cascade.relation->name);
    kin_of(*cascade.relation);
    rewritten(*cascade.relation, cascade.how);
    note("a foreign key changes " + cascade.relation->name + " too");
  }
}

void Facts::rewritten(const Relation& relation, Action how) {
  const auto& rewrite = how == Action::kInsert   ? relation.on_insert
                        : how == Action::kUpdate ? relation.on_update
                                                 : relation.on_delete;
  if (!rewrite) return;
  reaches(*rewrite);
  statement_.changes_meaning |= rewrite->changes_meaning;
  note("a rule of " + relation.name + " adds to what is written here");
}

FunctionEffect Facts::function(std::string_view schema, std::string_view name) {
  spend(3 * catalog_.functions_named(name).size());
  runs(MadeName::Kind::kFunction, name);
  FunctionEffect effect = effect_of_function(catalog_, schema, name);
  if (!effect.found && name == defined_) {
    effect.actions = {Action::kCall};
    effect.found = true;
  }
  actions(effect.actions);
  object(ObjectRef::Kind::kFunction, effect.schema, name);
  read_by_call(schema, name);
  if (!effect.found) note("function " + std::string{name} + "() is not in the catalogue");
  return effect;
}

void Facts::read_by_call(std::string_view schema, std::string_view name) {
  for (const Function* function : catalog_.functions_named(name))
    if (schema.empty() || function->schema == schema) read_by(*function);
}

// What a body is known to read, whoever runs it does: rules for tables ask about it.
void Facts::read_by(const Function& function) {
  if (!spend(function.reads.size() + function.parts.size())) return;
  const auto read_in = [&](const Function& body) {
    if (reads_unknown(body))
      return unknown("function " + body.name + "() reads more tables than are kept account of");
    for (const std::string& read : body.reads) relation({}, read);
  };
  read_in(function);
  for (const Function* part : function.parts) read_in(*part);
}

void Facts::missing(MadeName name) {
  if (statement_.missing.size() >= limits_.objects_max)
    return unknown("the statement gives names to more than is looked at");
  statement_.missing.push_back(std::move(name));
}

void Facts::function_for_later(std::string_view schema, std::string_view name) {
  spend(3 * catalog_.functions_named(name).size());
  const FunctionEffect effect = effect_of_function(catalog_, schema, name);
  object(ObjectRef::Kind::kFunction, effect.schema, name);
  checks_of_call(name);
  if (!effect.found) return missing({MadeName::Kind::kFunction, std::string{name}});
  for (const Action action : effect.actions.list())
    if (action != Action::kRead) statement_.actions.add(action);
}

void Facts::checks_of_call(std::string_view function) {
  const auto checks = catalog_.hidden_calls_of_cast(function);
  if (!spend(checks.size())) return;
  for (const Function* check : checks) hidden_call(*check);
}

void Facts::cast_to_text() {
  runs(MadeName::Kind::kType, "text");
  checks_of_call("text");
}

bool Facts::may_be_cast_unseen(std::string_view type) const {
  if (!catalog_.any_hidden_cast() || type.empty() || !catalog_.hidden_calls_of_cast(type).empty())
    return false;
  const std::string_view element = type.starts_with('_') ? type.substr(1) : type;
  const auto rows = catalog_.relations_named(element);
  if (!rows.empty())
    return std::any_of(rows.begin(), rows.end(), [&](const Relation* relation) {
      return relation->of_session || relation->columns_unknown ||
             (catalog_.is_laid_over() && !of_postgres(*relation) &&
              catalog_.types_named(type).empty());
    });
  return catalog_.types_named(type).empty() && !is_builtin_type_name(element) &&
         !is_pseudo_type_name(element);
}

void Facts::hidden_call(const Function& called) {
  std::vector<const Function*> waiting{&called};
  while (!waiting.empty()) {
    const Function& one = *waiting.back();
    waiting.pop_back();
    if (!hidden_calls_.insert(&one).second) continue;
    runs_hidden(one);
    const auto checks = catalog_.hidden_calls_of_cast(one.name);
    if (!spend(checks.size())) return;
    waiting.insert(waiting.end(), checks.begin(), checks.end());
  }
}

void Facts::runs_hidden(const Function& called) {
  const FunctionEffect effect = effect_of_function(called);
  actions(effect.actions);
  object(ObjectRef::Kind::kFunction, effect.schema, called.name);
  read_by(called);
  if (called.name != "set_config") return;
  unknown("set_config() of a name that is not seen");
  statement_.changes_meaning = true;
  statement_.changes_reading = true;
}

void Facts::column(ColumnRef column) {
  auto& columns = statement_.columns;
  if (columns_.has(columns, column)) return;
  if (columns.size() >= limits_.columns_max)
    return unknown("the statement names more columns than are looked at");
  columns.push_back(std::move(column));
}

void Facts::searches() {
  statement_.searches_sensitive = true;
  action(Action::kSensitiveSearch);
}

void Facts::copies() {
  statement_.copies_sensitive = true;
  action(Action::kSensitiveCopy);
}

void Facts::use(bool cursor, std::string_view name, bool position) {
  NameUse use{cursor, std::string{name}, position};
  if (std::find(statement_.uses.begin(), statement_.uses.end(), use) == statement_.uses.end())
    statement_.uses.push_back(std::move(use));
}

void Facts::include(const Statement& other) {
  actions(other.actions);
  objects_of(other);
  names_of(other);
  if (spend(Effort::kPerCopy * other.columns.size()))
    for (const auto& column : other.columns) this->column(column);
  for (const auto& text : other.notes) note(text);
  for (const NameUse& use : other.uses) this->use(use.cursor, use.name, use.position);
  if (statement_.not_followed.empty()) statement_.not_followed = other.not_followed;
  statement_.unbounded |= other.unbounded;
  statement_.changes_meaning |= other.changes_meaning;
  statement_.changes_reading |= other.changes_reading;
  statement_.temporary_first |= other.temporary_first;
  statement_.writes_unseen |= other.writes_unseen;
  statement_.fills_unseen |= other.fills_unseen;
  statement_.blinds |= other.blinds;
  statement_.sets_constraints |= other.sets_constraints;
  statement_.keeps_errors |= other.keeps_errors;
  statement_.literals_matter |= other.literals_matter;
  statement_.searches_sensitive |= other.searches_sensitive;
  statement_.copies_sensitive |= other.copies_sensitive;
  statement_.touches_sensitive |= other.touches_sensitive;
  computes_like(other);
}

}  // namespace sluice::sql
