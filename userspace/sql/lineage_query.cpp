// SPDX-License-Identifier: Apache-2.0
// Lineage of queries: WITH, SELECT, VALUES, set operations.
#include <utility>

#include "sql/lineage.h"
#include "sql/output_name.h"

namespace sluice::sql {
namespace {

// Each pass of a recursive query can only raise a column's taint, of which there are four kinds.
constexpr int kRecursionPassesMax = 12;

// The columns that SEARCH and CYCLE add. The recursive term itself sees them, too.
void add_made_columns(const Node& cte, Row& row) {
  const Value all = whole(row);
  const auto add = [&](std::string_view name) {
    row.fields.push_back({.name = name, .value = all, .not_in_star = true});
  };
  if (const Node search_clause = cte.node("search_clause"))
    add(search_clause.text("search_seq_column"));
  if (const Node cycle = cte.node("cycle_clause")) {
    add(cycle.text("cycle_mark_column"));
    add(cycle.text("cycle_path_column"));
  }
}

}  // namespace

Row Lineage::query(const Node& node, const Scope* outer, const Ctes* ctes) {
  const bool half = std::exchange(is_half_, false);
  if (!spend() || depth_ > facts_.limits().tree_depth_max) return opaque_row();
  ++depth_;
  ++level_;
  Row row;
  if (node.is("SelectStmt")) {
    row = select(node, outer, ctes, half);
  } else if (node.is("InsertStmt")) {
    row = insert(node, outer, ctes);
  } else if (node.is("UpdateStmt")) {
    row = update(node, outer, ctes);
  } else if (node.is("DeleteStmt")) {
    row = remove(node, outer, ctes);
  } else if (node.is("MergeStmt")) {
    row = merge(node, outer, ctes);
  } else {
    saw_opaque_ = true;
    row = opaque_row();
  }
  --level_;
  --depth_;
  if (row.fields.size() > facts_.limits().output_columns_max) row = opaque_row();
  return row;
}

const Ctes* Lineage::with(const Node& node, const Scope* outer, const Ctes* ctes) {
  const Node clause = node.node("withClause");
  if (!clause) return ctes;
  const bool is_recursive = clause.flag("recursive");
  const auto bind = [&](std::string_view name, Row row) {
    cte_store_.push_back({ctes, name, std::move(row), level_});
    ctes = &cte_store_.back();
  };
  // In WITH RECURSIVE one may name another that stands behind it.
  if (is_recursive)
    for (const auto& item : clause.list("ctes")) bind(Node{&item}.text("ctename"), opaque_row());
  for (const auto& item : clause.list("ctes")) {
    const Node cte{&item};
    Row row = is_recursive ? recursive(cte, outer, ctes) : query(cte.node("ctequery"), outer, ctes);
    rename(row, strings_of(cte.list("aliascolnames")));
    row = carried(std::move(row));
    if (const Node cycle = cte.node("cycle_clause")) {
      // Where a value comes again the query ends.
      for (const auto name : strings_of(cycle.list("cycle_col_list")))
        if (!spend(row.fields.size()))
          break;
        else
          for (const Field& field : row.fields)
            if (field.name == name) search(field.value);
      if (row.rest) search(*row.rest);
    }
    add_made_columns(cte, row);
    bind(cte.text("ctename"), std::move(row));
  }
  return ctes;
}

// A query that may name itself: repeated until it adds nothing.
Row Lineage::recursive(const Node& cte, const Scope* outer, const Ctes* ctes) {
  const Node body = cte.node("ctequery");
  const bool has_base = body.is("SelectStmt") && body.has("larg") && !body.has("withClause");
  if (!has_base) return query(body, outer, ctes);
  const auto names = strings_of(cte.list("aliascolnames"));
  Row known = query(body.node_as("larg", "SelectStmt"), outer, ctes);
  rename(known, names);
  // The other rows may be of another kind, and are not looked at to compare the passes.
  forget_fields(known);
  for (int pass = 0; pass < kRecursionPassesMax; ++pass) {
    if (!spend(Effort::kPerCopy * known.fields.size())) break;
    Row seen = known;
    add_made_columns(cte, seen);
    cte_store_.push_back({ctes, cte.text("ctename"), std::move(seen), level_});
    Row next = query(body, outer, &cte_store_.back());
    rename(next, names);
    next = either(known, next);
    if (same_taints(known, next)) return next;
    known = std::move(next);
  }
  return opaque_row();
}

Row Lineage::select(const Node& node, const Scope* outer, const Ctes* ctes, bool half) {
  ctes = with(node, outer, ctes);
  Scope scope;
  scope.outer = outer;
  Row outputs;
  if (node.has("larg")) {
    outputs = set_operation(node, outer, ctes);
    for (const Field& field : outputs.fields)
      scope.columns.fields.push_back({field.name, field.value, nullptr});
  } else if (node.has("valuesLists")) {
    outputs = values(node.list("valuesLists"), outer, ctes);
    FromItem item = named(outputs, {}, "*VALUES*", false);  // the server's own name for it
    scope.sources = std::move(item.sources);
    scope.columns = std::move(item.columns);
  } else {
    from(node.list("fromClause"), scope, ctes);
    search(evaluate(node.field("whereClause"), scope, ctes));
    outputs = targets(node.list("targetList"), scope, ctes);
    order(node.list("groupClause"), outputs, scope, ctes);
    search(evaluate(node.field("havingClause"), scope, ctes));
    search_list(node.list("windowClause"), scope, ctes);
    if (node.flag("groupDistinct")) search(whole(outputs));
    const auto& distinct = node.list("distinctClause");
    // SELECT DISTINCT is a list with one empty node.
    const bool plain = distinct.size() == 1 && Node{&distinct[0]}.tag().empty();
    if (plain)
      search(whole(outputs));
    else
      order(distinct, outputs, scope, ctes);
  }
  order(node.list("sortClause"), outputs, scope, ctes);
  search(evaluate(node.field("limitCount"), scope, ctes));
  search(evaluate(node.field("limitOffset"), scope, ctes));
  if (!half && into_of(node)) copy(outputs);
  return outputs;
}

Row Lineage::values(const json::array& lists, const Scope* outer, const Ctes* ctes) {
  Scope scope;
  scope.outer = outer;
  Row out;
  bool first = true, any_star = false;
  for (const auto& item : lists) {
    std::size_t position = 0;
    for (const auto& cell : Node{&item}.list("items")) {
      any_star = any_star || is_star_target(Node{&cell});  // stands for several
      const Value value = evaluate(&cell, scope, ctes);
      if (first) {
        out.fields.push_back({values_column_name(position), value, nullptr});
      } else if (position < out.fields.size()) {
        out.fields[position].value = either(out.fields[position].value, value);
      }
      ++position;
    }
    first = false;
  }
  for (Field& field : out.fields) field.table = nullptr;
  return any_star ? opaque_row() : out;
}

Row Lineage::set_operation(const Node& node, const Scope* outer, const Ctes* ctes) {
  is_half_ = true;
  const Row left = query(node.node_as("larg", "SelectStmt"), outer, ctes);
  is_half_ = true;
  const Row right = query(node.node_as("rarg", "SelectStmt"), outer, ctes);
  // Anything but UNION ALL compares rows.
  const bool compares = node.text("op") != "SETOP_UNION" || !node.flag("all");
  if (compares) search(derived_from(whole(left), whole(right)));
  Row out = carried(either(left, right));
  for (Field& field : out.fields) field.value.relation = 0, field.value.attnum = 0;
  return out;
}

Row Lineage::targets(const json::array& list, const Scope& scope, const Ctes* ctes) {
  Row out;
  for (const auto& item : list) star_or_target(Node{&item}, scope, ctes, out);
  return out;
}

void Lineage::star_or_target(const Node& target, const Scope& scope, const Ctes* ctes, Row& out) {
  const Node value = target.node("val");
  if (!is_star_target(value)) {
    const Value result = evaluate(target.field("val"), scope, ctes);
    const std::string_view name = target.has("name") ? target.text("name") : name_given_to(value);
    out.fields.push_back({name, result, nullptr});
    return;
  }
  if (value.is("ColumnRef")) {
    Row expanded = star(value.list("fields"), scope);
    leave_out_of_star(expanded);
    for (Field& field : expanded.fields) field.table = nullptr;
    append(out, expanded);
    return;
  }
  // "(expression).*"
  const Value before = composite(value.field("arg"), scope, ctes).value;
  if (before.row && value.list("indirection").size() == 1) {
    Row expanded = carried(*before.row);
    leave_out_of_star(expanded);
    for (Field& field : expanded.fields) {
      field.table = nullptr;
      field.value.relation = 0;
      field.value.attnum = 0;
    }
    append(out, expanded);
  } else {
    append(out, Row{.fields = {}, .rest = changed(before)});
  }
}

// ORDER BY, GROUP BY, DISTINCT ON: an output's number, an output's name, or an expression.
void Lineage::order(const json::array& list, const Row& outputs, const Scope& scope,
                    const Ctes* ctes) {
  for (const auto& item : list) {
    Node key{&item};
    const json::value* expression = &item;
    if (key.is("SortBy")) {
      expression = key.field("node");
      key = Node{expression};
    }
    if (!spend(1 + outputs.fields.size())) return;
    if (const auto number = integer_constant(key)) {
      facts_.statement().literals_matter = true;
      const auto position = static_cast<std::size_t>(*number);
      if (outputs.rest || position == 0 || position > outputs.fields.size())
        search(whole(outputs));
      else
        search(outputs.fields[position - 1].value);
      continue;
    }
    // GROUP BY (1, 2) is GROUP BY 1, 2.
    if (key.is("RowExpr") && key.text("row_format") == "COERCE_IMPLICIT_CAST")
      order(key.list("args"), outputs, scope, ctes);
    if (key.is("GroupingSet")) {
      order(key.list("content"), outputs, scope, ctes);
      continue;
    }
    const auto& parts = key.list("fields");
    const bool may_be_output = key.is("ColumnRef") && parts.size() == 1;
    const std::string_view name = may_be_output ? string_of(parts[0]) : std::string_view{};
    bool named = false;
    if (may_be_output)
      for (const Field& field : outputs.fields)
        if (field.name == name) search(field.value), named = true;
    // An output whose name is not known may be the one that is meant.
    if (may_be_output && !named) {
      for (const Field& field : outputs.fields)
        if (field.name.empty()) search(field.value);
      if (outputs.rest) search(*outputs.rest);
    }
    // An input column of that name counts too, where there is one.
    if (!named || unqualified(name, scope)) search(evaluate(expression, scope, ctes));
  }
}

void Lineage::search_list(const json::array& list, const Scope& scope, const Ctes* ctes) {
  for (const auto& item : list) search(evaluate_all(item, scope, ctes));
}

}  // namespace sluice::sql
