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

// count(t) and count(t.*), of a table: its row is a value whatever is in it, and where an outer
// join has none for it, what it is joined by was looked at.
bool Lineage::counts_rows(const Node& call, const Scope& scope) {
  const std::string_view name = split_name(call.list("funcname")).second;
  const auto& arguments = call.list("args");
  const bool plain = !call.flag("agg_distinct") && !call.has("over") && !call.has("agg_order");
  if (name != "count" || arguments.size() != 1 || !plain || options_.plpgsql_variables)
    return false;
  const auto functions = facts_.catalog().functions_named(name);
  const auto& parts = Node{&arguments[0]}.list("fields");
  const bool star = parts.size() == 2 && Node{&parts[1]}.is("A_Star");
  const bool may_be_row = Node{&arguments[0]}.is("ColumnRef") && (star || parts.size() == 1);
  if (!may_be_row || !std::all_of(functions.begin(), functions.end(),
                                  [](const Function* one) { return of_postgres(*one); }))
    return false;
  const std::string_view source = string_of(parts[0]);
  if (!star && unqualified(source, scope)) return false;
  return std::any_of(scope.sources.begin(), scope.sources.end(),
                     [&](const Source& each) { return each.is_table && each.name == source; });
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
  if (counts_rows(node, scope)) arguments.taint = Taint::kClear;
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
  const FunctionEffect effect = effect_of_function(facts_.catalog(), schema, name, facts_.moment());
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

}  // namespace sluice::sql
