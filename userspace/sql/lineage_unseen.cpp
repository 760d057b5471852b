// SPDX-License-Identifier: Apache-2.0
// Lineage where an expression runs code of users that it does not name: operators and casts.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/lineage.h"
#include "sql/statement_table.h"

namespace sluice::sql {

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

}  // namespace sluice::sql
