// SPDX-License-Identifier: Apache-2.0
// Lineage of INSERT, UPDATE, DELETE and MERGE: what they store, search by and return.
#include "sql/lineage.h"

namespace sluice::sql {

Scope Lineage::target_scope(const Node& range_var, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  // The target is always a table, never a CTE of that name or a view of information_schema.
  FromItem item =
      from_table(relation_row(range_var.text("schemaname"), range_var.text("relname")), range_var);
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
    subscripts(assignment, scope, ctes);
    if (!spend(columns.fields.size())) return;
    for (const Field& field : columns.fields)
      if (field.name == assignment.text("name") && field.table)
        facts_.column({field.value.relation != 0 ? field.table->schema : std::string{},
                       field.table->name, std::string{field.name}, field.value.sensitive()});
  }
}

// "a[x] = y", also in the column list of INSERT: the array's bounds keep x.
void Lineage::subscripts(const Node& target, const Scope& scope, const Ctes* ctes) {
  for (const auto& item : target.list("indirection")) {
    const Value subscript = evaluate(&item, scope, ctes);
    search(subscript);
    copy(subscript);
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
  Row row = targets(list, scope, ctes);
  if (!rule_returns_sensitive(node.node("relation"))) return row;
  facts_.touches();
  for (Field& field : row.fields) {
    field.value = {};
    field.value.taint = Taint::kDerived;  // the server will call it the relation's own column
    field.table = nullptr;
  }
  return row;
}

// What a rule of CREATE RULE returns in the place of the relation's own columns; a view may stand
// on the one that has the rule.
bool Lineage::rule_returns_sensitive(const Node& range_var) const {
  const std::string_view schema = range_var.text("schemaname");
  const auto has_rule = [](const Relation& relation) {
    for (const auto* rule : {&relation.on_insert, &relation.on_update, &relation.on_delete})
      if (*rule && (*rule)->touches_sensitive) return true;
    return false;
  };
  for (const Relation* relation : facts_.catalog().relations_named(range_var.text("relname"))) {
    if (!relation->may_be_in(schema)) continue;
    if (has_rule(*relation)) return true;
    if (!relation->definition) continue;
    for (const ObjectRef& below : relation->definition->objects)
      for (const Relation* one : facts_.catalog().relations_named(below.name))
        if (has_rule(*one)) return true;
  }
  return false;
}

Row Lineage::insert(const Node& node, const Scope* outer, const Ctes* ctes) {
  ctes = with(node, outer, ctes);
  const Node target = node.node("relation");
  Scope scope = target_scope(target, outer);
  Row given;  // the columns that get a value
  for (const auto& item : node.list("cols")) {
    const Node column{&item};
    subscripts(column, scope, ctes);
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
        source.row = source.passed_on = std::make_shared<const Row>(std::move(brought));
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
    else
      for (const auto& column : when.list("targetList")) subscripts(Node{&column}, scope, ctes);
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
    const Value value = field_of(all, name, RowOf::kSource, found);
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

Value Lineage::in_new_table(const Node& range_var, const json::value* expression,
                            std::shared_ptr<const Row> columns) {
  Scope scope;
  scope.columns.rest = clear_value();
  if (!columns) columns = std::make_shared<const Row>(scope.columns);
  Source source;
  source.is_table = true;
  source.row = source.passed_on = std::move(columns);  // "t.f" is one of these, or a call
  for (const std::string_view name :
       {range_var.text("relname"), std::string_view{"old"}, std::string_view{"new"}}) {
    source.name = name;
    scope.sources.push_back(source);
  }
  return evaluate(expression, scope, nullptr);
}

Value Lineage::in_old_and_new(const Node& range_var, const json::value* expression) {
  if (!expression) return {};
  Scope scope = target_scope(range_var, nullptr);
  const std::vector<Source> table = std::exchange(scope.sources, {});
  for (const Source& source : table)
    for (const std::string_view name : {"old", "new"}) {
      scope.sources.push_back(source);
      scope.sources.back().name = name;
    }
  return evaluate(expression, scope, nullptr);
}

void Lineage::table_filter(const Node& range_var, const json::value* where) {
  if (!where) return;
  const Scope scope = target_scope(range_var, nullptr);
  search(evaluate(where, scope, nullptr));
}

}  // namespace sluice::sql
