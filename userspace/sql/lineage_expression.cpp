// SPDX-License-Identifier: Apache-2.0
// Lineage of expressions.
#include <algorithm>
#include <array>

#include "sql/action_walker.h"
#include "sql/lineage.h"
#include "sql/output_name.h"
#include "sql/statement_table.h"

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

// Nodes whose value comes from no column.
bool is_constant_node(std::string_view tag) {
  for (const char* name :
       {"A_Const", "ParamRef", "SetToDefault", "SQLValueFunction", "CurrentOfExpr", "TypeName",
        "String", "Integer", "Float", "Boolean", "BitString", "GroupingFunc", "A_Star"})
    if (tag == name) return true;
  return false;
}

void add_items(const json::value* value, std::vector<const json::value*>& out) {
  const Node node{value};
  const char* list = node.is("RowExpr") ? "args" : "items";
  const bool several = node.is("RowExpr") || node.is("List");
  if (several)
    for (const auto& item : node.list(list)) out.push_back(&item);
  else if (value != nullptr && value->is_array())
    for (const auto& item : value->get_array()) out.push_back(&item);
  else if (value != nullptr)
    out.push_back(value);
}

// Of an expression that the server leaves as soon as it knows the result: its parts. AND, OR,
// COALESCE, lists, rows that are compared or asked whether they are NULL. Else none.
std::vector<const json::value*> parts_in_turn(const Node& node) {
  std::vector<const json::value*> parts;
  const std::string_view tag = node.tag();
  if (tag == "BoolExpr" || tag == "CoalesceExpr") {
    for (const auto& item : node.list("args")) parts.push_back(&item);
  } else if (tag == "A_Expr") {
    const std::string_view kind = node.text("kind");
    const bool lists = kind == "AEXPR_IN" || kind.find("BETWEEN") != std::string_view::npos;
    if (lists || node.node("lexpr").is("RowExpr") || node.node("rexpr").is("RowExpr")) {
      add_items(node.field("lexpr"), parts);
      add_items(node.field("rexpr"), parts);
    }
  } else if (tag == "NullTest" && node.node("arg").is("RowExpr")) {
    add_items(node.field("arg"), parts);
  }
  return parts;
}

bool is_null_constant(const Node& node) { return node.is("A_Const") && node.flag("isnull"); }

// Of an expression that asks whether something is NULL: what that is. "x IS DISTINCT FROM NULL"
// asks so, and "x = NULL" does where transform_null_equals is on. Else none.
std::vector<const json::value*> asked_if_null(const Node& node) {
  if (node.is("NullTest")) return {node.field("arg")};
  if (!node.is("A_Expr")) return {};
  const Node left = node.node("lexpr"), right = node.node("rexpr");
  const bool distinct = node.text("kind").find("DISTINCT") != std::string_view::npos;
  const bool equals = (is_null_constant(left) || is_null_constant(right)) &&
                      split_name(node.list("name")).second == "=";
  if (!distinct && !equals) return {};
  return {node.field("lexpr"), node.field("rexpr")};
}

// It makes the session's temporary schema where search_path begins with that.
bool looks_for_schema(const Node& node) {
  return node.is("SQLValueFunction") && node.text("op") == "SVFOP_CURRENT_SCHEMA";
}

}  // namespace

bool Lineage::spend(std::size_t looks) {
  if (facts_.spend(looks)) return true;
  saw_opaque_ = true;
  return false;
}

Row Lineage::carried(Row row) {
  return spend(Effort::kPerCopy * row.fields.size()) ? std::move(row) : opaque_row();
}

void Lineage::copy(const Value& value) {
  if (value.sensitive() && facts_.catalog().any_sensitive()) facts_.touches(), facts_.copies();
}

void Lineage::search(const Value& value) {
  if (value.sensitive() && facts_.catalog().any_sensitive()) facts_.touches(), facts_.searches();
}

Value Lineage::free_expression(const json::value& value) {
  const Scope nothing;
  return evaluate(&value, nothing, nullptr);
}

// Everything in a list or an object, together.
Value Lineage::evaluate_all(const json::value& value, const Scope& scope, const Ctes* ctes) {
  Value out;
  if (value.is_array()) {
    for (const auto& item : value.get_array())
      out = derived_from(out, evaluate(&item, scope, ctes));
  } else if (value.is_object()) {
    for (const auto& pair : *Node{&value}.fields())
      out = derived_from(out, evaluate(&pair.value(), scope, ctes));
  }
  return out;
}

