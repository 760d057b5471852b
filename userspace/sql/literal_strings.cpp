// SPDX-License-Identifier: Apache-2.0
#include "sql/literal_strings.h"

#include <algorithm>
#include <array>

#include "sql/parse_tree.h"

namespace sluice::sql {
namespace {

bool is_string(const Node& node) { return node.is("A_Const") && node.has("sval"); }

class Walker {
 public:
  bool matter(const json::value& value) {
    if (const auto* array = value.if_array())
      return std::any_of(array->begin(), array->end(),
                         [this](const json::value& item) { return matter(item); });
    const auto* object = value.if_object();
    if (!object) return false;
    const Node node{&value};
    if (is_string(node)) return true;
    // "s = 'a' OR s <> 'a'" is every row.
    if (node.is("BoolExpr") && node.text("boolop") != "AND_EXPR") return true;
    if (node.is("A_Expr")) return matter_compared(node);
    if (node.is("InsertStmt")) return matter_inserted(node);
    if (node.is("UpdateStmt")) return matter_assigned(node);
    return matter_within(*object, "");
  }

 private:
  bool matter_within(const json::object& fields, std::string_view but_for) {
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
      return field.key() != but_for && matter(field.value());
    });
  }
  bool matter_in(const Node& node, std::string_view but_for) {
    return matter_within(*node.fields(), but_for);
  }
  // Of a list, what is not itself a string.
  bool matter_beside_strings(const json::array& list) {
    return std::any_of(list.begin(), list.end(), [this](const json::value& item) {
      return !is_string(Node{&item}) && matter(item);
    });
  }

  bool matter_compared(const Node& node) {
    constexpr std::array<std::string_view, 6> kOrders = {"=", "<>", "<", "<=", ">", ">="};
    const auto& name = node.list("name");
    const bool order = name.size() == 1 && std::find(kOrders.begin(), kOrders.end(),
                                                     string_of(name[0])) != kOrders.end();
    if (!order || !node.node("lexpr").is("ColumnRef")) return matter_in(node, "");
    const Node right = node.node("rexpr");
    if (node.text("kind") == "AEXPR_OP" && is_string(right)) return false;
    if (node.text("kind") == "AEXPR_IN" && right.is("List"))
      return matter_beside_strings(right.list("items"));
    return matter_in(node, "");
  }

  bool matter_inserted(const Node& node) {
    if (matter_in(node, "selectStmt")) return true;
    const Node select = node.node("selectStmt");
    if (!select) return false;
    if (matter_in(select, "valuesLists")) return true;
    const auto& rows = select.list("valuesLists");
    return std::any_of(rows.begin(), rows.end(), [this](const json::value& row) {
      return matter_beside_strings(Node{&row}.list("items"));
    });
  }

  bool matter_assigned(const Node& node) {
    if (matter_in(node, "targetList")) return true;
    const auto& targets = node.list("targetList");
    return std::any_of(targets.begin(), targets.end(), [this](const json::value& item) {
      const Node target{&item};
      return matter_in(target, "val") ||
             (target.has("val") && !is_string(target.node("val")) && matter(*target.field("val")));
    });
  }
};

}  // namespace

bool strings_matter(const json::value& statement) { return Walker{}.matter(statement); }

}  // namespace sluice::sql
