// SPDX-License-Identifier: Apache-2.0
#include "sql/definitions.h"

#include <algorithm>

#include "sql/do_block.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

class Definition {
 public:
  Definition(Facts& facts, Lineage& lineage) : facts_(facts), lineage_(lineage) {}

  void alter_table(const Node& node) {
    table_ = node.node("relation");
    for (const auto& item : node.list("cmds")) {
      lineage_to_others(Node{&item});
      if (Node{&item}.text("subtype") == "AT_ClusterOn") cluster(node);
    }
    for (const auto& item : node.list("cmds"))
      if (Node{&item}.text("subtype") == "AT_AddColumn")
        new_columns_.push_back(Node{&item}.node("def").text("colname"));
    for (const auto& item : node.list("cmds")) {
      const Node command{&item};
      const Node definition = command.node("def");
      if (definition.is("Constraint")) constraint(definition);
      if (!definition.is("ColumnDef")) continue;
      // Of ALTER COLUMN TYPE this is USING.
      lineage_.copy(of_row(definition.field("raw_default")));
      for (const auto& one : definition.list("constraints")) constraint(Node{&one});
    }
  }

  // Rows are read in an index's order. And whether a new value is the old one shows by an index, in
  // many places: where the new row lies, how it is locked.
  void index(const Node& node) {
    table_ = node.node("relation");
    search(node.field("whereClause"));
    for (const char* list : {"indexParams", "indexIncludingParams"})
      for (const auto& item : node.list(list)) {
        const Node element{&item};
        search(element.field("expr"));
        search_column(table_, element.text("name"));
      }
  }

  // Rows are put into the order of an index, of whatever columns; all tables where none is named.
  void cluster(const Node& node) {
    table_ = node.node("relation");
    if (!table_ || any_sensitive()) lineage_.search(opaque_value());
  }

  // Its rows come later, but not all that its expressions look at.
  void new_table(const Node& node) {
    table_ = node.node("relation");
    is_new_ = true;
    find_columns(node);
    for (const char* list : {"tableElts", "constraints"})
      for (const auto& item : node.list(list)) {
        const Node element{&item};
        if (element.is("Constraint")) constraint(element);
        for (const auto& one : element.list("constraints")) constraint(Node{&one});
      }
    for (const auto& item : node.node("partspec").list("partParams"))
      search(Node{&item}.field("expr"));
  }

  void domain(const Node& node) {
    is_new_ = true;
    for (const auto& item : node.list("constraints")) constraint(Node{&item});
  }

  // What stands in a default or a partition's bound is computed now or later, and kept.
  void values(const Node& node) {
    kept_values(node.field("partbound"));
    for (const auto& item : node.list("tableElts")) column(Node{&item});
    for (const auto& item : node.list("constraints")) default_of(Node{&item});
    for (const auto& item : node.list("parameters"))
      lineage_.copy(free(Node{&item}.field("defexpr")));
    for (const auto& item : node.list("cmds")) {
      const Node command{&item};
      column(command.node("def"));
      if (command.text("subtype") == "AT_ColumnDefault") lineage_.copy(free(command.field("def")));
      if (command.text("subtype") == "AT_AttachPartition")
        kept_values(command.node("def").field("bound"));
    }
    if (node.is("AlterDomainStmt")) {
      if (node.text("subtype") == "T") lineage_.copy(free(node.field("def")));
      if (node.text("subtype") == "C") constraint(node.node("def"));
      // The check is run with the values that columns of the domain have.
      if (one_of(node.text("subtype"), {"C", "V"})) lineage_.copy(opaque_value());
    }
  }

  // Rows that a materialised view keeps stay when the view under it shows something else.
  void view(const Node& node) {
    table_ = node.node("view");
    if (node.flag("replace") && any_sensitive()) lineage_.copy(opaque_value());
  }

  // A trigger or rule is given the rows.
  void runs_on_rows(const Node& node) {
    table_ = node.node("relation");
    if (any_sensitive()) lineage_.copy(opaque_value());
    for (const char* condition : {"whenClause", "whereClause"})
      judge(knows_table() ? lineage_.in_old_and_new(table_, node.field(condition))
                          : lineage_.in_new_table(table_, node.field(condition)));
  }

  void row_policy(const Node& node) {
    table_ = node.node("table");
    for (const char* expression : {"qual", "with_check"}) search(node.field(expression));
  }