Value Lineage::evaluate(const json::value* value, const Scope& scope, const Ctes* ctes) {
  if (!value) return {};
  if (value->is_array()) return evaluate_all(*value, scope, ctes);
  if (!value->is_object()) return {};
  const Node node{value};
  const std::string_view tag = node.tag();
  if (looks_for_schema(node)) return ++traces_, traced({});
  if (is_constant_node(tag)) return {};
  if (!spend() || depth_ > facts_.limits().tree_depth_max) return opaque_value();
  ++depth_;
  Value out;
  if (tag == "ColumnRef") {
    out = column_reference(node.list("fields"), scope);
  } else if (tag == "A_Indirection") {
    out = indirection(node, scope, ctes);
  } else if (tag == "FuncCall") {
    out = function_call(node, scope, ctes);
  } else if (tag == "SubLink") {
    out = sublink(node, scope, ctes);
  } else if (tag == "CaseExpr") {
    out = case_expression(node, scope, ctes);
  } else if (tag == "RowExpr") {
    out = row_expression(node, scope, ctes);
  } else if (tag == "TypeCast" || tag == "XmlSerialize") {
    out = changed(evaluate(node.field(tag == "TypeCast" ? "arg" : "expr"), scope, ctes));
    if (runs_hidden_cast(node.node_as("typeName", "TypeName"))) out = cast_unseen(out);
  } else if (is_concatenation(node)) {
    out = concatenation(node, scope, ctes);
  } else if (const auto parts = parts_in_turn(node); !parts.empty()) {
    out = in_turn(parts, scope, ctes);
  } else if (const auto asked = asked_if_null(node); !asked.empty()) {
    out = null_tests(asked, scope, ctes);
  } else {
    out = evaluate_all(*value, scope, ctes);
    if (!tag.empty() && !is_plain_node(tag) && tag != "A_Expr")
      out = derived_from(out, opaque_value());
  }
  if (runs_hidden_operator(node)) {
    copy(out);
    out = traced(opaque_value());
    ++traces_;
  }
  saw_computation_ |= out.sensitive() && tag != "ColumnRef";
  if (out.taint == Taint::kOpaque) saw_opaque_ = true;
  --depth_;
  return out;
}

// Whether a part runs may depend on a part before it, and on its value where it is sensitive.
Value Lineage::in_turn(const std::vector<const json::value*>& operands, const Scope& scope,
                       const Ctes* ctes) {
  Value out;
  std::size_t sensitive = 0, noticed = 0, both = 0;
  bool several = false;
  for (const json::value* operand : operands) {
    const std::size_t before = traces_;
    const Value value = evaluate(operand, scope, ctes);
    const bool traces = value.traced || traces_ != before;
    out = derived_from(out, value);
    sensitive += value.sensitive() ? 1 : 0;
    noticed += traces ? 1 : 0;
    both += value.sensitive() && traces ? 1 : 0;
    several |= is_star_target(Node{operand});
  }
  const bool only_itself = sensitive == 1 && noticed == 1 && both == 1 && !several;
  if (sensitive > 0 && noticed > 0 && !only_itself) search(out);
  return out;
}

// A row is NULL where each of its columns is, and asking ends at the first that says otherwise. The
// columns may stand in a subquery, which the server pulls up.
Value Lineage::null_tests(const std::vector<const json::value*>& operands, const Scope& scope,
                          const Ctes* ctes) {
  Value out;
  for (const json::value* operand : operands) {
    const std::size_t before = traces_;
    const Value value = evaluate(operand, scope, ctes);
    if (value.of_row && (value.traced || traces_ != before)) search(value);
    out = derived_from(out, value);
  }
  return out;
}

bool Lineage::runs_hidden_operator(const Node& node) const {
  const auto runs = [&](std::string_view name) {
    return !facts_.catalog().hidden_calls_of_operator(name).empty();
  };
  const auto implied = implied_operators(node);
  return (node.is("A_Expr") && runs(split_name(node.list("name")).second)) ||
         (node.is("SubLink") && runs(split_name(node.list("operName")).second)) ||
         std::any_of(implied.begin(), implied.end(), runs);
}

bool Lineage::runs_hidden_cast(const Node& type_name) const {
  const std::string_view name = split_name(type_name.list("names")).second;
  return !facts_.catalog().hidden_calls_of_cast(name).empty() || facts_.may_be_cast_unseen(name);
}

// A cast that users have made gets the value, and gives another one.
Value Lineage::cast_unseen(const Value& value) {
  copy(value);
  ++traces_;
  saw_hidden_cast_ = true;
  return traced(opaque_value());
}

// A text beside something else has that cast to text.
Value Lineage::concatenation(const Node& node, const Scope& scope, const Ctes* ctes) {
  const bool may_cast = !facts_.catalog().hidden_calls_of_cast("text").empty();
  bool only_texts = true;
  Value out;
  for (const char* side : {"lexpr", "rexpr"}) {
    const Value value = evaluate(node.field(side), scope, ctes);
    const Node operand = node.node(side);
    if (may_cast && !is_string_constant(operand) && !is_concatenation(operand))
      only_texts &= is_text_column(value);
    out = derived_from(out, value);
  }
  return only_texts ? out : cast_unseen(out);
}

