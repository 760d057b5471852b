// SPDX-License-Identifier: Apache-2.0
#include "sql/untyped_strings.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sluice::sql {
namespace {

bool is_untyped(const Node& node) {
  return node.is("ParamRef") || (node.is("A_Const") && node.has("sval"));
}

// What a statement has beside its tables: strings without a type, and whole rows.
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

 private:
  void visit(const Node& node) {
    if (is_untyped(node)) any_ = true;
    if (node.is("TypeName")) return;
    if (node.is("TypeCast")) {
      if (!is_untyped(node.node("arg"))) children(node, {"typeName"});
    } else if (node.is("ColumnRef")) {
      column(node.list("fields"), true);
    } else if (node.is("ResTarget") && node.node("val").is("ColumnRef")) {
      column(node.node("val").list("fields"), false);
    } else if (node.is("InsertStmt")) {
      insert(node);
    } else if (node.is("UpdateStmt") || node.is("MergeWhenClause")) {
      sets(node);
    } else {
      if (node.has("relname")) table(node);
      children(node, {});
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
  std::unordered_set<std::string_view> tables_;
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
  Functions of_parts, of_rows;
  for (const ObjectRef& object : facts.statement().objects) {
    if (object.kind != ObjectRef::Kind::kTable) continue;
    for (const Relation* relation : catalog.relations_named(object.name)) {
      if (!object.schema.empty() && relation->schema != object.schema) continue;
      if (!facts.spend(relation->columns.size())) return;
      for (const Column& column : relation->columns) {
        add(of_rows, catalog.checks_of_type(column.type));
        for (const Oid part : catalog.parts_of_type(column.type))
          add(of_parts, catalog.checks_of_type(part));
      }
    }
  }
  for (const Function* check : strings.any_whole_row() ? of_rows : of_parts)
    facts.hidden_call(*check);
}

}  // namespace sluice::sql
