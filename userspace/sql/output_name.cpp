// SPDX-License-Identifier: Apache-2.0
#include "sql/output_name.h"

#include <string>
#include <utility>
#include <vector>

namespace sluice::sql {
namespace {

// PostgreSQL's own "strength": how well a name fits. A cast or a CASE around it takes the place of
// a weak one.
struct Name {
  std::string_view text;
  int strength = 0;
};
constexpr int kWeak = 1, kStrong = 2;

constexpr Name strong(std::string_view text) { return {text, kStrong}; }

std::string_view last_string(const json::array& list) {
  for (std::size_t i = list.size(); i > 0; --i)
    if (const auto text = string_of(list[i - 1]); !text.empty()) return text;
  return {};
}

using Words = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string_view word_for(std::string_view key, const Words& words) {
  for (const auto& [each, word] : words)
    if (each == key) return word;
  return {};
}

std::string_view value_function(std::string_view operation) {
  return word_for(operation, {{"SVFOP_CURRENT_DATE", "current_date"},
                              {"SVFOP_CURRENT_TIME", "current_time"},
                              {"SVFOP_CURRENT_TIME_N", "current_time"},
                              {"SVFOP_CURRENT_TIMESTAMP", "current_timestamp"},
                              {"SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"},
                              {"SVFOP_LOCALTIME", "localtime"},
                              {"SVFOP_LOCALTIME_N", "localtime"},
                              {"SVFOP_LOCALTIMESTAMP", "localtimestamp"},
                              {"SVFOP_LOCALTIMESTAMP_N", "localtimestamp"},
                              {"SVFOP_CURRENT_ROLE", "current_role"},
                              {"SVFOP_CURRENT_USER", "current_user"},
                              {"SVFOP_USER", "user"},
                              {"SVFOP_SESSION_USER", "session_user"},
                              {"SVFOP_CURRENT_CATALOG", "current_catalog"},
                              {"SVFOP_CURRENT_SCHEMA", "current_schema"}});
}

std::string_view xml_function(std::string_view operation) {
  return word_for(operation, {{"IS_XMLCONCAT", "xmlconcat"},
                              {"IS_XMLELEMENT", "xmlelement"},
                              {"IS_XMLFOREST", "xmlforest"},
                              {"IS_XMLPARSE", "xmlparse"},
                              {"IS_XMLPI", "xmlpi"},
                              {"IS_XMLROOT", "xmlroot"},
                              {"IS_XMLSERIALIZE", "xmlserialize"}});
}

// Nodes that always have the same name.
std::string_view fixed_name(const Node& node) {
  const std::string_view tag = node.tag();
  if (tag == "SQLValueFunction") return value_function(node.text("op"));
  if (tag == "XmlExpr") return xml_function(node.text("op"));
  if (tag == "MinMaxExpr") return node.text("op") == "IS_LEAST" ? "least" : "greatest";
  if (tag == "A_Expr") return node.text("kind") == "AEXPR_NULLIF" ? "nullif" : "";
  return word_for(tag, {{"A_ArrayExpr", "array"},
                        {"CoalesceExpr", "coalesce"},
                        {"GroupingFunc", "grouping"},
                        {"RowExpr", "row"},
                        {"XmlSerialize", "xmlserialize"}});
}

class Figure {
 public:
  explicit Figure(int server_version) : server_version_(server_version) {}

  Name name_of(const Node& node) const {
    const std::string_view tag = node.tag();
    if (tag == "ColumnRef") {
      const auto name = last_string(node.list("fields"));
      return name.empty() ? Name{} : strong(name);
    }
    if (tag == "FuncCall") return function(node);
    if (tag == "A_Indirection") {
      const auto name = last_string(node.list("indirection"));
      return name.empty() ? name_of(node.node("arg")) : strong(name);
    }
    if (tag == "TypeCast") {
      const Name inner = name_of(node.node("arg"));
      if (inner.strength > kWeak) return inner;
      return {last_string(node.node_as("typeName", "TypeName").list("names")), kWeak};
    }
    if (tag == "CollateClause") return name_of(node.node("arg"));
    if (tag == "CaseExpr") {
      const Name inner = name_of(node.node("defresult"));
      return inner.strength > kWeak ? inner : Name{"case", kWeak};
    }
    if (tag == "SubLink") return sublink(node);
    const auto fixed = fixed_name(node);
    return fixed.empty() ? Name{} : strong(fixed);
  }

 private:
  Name function(const Node& node) const {
    const std::string_view name = last_string(node.list("funcname"));
    // EXTRACT() was written so until PostgreSQL 14.
    const bool is_syntax = node.text("funcformat") == "COERCE_SQL_SYNTAX";
    const bool was_date_part = server_version_ != 0 && server_version_ < 140000;
    return strong(is_syntax && was_date_part && name == "extract" ? "date_part" : name);
  }

  Name sublink(const Node& node) const {
    const std::string_view type = node.text("subLinkType");
    if (type == "EXISTS_SUBLINK") return strong("exists");
    if (type == "ARRAY_SUBLINK") return strong("array");
    if (type != "EXPR_SUBLINK") return {};
    // Of UNION and the like the left side gives the names.
    Node query = node.node("subselect");
    while (query.has("larg")) query = query.node_as("larg", "SelectStmt");
    if (query.has("valuesLists")) return strong(values_column_name(0));
    const auto& targets = query.list("targetList");
    if (targets.empty()) return strong({});
    const Node target{&targets[0]};
    if (target.has("name")) return strong(target.text("name"));
    const Node value = target.node("val");
    if (is_star_target(value)) return strong({});
    return strong(output_name(value, server_version_));
  }

  int server_version_;
};

}  // namespace

std::string_view output_name(const Node& expression, int server_version) {
  const Name name = Figure{server_version}.name_of(expression);
  return name.strength == 0 ? "?column?" : name.text;
}

bool is_star_target(const Node& expression) {
  const auto ends_in_star = [](const json::array& list) {
    return !list.empty() && Node{&list[list.size() - 1]}.is("A_Star");
  };
  return (expression.is("ColumnRef") && ends_in_star(expression.list("fields"))) ||
         (expression.is("A_Indirection") && ends_in_star(expression.list("indirection")));
}

std::string_view values_column_name(std::size_t position) {
  constexpr std::size_t kMaxTupleAttributeNumber = 1664;  // of PostgreSQL
  static const auto kNames = [] {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= kMaxTupleAttributeNumber; ++i)
      names.push_back("column" + std::to_string(i));
    return names;
  }();
  return position < kNames.size() ? std::string_view{kNames[position]} : std::string_view{};
}

}  // namespace sluice::sql