// Of a type that PostgreSQL itself takes for a text: nobody can make another cast for those.
bool Lineage::is_text_column(const Value& value) const {
  constexpr Oid kName = 19, kText = 25, kVarchar = 1043;
  const Relation* relation = facts_.catalog().relation(value.relation);
  const Column* column = relation ? relation->column(value.attnum) : nullptr;
  return column && (column->type == kName || column->type == kText || column->type == kVarchar);
}

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

Value Lineage::function_call(const Node& node, const Scope& scope, const Ctes* ctes) {
  const auto [schema, name] = split_name(node.list("funcname"));
  Value arguments;
  if (node.has("over")) {
    // Window functions look at some arguments only where others say so: the default of lag().
    std::vector<const json::value*> parts;
    for (const auto& argument : node.list("args")) parts.push_back(&argument);
    arguments = in_turn(parts, scope, ctes);
  } else {
    for (const auto& argument : node.list("args"))
      arguments = derived_from(arguments, evaluate(&argument, scope, ctes));
  }
  search(evaluate(node.field("agg_filter"), scope, ctes));
  for (const auto& item : node.list("agg_order")) {
    const Value key = evaluate(&item, scope, ctes);
    search(key);
    if (node.flag("agg_within_group")) arguments = derived_from(arguments, key);
  }
  if (const json::value* over = node.field("over")) {
    const Value window = evaluate_all(*over, scope, ctes);
    search(window);
    arguments = derived_from(arguments, window);  // rank() over (order by x) tells x's order
  }
  const FunctionEffect effect = effect_of_function(facts_.catalog(), schema, name);
  traces_ += effect.leaves_trace ? 1 : 0;
  const bool is_cast = !facts_.catalog().hidden_calls_of_cast(name).empty();  // text(x) is x::text
  if (effect.keeps_arguments || is_cast) copy(arguments);
  if (facts_.catalog().any_hidden_cast() && casts_unseen(node)) copy(arguments);
  // The number of rows tells, and so does what one can see elsewhere: a lock on the table that is
  // named, the time that pg_sleep takes.
  if (effect.returns_set || (effect.leaves_trace && !effect.keeps_arguments)) search(arguments);
  if (is_cast && casts_to_text(name)) return cast_unseen(arguments);
  Value out = effect.result == FunctionResult::kOpaque ? opaque_value() : arguments;
  out.traced = arguments.traced || effect.leaves_trace;
  return out;
}

Value Lineage::sublink(const Node& node, const Scope& scope, const Ctes* ctes) {
  const Value test = evaluate(node.field("testexpr"), scope, ctes);
  const Row rows = query(node.node("subselect"), &scope, ctes);
  ++traces_;  // the server counts how often it reads a table, and EXPLAIN shows it
  const std::string_view type = node.text("subLinkType");
  if (type == "EXISTS_SUBLINK") return traced({});
  Value out = traced(derived_from(test, whole(rows)));
  // Read until a row fits.
  if (type == "ANY_SUBLINK" || type == "ALL_SUBLINK") search(out);
  // Only (select t from t) keeps its fields.
  if (type == "EXPR_SUBLINK" && rows.fields.size() == 1 && !rows.rest)
    out.row = rows.fields[0].value.row;
  return out;
}

Value Lineage::case_expression(const Node& node, const Scope& scope, const Ctes* ctes) {
  const Value subject = evaluate(node.field("arg"), scope, ctes);
  Value out = derived_from(subject, evaluate(node.field("defresult"), scope, ctes));
  search(subject);
  for (const auto& item : node.list("args")) {
    const Node when{&item};
    const Value condition = evaluate(when.field("expr"), scope, ctes);
    search(condition);
    out = derived_from(out, condition);
    out = derived_from(out, evaluate(when.field("result"), scope, ctes));
  }
  return out;
}

Value Lineage::row_expression(const Node& node, const Scope& scope, const Ctes* ctes) {
  static constexpr std::array<std::string_view, 16> kNames = {
      "f1", "f2",  "f3",  "f4",  "f5",  "f6",  "f7",  "f8",
      "f9", "f10", "f11", "f12", "f13", "f14", "f15", "f16"};
  auto row = std::make_shared<Row>();
  bool known = node.list("args").size() <= kNames.size();
  Value out;
  for (const auto& item : node.list("args")) {
    known &= !is_star_target(Node{&item});  // that is several
    const Value value = evaluate(&item, scope, ctes);
    out = derived_from(out, value);
    if (known) row->fields.push_back({kNames[row->fields.size()], value, nullptr});
  }
  if (known) out.row = std::move(row);
  out.of_row = true;
  return out;
}

std::string_view Lineage::name_given_to(const Node& expression) const {
  return output_name(expression, facts_.catalog().server_version());
}

std::vector<std::string_view> strings_of(const json::array& list) {
  std::vector<std::string_view> out;
  for (const auto& item : list) out.push_back(string_of(item));
  return out;
}

}  // namespace sluice::sql