  // A mask goes by name.
  void rename(const Node& node) {
    if (node.text("renameType") == "OBJECT_SCHEMA") {
      constexpr std::size_t kAllRelations = 10'000;
      if (!facts_.spend(kAllRelations)) return;
      for (const Relation* relation : facts_.catalog().relations_in(node.text("subname")))
        if (relation->any_sensitive()) lineage_.copy(opaque_value());
      return;
    }
    table_ = node.node("relation");
    const std::string_view type = node.text("renameType"), name = node.text("subname");
    // PostgreSQL takes a table for its type, and for an index.
    const bool of_relation = one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW",
                                           "OBJECT_FOREIGN_TABLE", "OBJECT_INDEX"});
    if (of_relation && any_sensitive()) lineage_.copy(opaque_value());
    if (one_of(type, {"OBJECT_COLUMN", "OBJECT_ATTRIBUTE"}) && column_is_sensitive(table_, name))
      lineage_.copy(opaque_value());
    if (type == "OBJECT_ATTRIBUTE" && column_of_type_is_sensitive(table_.text("relname"), name))
      lineage_.copy(opaque_value());
  }

  void statistics(const Node& node) {
    const auto& relations = node.list("relations");
    if (relations.empty()) return;
    table_ = Node{&relations[0]};
    for (const auto& item : node.list("exprs")) search(Node{&item}.field("expr"));
  }

 private:
  Value free(const json::value* expression) {
    return expression == nullptr ? Value{} : lineage_.free_expression(*expression);
  }
  void default_of(const Node& constraint) {
    if (constraint.is("Constraint") && constraint.text("contype") == "CONSTR_DEFAULT")
      lineage_.copy(free(constraint.field("raw_expr")));
  }
  void column(const Node& definition) {
    if (!definition.is("ColumnDef")) return;
    for (const auto& item : definition.list("constraints")) default_of(Node{&item});
  }
  void kept_values(const json::value* bound) {
    if (bound == nullptr) return;
    for (const char* list : {"listdatums", "lowerdatums", "upperdatums"})
      for (const auto& item : Node{bound}.list(list)) lineage_.copy(lineage_.free_expression(item));
  }

  // A mask goes over to children, parents and what is made of a column: to loosen or tie such a
  // bond is to show the values by another name.
  void lineage_to_others(const Node& command) {
    const std::string_view type = command.text("subtype");
    const Node definition = command.node("def");
    const bool bond = one_of(
        type, {"AT_AddInherit", "AT_DropInherit", "AT_AttachPartition", "AT_DetachPartition"});
    const Node partition = definition.node_as("name", "RangeVar");
    const Node other = partition ? partition : definition;
    if (bond && (any_sensitive() || any_sensitive(other))) lineage_.copy(opaque_value());
    if (one_of(type, {"AT_DropExpression", "AT_AlterColumnType"}) &&
        column_is_sensitive(table_, command.text("name")))
      lineage_.copy(opaque_value());
  }

  void constraint(const Node& node) {
    const std::string_view type = node.text("contype");
    if (type == "CONSTR_GENERATED") lineage_.copy(of_row(node.field("raw_expr")));
    if (type == "CONSTR_CHECK") search(node.field("raw_expr"));
    for (const char* list : {"keys", "including", "fk_attrs"})
      for (const auto& item : node.list(list)) search_column(table_, string_of(item));
    const Node referenced = node.node("pktable");
    for (const auto& item : node.list("pk_attrs")) search_column(referenced, string_of(item));
    if (referenced && node.list("pk_attrs").empty() && key_is_sensitive(referenced))
      lineage_.search(opaque_value());
    for (const auto& item : node.list("exclusions")) {
      const auto& pair = Node{&item}.list("items");
      const Node element{pair.empty() ? nullptr : &pair[0]};
      search(element.field("expr"));
      search_column(table_, element.text("name"));
    }
    if (type == "CONSTR_EXCLUSION") search(node.field("where_clause"));
  }

  // All of a new table, where it has none of another's.
  void find_columns(const Node& table) {
    if (!table.list("inhRelations").empty() || table.has("ofTypename")) return;
    auto row = std::make_shared<Row>();
    for (const auto& item : table.list("tableElts")) {
      const Node element{&item};
      if (element.is("TableLikeClause")) return;
      if (element.is("ColumnDef"))
        row->fields.push_back({element.text("colname"), clear_value(), nullptr});
    }
    if (!row->fields.empty()) new_row_ = std::move(row);
  }

  // An expression over the row that the definition is about.
  Value of_row(const json::value* expression) {
    return is_new_          ? lineage_.in_new_table(table_, expression, new_row_)
           : !knows_table() ? lineage_.in_new_table(table_, expression)
                            : lineage_.in_table(table_, expression, new_columns_);
  }
  void search(const json::value* expression) { judge(of_row(expression)); }
  // What errors and plans show of it, and where rows go, tells of what a function reads.
  void judge(const Value& value) {
    lineage_.search(value);
    if (value.taint == Taint::kOpaque) lineage_.copy(value);
  }
  void search_column(const Node& table, std::string_view name) {
    if (is_new_ && table.fields() == table_.fields()) return;
    if (column_is_sensitive(table, name)) lineage_.search(opaque_value());
  }

  template <class Test>
  bool any_candidate(const Node& range_var, Test test) const {
    const std::string_view schema = range_var.text("schemaname");
    for (const Relation* relation : facts_.catalog().relations_named(range_var.text("relname")))
      if (!facts_.spend(1 + relation->columns.size()))
        return true;
      else if (relation->may_be_in(schema) && test(*relation))
        return true;
    return false;
  }
  // One that is not in the catalogue was made in this transaction, empty.
  bool knows_table() const {
    return any_candidate(table_, [](const Relation& relation) { return !relation.of_session; });
  }
  bool any_sensitive() const { return any_sensitive(table_); }
  bool any_sensitive(const Node& table) const {
    return any_candidate(table, [](const Relation& relation) { return relation.any_sensitive(); });
  }
  bool key_is_sensitive(const Node& table) const {
    return any_candidate(table, [](const Relation& relation) {
      return std::any_of(relation.columns.begin(), relation.columns.end(),
                         [](const Column& column) { return column.in_primary_key && column.mask; });
    });
  }
  bool column_is_sensitive(const Node& table, std::string_view name) const {
    return any_candidate(table, [&](const Relation& relation) {
      const Column* column = relation.column(name);
      return column && column->mask;
    });
  }

  // Of a table that was made of the type.
  bool column_of_type_is_sensitive(std::string_view type, std::string_view name) const {
    const auto tables = facts_.catalog().tables_on(type);
    return !facts_.spend(tables.size()) ||
           std::any_of(tables.begin(), tables.end(), [&](const Relation* table) {
             const Column* column = table->column(name);
             return column && column->mask;
           });
  }

  Facts& facts_;
  Lineage& lineage_;
  Node table_{nullptr};
  bool is_new_ = false;
  std::vector<std::string_view> new_columns_;  // of a table that is there
  std::shared_ptr<const Row> new_row_;         // of one that is new
};

}  // namespace

