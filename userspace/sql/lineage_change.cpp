// SPDX-License-Identifier: Apache-2.0
// Lineage of INSERT, UPDATE, DELETE and MERGE: what they store, search by and return.
#include "sql/lineage.h"

namespace sluice::sql {

Scope Lineage::target_scope(const Node& range_var, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  // The target is always a relation, never a CTE of that name.
  FromItem item = from_relation(range_var, nullptr);
  scope.sources = std::move(item.sources);
  scope.columns = std::move(item.columns);
  return scope;
}

// SET a = x, (b, c) = (SELECT ...): what is assigned is copied.
void Lineage::assign(const json::array& list, const Node& target, const Scope& scope,
                     const Ctes* ctes) {
  const Row columns = relation_row(target.text("schemaname"), target.text("relname"));
  for (const auto& item : list) {
    const Node assignment{&item};
    const Node source = assignment.node("val");
    // The parser repeats one source for each of its columns.
    if (!source.is("MultiAssignRef") || source.integer("colno") <= 1)
      copy(evaluate(assignment.field("val"), scope, ctes));
    for (const auto& subscript : assignment.list("indirection"))
      search(evaluate(&subscript, scope, ctes));
    if (!spend(columns.fields.size())) return;
    for (const Field& field : columns.fields)
      if (field.name == assignment.text("name") && field.table)
        facts_.column({field.value.relation != 0 ? field.table->schema : std::string{},
                       field.table->name, std::string{field.name}, field.value.sensitive()});
  }
}

// RETURNING sees the target and what it was joined with; from PostgreSQL 18 also "old" and "new".
Row Lineage::returning(const Node& node, Scope& scope, const Ctes* ctes) {
  const auto& list = node.list("returningList");
  if (list.empty()) return {};
  if (!scope.sources.empty()) {
    const auto target = scope.sources.front();
    for (const std::string_view name : {"old", "new"}) {
      if (source_named(name, scope)) continue;
      Source source = target;
      source.name = name;
      scope.sources.push_back(std::move(source));
    }
  }
  return targets(list, scope, ctes);
}

Row Lineage::insert(const Node& node, const Scope* outer, const Ctes* ctes) {
  ctes = with(node, outer, ctes);
  const Node target = node.node("relation");
  Scope scope = target_scope(target, outer);
  Row given;  // the columns that get a value
  for (const auto& item : node.list("cols")) {
    const Node column{&item};
    if (!spend(scope.columns.fields.size())) break;
    for (const Field& field : scope.columns.fields)
      if (field.name == column.text("name") && field.table) {
        facts_.column({field.value.relation != 0 ? field.table->schema : std::string{},
                       field.table->name, std::string{field.name}, field.value.sensitive()});
        given.fields.push_back(field);
      }
  }
  if (!node.has("cols")) given = scope.columns;
  if (node.has("selectStmt")) copy(query(node.node("selectStmt"), outer, ctes));
  if (const Node conflict = node.node("onConflictClause")) {
    Scope with_excluded = scope;
    if (!scope.sources.empty()) {
      Source excluded = scope.sources.front();
      excluded.name = "excluded";
      with_excluded.sources.push_back(std::move(excluded));
    }
    const Node infer = conflict.node("infer");
    search_list(infer.list("indexElems"), scope, ctes);
    for (const auto& item : infer.list("indexElems"))
      if (const auto column = unqualified(Node{&item}.text("name"), scope)) search(*column);
    search(evaluate(infer.field("whereClause"), scope, ctes));
    // Without columns it is about each unique one, and the number of rows tells of a guess.
    if (infer.list("indexElems").empty()) search(whole(given));
    search(evaluate(conflict.field("whereClause"), with_excluded, ctes));
    // "SET x = excluded.x" stores what the INSERT brought, which was looked at already.
    for (auto& source : with_excluded.sources)
      if (source.name == "excluded") {
        Row brought = *source.row;
        for (Field& field : brought.fields) field.value = clear_value();
        source.row = std::make_shared<const Row>(std::move(brought));
      }
    assign(conflict.list("targetList"), target, with_excluded, ctes);
  }
  return returning(node, scope, ctes);
}

Row Lineage::update(const Node& node, const Scope* outer, const Ctes* ctes) {
  ctes = with(node, outer, ctes);
  Scope scope = target_scope(node.node("relation"), outer);
  from(node.list("fromClause"), scope, ctes);
  assign(node.list("targetList"), node.node("relation"), scope, ctes);
  search(evaluate(node.field("whereClause"), scope, ctes));
  return returning(node, scope, ctes);
}

Row Lineage::remove(const Node& node, const Scope* outer, const Ctes* ctes) {
  ctes = with(node, outer, ctes);
  Scope scope = target_scope(node.node("relation"), outer);
  from(node.list("usingClause"), scope, ctes);
  search(evaluate(node.field("whereClause"), scope, ctes));
  return returning(node, scope, ctes);
}

Row Lineage::merge(const Node& node, const Scope* outer, const Ctes* ctes) {
  ctes = with(node, outer, ctes);
  const Node target = node.node("relation");
  Scope scope = target_scope(target, outer);
  FromItem source = from_item(node.node("sourceRelation"), outer, scope, ctes);
  scope.sources.insert(scope.sources.end(), source.sources.begin(), source.sources.end());
  append(scope.columns, source.columns);
  search(evaluate(node.field("joinCondition"), scope, ctes));
  for (const auto& item : node.list("mergeWhenClauses")) {
    const Node when{&item};
    search(evaluate(when.field("condition"), scope, ctes));
    if (when.text("commandType") == "CMD_UPDATE")
      assign(when.list("targetList"), target, scope, ctes);
    copy(evaluate_all(when.list("values"), scope, ctes));
  }
  return returning(node, scope, ctes);
}

std::optional<Row> Lineage::statement(const Node& node) {
  for (const char* tag : {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
    if (node.is(tag)) return query(node, nullptr, nullptr);
  return std::nullopt;
}

Row Lineage::table_columns(const Node& range_var, const json::array& column_names) {
  Row all = relation_row(range_var.text("schemaname"), range_var.text("relname"));
  if (column_names.empty()) {
    std::erase_if(all.fields, [](const Field& field) { return field.generated; });
    for (const Field& field : all.fields) use(field);
    return all;
  }
  Row out;
  for (const auto name : strings_of(column_names)) {
    bool found = false;
    const Value value = field_of(all, name, false, found);
    out.fields.push_back({name, found ? value : opaque_value(), nullptr});
  }
  return out;
}

Value Lineage::in_table(const Node& range_var, const json::value* expression,
                        const std::vector<std::string_view>& new_columns) {
  if (!expression) return {};
  if (!spend(Effort::kPerCopy * new_columns.size())) return opaque_value();
  Scope scope = target_scope(range_var, nullptr);
  for (const auto name : new_columns)
    scope.columns.fields.push_back({name, clear_value(), nullptr});
  return evaluate(expression, scope, nullptr);
}

Value Lineage::in_columns(const json::value& expression,
                          const std::vector<std::string_view>& columns) {
  if (!spend(Effort::kPerCopy * columns.size())) return opaque_value();
  Scope scope;
  for (const auto name : columns) scope.columns.fields.push_back({name, clear_value(), nullptr});
  return evaluate(&expression, scope, nullptr);
}

void Lineage::table_filter(const Node& range_var, const json::value* where) {
  if (!where) return;
  const Scope scope = target_scope(range_var, nullptr);
  search(evaluate(where, scope, nullptr));
}

}  // namespace sluice::sql
