// SPDX-License-Identifier: Apache-2.0
#include "sql/reach.h"

#include <algorithm>
#include <utility>

#include "sql/words.h"

namespace sluice::sql {
namespace {

// Each part behind its length, so that no choice of names can move a border between parts.
void put(std::string& out, std::string_view part) {
  out.append(std::to_string(part.size())).append(":").append(part);
}

void put_number(std::string& out, std::int64_t number) { put(out, std::to_string(number)); }

void put_sorted(std::string& out, std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  put_number(out, static_cast<std::int64_t>(parts.size()));
  for (const std::string& part : parts) put(out, part);
}

std::string key_text(const ForeignKey& key) {
  std::string text{key.on_delete, key.on_update};
  put_number(text, key.child);
  put_sorted(text, key.referenced);
  put_sorted(text, key.referring);
  return text;
}

std::string line_of(const Relation& relation) {
  std::string line{'r', relation.kind};
  put_number(line, relation.oid);
  put(line, relation.schema);
  put(line, relation.name);
  put(line, relation.revision);
  put_number(line, static_cast<std::int64_t>(relation.columns.size()));
  for (const Column& column : relation.columns) {
    put_number(line, column.attnum);
    put(line, column.name);
    put_number(line, column.type);
    put_number(line, column.typmod);
    line += column.generated ? 'g' : '-';
  }
  std::vector<std::string> kin, keys, remote;
  for (const Relation* one : relation.kin) kin.push_back(std::to_string(one->oid));
  for (const ForeignKey& key : relation.referenced_by) keys.push_back(key_text(key));
  for (const ObjectRef& object : relation.stands_for) {
    put(remote.emplace_back(), object.schema);
    put(remote.back(), object.name);
  }
  put_sorted(line, std::move(kin));
  put_sorted(line, std::move(keys));
  put_sorted(line, std::move(remote));
  line += relation.outside ? 'o' : '-';
  return line;
}

std::string line_of(const Function& function) {
  std::string line{'f', function.kind, function.volatility};
  put_number(line, function.oid);
  put(line, function.schema);
  put(line, function.name);
  put(line, function.language);
  put(line, function.revision);
  return line;
}

}  // namespace

void Reach::object(const ObjectRef& object) {
  using Kind = ObjectRef::Kind;
  names_.insert(object.name);
  if (object.kind != Kind::kTable) functions_named(object.name);
  if (object.kind == Kind::kFunction) return;
  bool found = false;
  for (const Relation* one : catalog_.relations_named(object.name)) {
    if (!object.schema.empty() && one->schema != object.schema) continue;
    relation(*one);
    found = true;
  }
  if (object.kind == Kind::kOther) {
    types_named(object.name);
    anything_named(object.name);
    if (const auto members = catalog_.schema_members(object.name); !members.empty()) {
      std::string line{'s'};
      put(line, object.name);
      put(line, members);
      lines_.insert(std::move(line));
    }
    for (const Relation* one : catalog_.tables_on(object.name)) relation(*one);
  } else if (!found) {
    std::string missing{'m'};
    put(missing, object.schema);
    put(missing, object.name);
    lines_.insert(std::move(missing));
  }
}

void Reach::runs(const MadeName& run) {
  names_.insert(run.name);
  switch (run.kind) {
    case MadeName::Kind::kStandsOn: break;
    case MadeName::Kind::kFunction: functions_named(run.name); break;
    case MadeName::Kind::kOperator:
    case MadeName::Kind::kCollation: anything_named(run.name); break;
    case MadeName::Kind::kType: types_named(run.name); break;
  }
}

void Reach::strings_of(std::string_view statement) {
  if (has_letters_by_number(from_first_string(statement))) anything();
  found(names_in_strings(statement));
}

void Reach::parameter(std::string_view value) {
  if (has_letters_by_number(value)) anything();
  found(names_in(value));
}

void Reach::found(const NamesInText& names) {
  if (!names.all) anything();
  for (const std::string& name : catalog_.names_of_users(names.names))
    object({ObjectRef::Kind::kOther, {}, name});
}

void Reach::anything() { lines_.insert("c" + std::to_string(catalog_.version())); }

// Operators, collations, casts: which of those that are called so is the server's choice.
void Reach::anything_named(std::string_view name) {
  for (const Function* one : catalog_.hidden_calls_of_operator(name)) function(*one);
  const std::string_view revision = catalog_.name_revision(name);
  if (revision.empty()) return;
  std::string line{'n'};
  put(line, name);
  put(line, revision);
  lines_.insert(std::move(line));
}

void Reach::relation(const Relation& relation) {
  if (!relations_seen_.insert(relation.oid).second) return;
  names_.insert(relation.name);
  // PostgreSQL's own are what the server is.
  if (relation.oid < kFirstUserOid && relation.schema == "pg_catalog") {
    lines_.insert("r" + std::to_string(relation.oid));
    return;
  }
  lines_.insert(line_of(relation));
  relations_.push_back(&relation);
}

// Which of those with the name is called is the server's choice.
void Reach::functions_named(std::string_view name) {
  for (const Function* one : catalog_.functions_named(name)) function(*one);
}

void Reach::function(const Function& function) {
  if (of_postgres(function) || !functions_seen_.insert(function.oid).second) return;
  names_.insert(function.name);
  lines_.insert(line_of(function));
  functions_.push_back(&function);
}

void Reach::types_named(std::string_view name) {
  for (const Oid one : catalog_.types_named(name)) type(one);
  for (const Function* one : catalog_.checks_of_type(name)) function(*one);
  for (const Function* one : catalog_.hidden_calls_of_cast(name)) function(*one);
  anything_named(name);
}

void Reach::type(Oid type) {
  if (is_builtin_type(type) || !types_seen_.insert(type).second) return;
  std::string line{'t'};
  put_number(line, type);
  put(line, catalog_.type_name(type));
  put(line, catalog_.type_revision(type));
  lines_.insert(std::move(line));
  names_.emplace(catalog_.type_name(type));
  types_.push_back(type);
}

void Reach::statement(const Statement& statement) {
  for (const ObjectRef& one : statement.objects) object(one);
  for (const MadeName& one : statement.runs) runs(one);
}

void Reach::below(const Relation& relation) {
  for (const Column& column : relation.columns) type(column.type);
  for (const Relation* one : relation.kin) this->relation(*one);
  for (const ObjectRef& one : relation.stands_for) object(one);
  if (relation.definition) statement(*relation.definition);
  for (const std::string& name : relation.stands_on) {
    functions_named(name);
    types_named(name);
    for (const Relation* one : catalog_.relations_named(name))
      if (one->kind == 'S') this->relation(*one);
  }
  if (!changes_) return;
  for (const auto* rule : {&relation.on_insert, &relation.on_update, &relation.on_delete})
    if (*rule) statement(**rule);
  for (const ForeignKey& key : relation.referenced_by)
    if (const Relation* child = catalog_.relation(key.child)) this->relation(*child);
}

void Reach::below(const Function& function) {
  if (function.names_unread) anything();
  for (const Function* one : function.parts) this->function(*one);
  for (const std::string& name : function.names) object({ObjectRef::Kind::kOther, {}, name});
}

void Reach::below(Oid type) {
  const std::string_view name = catalog_.type_name(type);
  for (const Oid part : catalog_.parts_of_type(type)) this->type(part);
  for (const Function* one : catalog_.checks_of_type(type)) function(*one);
  for (const Function* one : catalog_.hidden_calls_of_cast(name)) function(*one);
  // The row of a table is called as the table.
  for (const Relation* one : catalog_.relations_named(name)) relation(*one);
}

void Reach::follow() {
  while (!relations_.empty() || !functions_.empty() || !types_.empty()) {
    for (const Oid one : std::exchange(types_, {})) below(one);
    for (const Relation* one : std::exchange(relations_, {})) below(*one);
    for (const Function* one : std::exchange(functions_, {})) below(*one);
  }
}

std::string Reach::text() {
  // What runs without being named: casts, text search, and what BETWEEN, IN and USING compare by.
  for (const std::string_view name : {"", "=", "<>", "<", "<=", ">", ">="}) anything_named(name);
  for (const Oid oid : catalog_.run_unnamed())
    if (const Function* one = catalog_.function(oid)) function(*one);
  follow();
  std::string text;
  for (const std::string& line : lines_) put(text, line);
  return text;
}

}  // namespace sluice::sql