void trace_definition(const Node& node, Facts& facts, Lineage& lineage, const SessionNames& names) {
  const std::string_view tag = node.tag();
  if (tag == "CreateFunctionStmt") judge_function_body(node, facts, names);
  // Where nothing is sensitive too: "(x).f" is a call of f(x) to be judged.
  Definition definition{facts, lineage};
  if (tag == "AlterTableStmt") definition.alter_table(node);
  if (tag == "IndexStmt") definition.index(node);
  if (tag == "ClusterStmt") definition.cluster(node);
  if (one_of(tag, {"CreateStmt", "CreateForeignTableStmt"})) {
    const Node table = tag == "CreateStmt" ? node : node.node_as("base", "CreateStmt");
    definition.new_table(table);
    definition.values(table);
  }
  if (tag == "CreateDomainStmt") definition.domain(node);
  if (one_of(tag, {"CreatePolicyStmt", "AlterPolicyStmt"})) definition.row_policy(node);
  if (one_of(tag, {"CreateTrigStmt", "RuleStmt"})) definition.runs_on_rows(node);
  if (tag == "RenameStmt") definition.rename(node);
  if (tag == "AlterObjectSchemaStmt") definition.runs_on_rows(node);
  if (tag == "CreateStatsStmt") definition.statistics(node);
  if (one_of(tag, {"AlterTableStmt", "CreateDomainStmt", "AlterDomainStmt", "CreateFunctionStmt"}))
    definition.values(node);
  if (tag == "ViewStmt") definition.view(node);
}

}  // namespace sluice::sql
