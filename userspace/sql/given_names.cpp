// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements that give names. Later statements of the transaction use them before the
// catalogue has them, and bodies that are there already may: so to give a name to what runs counts
// as to run it.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/catalog_changes.h"

namespace sluice::sql {
namespace {

using Kind = MadeName::Kind;

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_routine(std::string_view type) {
  return one_of(type,
                {"OBJECT_FUNCTION", "OBJECT_AGGREGATE", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"});
}

bool is_type(std::string_view type) { return one_of(type, {"OBJECT_TYPE", "OBJECT_DOMAIN"}); }

Made made(Kind kind, std::string_view name) {
  Made out;
  out.kind = kind;
  out.name = name;
  return out;
}

std::vector<MadeName> types_of_columns(const Node& node) {
  std::vector<MadeName> types;
  for (const char* list : {"coldeflist", "tableElts"})
    for (const auto& item : node.list(list)) {
      const Node type = Node{&item}.node_as("typeName", "TypeName");
      if (type) types.push_back({Kind::kType, std::string{split_name(type.list("names")).second}});
    }
  return types;
}

}  // namespace

void ActionWalker::gives_names(const Node& node) {
  find_changes(node, facts_);
  const std::string_view tag = node.tag();
  if (one_of(tag, {"RenameStmt", "AlterObjectSchemaStmt"})) return gives_other_name(node);
  gives_name_to_what_runs(node);
}

void ActionWalker::gives_name_to_what_runs(const Node& node) {
  const std::string_view tag = node.tag();
  Made out;
  out.does_as_statement = true;
  if (tag == "CreateFunctionStmt") {
    out.kind = Kind::kFunction;
    out.name = split_name(node.list("funcname")).second;
    out.actions = {Action::kCall};
  } else if (tag == "DefineStmt") {
    const std::string_view kind = node.text("kind");
    if (!one_of(kind, {"OBJECT_OPERATOR", "OBJECT_AGGREGATE", "OBJECT_TYPE"})) return;
    out.kind = kind == "OBJECT_OPERATOR"    ? Kind::kOperator
               : kind == "OBJECT_AGGREGATE" ? Kind::kFunction
                                            : Kind::kType;
    out.name = split_name(node.list("defnames")).second;
  } else if (one_of(tag, {"CreateDomainStmt", "AlterDomainStmt", "CreateEnumStmt",
                          "CreateRangeStmt", "CreateCastStmt"})) {
    out.kind = Kind::kType;
    const Node target = node.node_as("targettype", "TypeName");
    for (const json::array* name :
         {&node.list("domainname"), &node.list("typeName"), &target.list("names")})
      if (!name->empty()) out.name = split_name(*name).second;
    if (const Node base = node.node_as("typeName", "TypeName")) {
      const std::string_view below = split_name(base.list("names")).second;
      out.made_of.push_back({Kind::kType, std::string{below}});
    }
    if (const Node function = node.node("func")) {
      const auto [schema, name] = split_name(function.list("objname"));
      out.actions = effect_of_function(facts_.catalog(), schema, name).actions;
    }
  } else if (one_of(tag, {"CompositeTypeStmt", "CreateStmt"})) {
    out.kind = Kind::kType;
    out.name = node.node(tag == "CreateStmt" ? "relation" : "typevar").text("relname");
    out.does_as_statement = false;
    out.made_of = types_of_columns(node);
    for (const MadeName& type : out.made_of)
      for (const Function* function : facts_.catalog().hidden_calls_of_cast(type.name))
        out.actions.add(effect_of_function(*function).actions);
  } else {
    return;
  }
  if (tag == "DefineStmt")
    for (const auto& item : node.list("definition")) {
      const Node option{&item};
      const std::string_view given = option.text("defname");
      const bool function = given.ends_with("func") || given.ends_with("func1") ||
                            one_of(given, {"function", "procedure"});
      if (!function) continue;
      const auto [schema, name] = split_name(option.node("arg").list("names"));
      const std::string_view word = option.node("arg").text("sval");
      facts_.function_for_later(schema, name.empty() ? word : name);
    }
  facts_.makes(std::move(out));
}

void ActionWalker::gives_other_name(const Node& node) {
  const bool renames = node.is("RenameStmt");
  const std::string_view type = node.text(renames ? "renameType" : "objectType");
  if (type == "OBJECT_SCHEMA" || node.has("relation")) return;  // catalog_changes.h
  moves_what_runs(type, node.node("object"), renames ? node.text("newname") : "");
}

// "": it keeps its name, in another schema.
void ActionWalker::moves_what_runs(std::string_view type, const Node& object,
                                   std::string_view new_name) {
  const auto [schema, name] =
      split_name(object.is("ObjectWithArgs") ? object.list("objname") : object.list("items"));
  Made out = made(Kind::kFunction, new_name.empty() ? name : new_name);
  out.before = name;
  out.does_as_statement = true;
  if (is_routine(type)) {
    facts_.function_for_later(schema, name);
  } else if (type == "OBJECT_OPERATOR") {
    out.kind = Kind::kOperator;
    operator_named(name);
  } else if (is_type(type)) {
    out.kind = Kind::kType;
    for (const Function* function : facts_.catalog().hidden_calls_of_cast(name))
      facts_.hidden_call(*function);
    out.made_of.push_back({Kind::kType, std::string{name}});
  } else {
    return;
  }
  facts_.makes(std::move(out));
}

}  // namespace sluice::sql
