// SPDX-License-Identifier: Apache-2.0
#include "sql/untyped_strings.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sql/action_walker.h"

namespace sluice::sql {
namespace {

bool is_untyped(const Node& node) {
  return node.is("ParamRef") || (node.is("A_Const") && node.has("sval"));
}

// "'x'::unknown" is as if nothing were said.
bool gives_type(const Node& cast) {
  return split_name(cast.node_as("typeName", "TypeName").list("names")).second != "unknown";
}

bool lists(std::initializer_list<std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A string that is compared with a domain is of the type below it.
bool compares(const Node& expression) {
  const std::string_view kind = expression.text("kind");
  if (lists({"AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT", "AEXPR_IN", "AEXPR_LIKE", "AEXPR_ILIKE",
             "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN", "AEXPR_BETWEEN_SYM", "AEXPR_NOT_BETWEEN_SYM"},
            kind))
    return true;
  return lists({"AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_OP_ALL"}, kind) &&
         lists(
             {"=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "~", "~*", "!~", "!~*"},
             split_name(expression.list("name")).second);
}

bool is_plain(const json::value* operand) {
  const Node node{operand};
  const auto& items = node.list("items");
  return node.is("ColumnRef") || node.is("A_Const") || node.is("ParamRef") ||
         (node.is("List") && std::all_of(items.begin(), items.end(),
                                         [](const auto& item) { return is_plain(&item); }));
}

// What a statement has beside its tables: strings without a type, whole rows, and columns that may
// come to stand beside such a string in an array, a row or an argument.
class Strings {
 public:
  explicit Strings(Facts& facts) : facts_(facts) {}

  void visit(const json::value& value) {
    if (value.is_array())
      for (const auto& item : value.get_array()) visit(item);
    else if (value.is_object() && facts_.spend(1))
      visit(Node{&value});
  }

  bool any() const { return any_; }
  bool any_whole_row() const {
    return whole_row_ || std::any_of(names_.begin(), names_.end(),
                                     [&](std::string_view name) { return tables_.contains(name); });
  }
  bool may_meet(std::string_view column) const {
    return (free_string_ || (compared_string_ && computes_below_)) &&
           (any_column_ || free_columns_.contains(column));
  }

 private:
  void visit(const Node& node) {
    if (is_untyped(node)) any_ = free_string_ = true;
    if (node.is("TypeName")) return;
    if (node.is("TypeCast")) {
      if (!is_untyped(node.node("arg")) || !gives_type(node)) children(node, {"typeName"});
    } else if (node.is("ColumnRef")) {
      column(node.list("fields"), true);
      leave_free(node.list("fields"));
    } else if (node.is("ResTarget") && node.node("val").is("ColumnRef")) {
      column(node.node("val").list("fields"), false);
      if (below_) leave_free(node.node("val").list("fields"));
    } else if (node.is("A_Indirection")) {
      leave_free(node.list("indirection"));
      children(node, {});
    } else if (node.is("A_Expr") && compares(node)) {
      const bool both = is_plain(node.field("lexpr")) && is_plain(node.field("rexpr"));
      bool& string = both ? compared_string_ : free_string_;
      for (const char* side : {"lexpr", "rexpr"}) alone(node.field(side), string);
    } else if (node.is("NullTest")) {
      alone(node.field("arg"), compared_string_);
    } else if (lists({"SubLink", "RangeSubselect", "CommonTableExpr"}, node.tag())) {
      const bool outer = std::exchange(below_, true);
      other(node);
      below_ = outer;
    } else if (node.is("InsertStmt")) {
      insert(node);
    } else if (node.is("UpdateStmt") || node.is("MergeWhenClause")) {
      sets(node);
    } else {
      other(node);
    }
  }

  void other(const Node& node) {
    if (node.has("relname")) table(node);
    any_column_ |= !node.node("alias").list("colnames").empty();
    computes_below_ |= node.is("RangeFunction") ||
                       (below_ && (node.is("ResTarget") || !node.list("valuesLists").empty()));
    // Of SELECT only: in an aggregate, ORDER BY makes the value.
    for (const auto& item : node.list("sortClause"))
      alone(Node{&item}.field("node"), compared_string_);
    for (const auto& item : node.list("groupClause")) alone(&item, compared_string_);
    for (const char* count : {"limitCount", "limitOffset"})
      if (const json::value* number = node.field(count); number && !is_untyped(Node{number}))
        visit(*number);
    children(node, {"sortClause", "groupClause", "limitCount", "limitOffset"});
  }

  // An operand of which nothing is made that has its type; `string`: what it is if it is one.
  void alone(const json::value* operand, bool& string) {
    if (operand == nullptr) return;
    const Node node{operand};
    if (node.is("List"))
      for (const auto& item : node.list("items")) alone(&item, string);
    else if (node.is("ColumnRef"))
      column(node.list("fields"), true);
    else if (is_untyped(node))
      any_ = string = true;
    else
      visit(*operand);
  }

  void leave_free(const json::array& fields) {
    for (const auto& item : fields) {
      const Node field{&item};
      if (field.is("A_Star")) any_column_ = true;
      if (field.is("String")) free_columns_.insert(field.text("sval"));
    }
  }

  void children(const Node& node, std::initializer_list<std::string_view> except) {
    if (!node) return;
    for (const auto& pair : *node.fields())
      if (std::find(except.begin(), except.end(),
                    std::string_view{pair.key().data(), pair.key().size()}) == except.end())
        visit(pair.value());
  }

  void insert(const Node& node) {
    const Node source = node.node("selectStmt");
    for (const auto& row : source.list("valuesLists")) written(Node{&row}.list("items"));
    children(source, {"valuesLists"});
    sets(node.node("onConflictClause"));
    children(node, {"selectStmt", "onConflictClause"});
  }

  void sets(const Node& node) {
    written(node.list("targetList"));
    written(node.list("values"));
    children(node, {"targetList", "values"});
  }

  void written(const json::array& values) {
    for (const auto& item : values) {
      const Node node{&item};
      if (!is_untyped(node) && !is_untyped(node.node("val"))) visit(item);
    }
  }

  void table(const Node& range_var) {
    const Node alias = range_var.node("alias");
    tables_.insert(alias ? alias.text("aliasname") : range_var.text("relname"));
  }

  // "t", "t.*"; as an output of its own that is all its columns.
  void column(const json::array& fields, bool star_is_row) {
    if (fields.empty()) return;
    const Node last{&fields[fields.size() - 1]};
    if (last.is("A_Star")) whole_row_ |= star_is_row;
    if (last.is("String")) names_.push_back(last.text("sval"));
  }

  Facts& facts_;
  bool any_ = false, whole_row_ = false;
  bool free_string_ = false;
  bool compared_string_ = false;  // with a column, maybe of a query below
  bool computes_below_ = false;   // such a column may be an array of others
  bool any_column_ = false;       // may be among free_columns_, by another name or by "*"
  bool below_ = false;            // in a query whose rows another one reads
  std::unordered_set<std::string_view> tables_, free_columns_;
  std::vector<std::string_view> names_;
};

using Functions = std::vector<const Function*>;

void add(Functions& to, std::span<const Function* const> more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

void find_untyped_strings(const json::value& statement, Facts& facts) {
  const Catalog& catalog = facts.catalog();
  if (!catalog.any_hidden_cast()) return;
  Strings strings{facts};
  strings.visit(statement);
  if (!strings.any()) return;
  const bool any_whole_row = strings.any_whole_row();
  Functions checks;
  for (const ObjectRef& object : facts.statement().objects) {
    if (object.kind != ObjectRef::Kind::kTable) continue;
    for (const Relation* relation : catalog.relations_named(object.name)) {
      if (!object.schema.empty() && relation->schema != object.schema) continue;
      if (!facts.spend(relation->columns.size())) return;
      for (const Column& column : relation->columns) {
        if (any_whole_row || strings.may_meet(column.name))
          add(checks, catalog.checks_of_type(column.type));
        for (const Oid part : catalog.parts_of_type(column.type))
          add(checks, catalog.checks_of_type(part));
      }
    }
  }
  for (const Function* check : checks) facts.hidden_call(*check);
}

}  // namespace sluice::sql
