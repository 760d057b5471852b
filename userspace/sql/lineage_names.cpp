// SPDX-License-Identifier: Apache-2.0
// Lineage of names: which columns of which source a reference, a star or a field is.
#include <algorithm>

#include "sql/lineage.h"

namespace sluice::sql {
namespace {

bool is_star(const json::array& parts) {
  return !parts.empty() && Node{&parts[parts.size() - 1]}.is("A_Star");
}

bool is_system_column(std::string_view name) {
  for (const char* column : {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
    if (name == column) return true;
  return false;
}

}  // namespace

Value Lineage::use(const Field& field) {
  if (!spend(Effort::kPerCopy)) return opaque_value();
  const bool sensitive = field.value.sensitive();
  if (sensitive) facts_.touches();
  if (field.table) {
    // Where several relations may be meant, the schema is not known.
    const bool certain = field.value.relation != 0;
    facts_.column({certain ? field.table->schema : std::string{}, field.table->name,
                   std::string{field.name}, sensitive});
  }
  return field.value;
}

// "t.f" and "(t).f" call f(t) where t has no column f.
bool Lineage::calls_by_field(std::string_view name) {
  // A type's name calls its cast.
  const auto casts = facts_.catalog().hidden_calls_of_cast(name);
  for (const Function* cast : casts) facts_.hidden_call(*cast);
  if (!casts.empty()) return ++traces_, true;
  for (const Function* function : facts_.catalog().functions_named(name))
    if (!of_postgres(*function) || !computes_only(*function) ||
        effect_of_function(*function).leaves_trace) {
      facts_.function({}, name);
      return ++traces_, true;
    }
  return false;
}

Value Lineage::unresolved(std::string_view name) {
  const bool calls = calls_by_field(name);
  if (options_.plpgsql_variables && !calls) return {};
  saw_opaque_ = true;
  facts_.touches();
  return calls ? traced(opaque_value()) : opaque_value();
}

// OLD and NEW, with or without a column behind them and the function's name in front. A trigger may
// be of any table, so a column is as sensitive as any of its name.
std::optional<Value> Lineage::trigger_row(const json::array& parts) const {
  if (!options_.trigger_rows || !facts_.catalog().any_sensitive()) return std::nullopt;
  const auto is_row = [](const json::value& part) {
    const std::string_view name = string_of(part);
    return name == "old" || name == "new";
  };
  if (std::none_of(parts.begin(), parts.end(), is_row)) return std::nullopt;
  const bool column = parts.size() > 1 && is_row(parts[parts.size() - 2]);
  const std::string_view name = string_of(parts[parts.size() - 1]);
  if (column && !name.empty() && !facts_.catalog().names_sensitive(name)) return clear_value();
  return opaque_value();
}

// Nearest first. Where a level may have columns that are not known, the name may be one of those,
// or, as what is known may not be there, one further out.
std::optional<Value> Lineage::unqualified(std::string_view name, const Scope& scope) {
  std::optional<Value> out;
  const Scope* level = &scope;
  const auto add = [&](const Value& value) {
    level->sensitive_uses += value.sensitive() ? 1 : 0;
    out = out ? either(*out, value) : value;
  };
  for (; level; level = level->outer) {
    if (!spend(1 + level->columns.fields.size())) return opaque_value();
    bool found = false, may_be_elsewhere = level->columns.rest.has_value();
    for (const Field& field : level->columns.fields)
      if (field.name == name) add(use(field)), found = true;
    if (found && !may_be_elsewhere) return out;
    if (found) continue;
    for (const Field& field : level->columns.fields)
      if (field.name.empty()) add(changed(use(field)));
    if (level->columns.rest) add(changed(*level->columns.rest));
  }
  return out;
}

// Of what the last name stands for that was looked for among sources.
void Lineage::used(const Value& value) {
  if (!value.sensitive()) return;
  for (const Scope* level = nearest_; level; level = level->outer) {
    ++level->sensitive_uses;
    if (level == farthest_) return;
  }
}

const Source* Lineage::source_named(std::string_view name, const Scope& scope) {
  nearest_ = farthest_ = nullptr;
  for (const Scope* level = &scope; level; level = level->outer) {
    if (!spend(1 + level->sources.size())) return nullptr;
    const Source* of_any_name = nullptr;
    nearest_ = farthest_ = level;
    for (const Source& source : level->sources)
      if (source.name == name)
        return &source;
      else if (source.name.empty())
        of_any_name = &source;
    if (of_any_name) return of_any_name;
  }
  return nullptr;
}

// What stands before the last dot. With a schema it is a relation of that schema, on whatever
// level, even where something else has the same name nearer by.
std::optional<Source> Lineage::source_before(const json::array& parts, const Scope& scope) {
  const std::string_view name = string_of(parts[parts.size() - 2]);
  if (parts.size() == 2) {
    const Source* source = source_named(name, scope);
    return source ? std::optional{*source} : std::nullopt;
  }
  const std::string_view schema = string_of(parts[parts.size() - 3]);
  std::optional<Source> found;
  nearest_ = farthest_ = nullptr;
  for (const Scope* level = &scope; level; level = level->outer) {
    if (!spend(1 + level->sources.size())) return std::nullopt;
    for (const Source& source : level->sources) {
      const bool may_be_meant = source.name == name && source.is_table && !source.is_alias &&
                                (source.schema.empty() || source.schema == schema);
      if (!may_be_meant) continue;
      farthest_ = level;
      if (!found) {
        nearest_ = level;
        found = source;
        continue;
      }
      if (!spend(found->row->fields.size() + source.row->fields.size())) return std::nullopt;
      Row any{.fields = {}, .rest = derived_from(whole(*found->row), whole(*source.row))};
      found->row = found->passed_on = std::make_shared<const Row>(std::move(any));
    }
  }
  return found;
}

Value Lineage::field_of(const Row& row, std::string_view name, RowOf of, bool& found) {
  found = true;
  if (!spend(1 + row.fields.size())) return opaque_value();
  std::optional<Value> out;
  const auto add = [&](const Value& value) { out = out ? either(*out, value) : value; };
  const auto add_unnamed = [&] {
    for (const Field& field : row.fields)
      if (field.name.empty()) add(changed(use(field)));
    if (row.rest) add(changed(*row.rest));
  };
  for (const Field& field : row.fields)
    if (field.name == name) add(use(field));
  // One whose name is not known may stand before it, and have the same.
  if (out && of == RowOf::kValue) add_unnamed();
  if (out && !row.rest) return *out;
  const bool calls = calls_by_field(name);
  // How many rows there are then tells of what it is given.
  if (effect_of_function(facts_.catalog(), {}, name).returns_set) search(whole(row));
  if (out && !calls) return *out;
  if (of == RowOf::kTable && is_system_column(name) && !row.rest && !calls) return {};
  add_unnamed();
  if (out && !calls) return *out;
  found = false;
  return opaque_value();
}

Value Lineage::column_reference(const json::array& parts, const Scope& scope) {
  if (parts.empty()) return opaque_value();
  // Even where the FROM clause has such a name: #variable_conflict may say so.
  const auto row = trigger_row(parts);
  if (row && row->sensitive()) return *row;
  if (is_star(parts)) {
    const Row all = star(parts, scope);
    Value value = whole(all);
    if (value.sensitive()) facts_.touches();
    value.of_row = true;
    return value;
  }
  const std::string_view name = string_of(parts[parts.size() - 1]);
  if (parts.size() == 1) {
    const auto column = unqualified(name, scope);
    const Source* source = source_named(name, scope);
    if (column && !source) return *column;
    if (source) {
      if (!spend(source->row->fields.size())) return opaque_value();
      Value value = whole(*source->row);
      for (const Field& field : source->row->fields) use(field);
      value.row = source->passed_on;
      value.of_row = true;
      used(value);
      if (!column) return value;
      // An open source may have the column, or it is the whole row.
      return column->relation != 0 ? *column : either(*column, value);
    }
    for (const Scope* level = &scope; level; level = level->outer)
      for (const Source& each : level->sources)
        if (each.is_table && is_system_column(name)) return {};
    return unresolved(name);
  }
  const auto source = source_before(parts, scope);
  if (!source) return row ? *row : unresolved(name);
  bool found = false;
  const Scope *nearest = nearest_, *farthest = farthest_;
  const RowOf of = source->is_table ? RowOf::kTable : RowOf::kSource;
  Value value = field_of(*source->row, name, of, found);
  nearest_ = nearest, farthest_ = farthest;
  used(found ? value : whole(*source->row));
  if (found) return value;
  value = unresolved(name);
  copy(whole(*source->row));
  return value;
}

// What stands before ".field" or ".*": of "(t)" the columns are those that the alias names, of
// "(SELECT t)" those of the row's type.
Composite Lineage::composite(const json::value* value, const Scope& scope, const Ctes* ctes) {
  Composite out{.value = evaluate(value, scope, ctes)};
  const Node reference{value};
  const auto& parts = reference.list("fields");
  if (!out.value.row || !reference.is("ColumnRef") || parts.size() != 1) return out;
  const Source* source = source_named(string_of(parts[0]), scope);
  if (source && source->passed_on == out.value.row) {
    out.value.row = source->row;
    out.of = source->is_table ? RowOf::kTable : RowOf::kSource;
  }
  return out;
}

// The columns that a star stands for.
Row Lineage::star(const json::array& parts, const Scope& scope) {
  if (trigger_row(parts)) return opaque_row();
  if (parts.size() == 1) {
    if (!spend(Effort::kPerCopy * scope.columns.fields.size())) return opaque_row();
    for (const Field& field : scope.columns.fields) use(field);
    return scope.columns;
  }
  const auto source = source_before(parts, scope);
  if (!source) {
    unresolved("*");
    return opaque_row();
  }
  if (!spend(Effort::kPerCopy * source->row->fields.size())) return opaque_row();
  for (const Field& field : source->row->fields) use(field);
  used(whole(*source->row));
  return *source->row;
}

Value Lineage::indirection(const Node& node, const Scope& scope, const Ctes* ctes) {
  auto [value, of] = composite(node.field("arg"), scope, ctes);
  for (const auto& item : node.list("indirection")) {
    const Node step_node{&item};
    if (!step_node.is("String")) {
      const std::size_t before = traces_;
      const Value subscript = evaluate(&item, scope, ctes);  // or .*
      const bool traces = subscript.traced || traces_ != before;
      if (value.sensitive() && traces) search(value);  // NULL has no subscripts
      value = derived_from(value, subscript);
      continue;
    }
    bool found = false;
    const std::string_view name = string_of(item);
    Value field = value.row ? field_of(*value.row, name, of, found) : Value{};
    of = RowOf::kValue;
    if (found) {
      value = field;
      value.relation = 0;
      value.attnum = 0;
    } else {
      // A field of a composite that we do not know, or f(value).
      const bool calls = calls_by_field(name);
      if (calls) copy(value);
      if (effect_of_function(facts_.catalog(), {}, name).returns_set) search(value);
      value = calls ? traced(opaque_value()) : changed(value);
    }
  }
  return value;
}

std::vector<std::string_view> strings_of(const json::array& list) {
  std::vector<std::string_view> out;
  for (const auto& item : list) out.push_back(string_of(item));
  return out;
}

}  // namespace sluice::sql
