// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements that name what they are about by its kind: DROP, COMMENT, ALTER ...
// RENAME.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_relation(std::string_view type) {
  return one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE",
                       "OBJECT_SEQUENCE"});
}

// Named by a relation and a name inside of it.
bool is_part_of_relation(std::string_view type) {
  return one_of(type, {"OBJECT_COLUMN", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_RULE",
                       "OBJECT_POLICY"});
}

bool is_called(std::string_view type) {
  return one_of(type, {"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE",
                       "OBJECT_OPERATOR"});
}

// They do not look whether they are given NULL where they need not.
bool any_in_c(const Catalog& catalog, std::string_view name) {
  const auto named = catalog.functions_named(name);
  return std::any_of(named.begin(), named.end(), [](const Function* one) {
    return one->language == "c" || one->language == "internal";
  });
}

}  // namespace

// The sequence goes with that column's table; "none" is one word.
void ActionWalker::owned_by(json::array column) {
  if (column.size() < 2) return;
  column.pop_back();
  const auto [schema, name] = split_name(column);
  facts_.relation(schema, name);
}

// Whatever stands in it goes with it.
void ActionWalker::whole_schema(std::string_view name) {
  facts_.object(ObjectRef::Kind::kOther, {}, name);
  if (is_toast(name, {})) facts_.unknown("it keeps rows of tables that are not named");
  for (const Relation* relation : facts_.catalog().relations_in(name))
    facts_.object(ObjectRef::Kind::kTable, relation->schema, relation->name);
}

void ActionWalker::named_object(std::string_view type, const Node& object) {
  if (object.is("ObjectWithArgs")) {
    const auto [schema, name] = split_name(object.list("objname"));
    return facts_.object(ObjectRef::Kind::kFunction, schema, name);
  }
  if (object.is("String")) {
    const std::string_view name = object.text("sval");
    return type == "OBJECT_SCHEMA" ? whole_schema(name)
                                   : facts_.object(ObjectRef::Kind::kOther, {}, name);
  }
  json::array parts = object.list("items");
  if (is_part_of_relation(type) && parts.size() > 1) parts.pop_back();
  const auto [schema, name] = split_name(parts);
  if (is_relation(type) || is_part_of_relation(type)) return facts_.relation(schema, name);
  if (!name.empty()) facts_.object(ObjectRef::Kind::kOther, schema, name);
}

// What it is to drop or rename something of this kind, beside ddl: the same as to make it.
void ActionWalker::kind_of_object(std::string_view type) {
  if (one_of(type, {"OBJECT_EXTENSION", "OBJECT_FDW", "OBJECT_FOREIGN_SERVER", "OBJECT_LANGUAGE",
                    "OBJECT_ACCESS_METHOD", "OBJECT_PUBLICATION", "OBJECT_SUBSCRIPTION",
                    "OBJECT_TRANSFORM", "OBJECT_FOREIGN_TABLE", "OBJECT_DATABASE",
                    "OBJECT_TABLESPACE", "OBJECT_CONVERSION"}))
    facts_.action(Action::kHost);
  if (one_of(type, {"OBJECT_POLICY", "OBJECT_ROLE", "OBJECT_EVENT_TRIGGER"}))
    facts_.action(Action::kGrant);
}

// A trigger, a view or an index goes on calling it, and CREATE OR REPLACE of the new name does not
// show that it is called. The new name may be what others mean, too.
void ActionWalker::moves(std::string_view type, const Node& object, std::string_view new_name) {
  if (is_called(type)) {
    facts_.action(Action::kCall);
    gives_values_away();
  }
  if (type == "OBJECT_OPCLASS") operator_class(object.list("items"));
  const bool is_type = one_of(type, {"OBJECT_TYPE", "OBJECT_DOMAIN"});
  if (is_type && (new_name.empty() || is_builtin_type_name(new_name))) gives_values_away();
}

// Where its options do not say otherwise, a foreign table is over there what it is called here.
// ALTER TABLE, ALTER VIEW and ALTER INDEX take one, too.
void ActionWalker::foreign_tables(std::string_view type, const Node& node) {
  const bool is_schema = type == "OBJECT_SCHEMA";
  const Node relation = node.node("relation");
  if (!is_schema && (!relation || is_part_of_relation(type))) return;
  const auto& catalog = facts_.catalog();
  const auto named = catalog.relations_named(relation.text("relname"));
  const std::vector<const Relation*> inside =
      is_schema ? catalog.relations_in(node.text("subname"))
                : std::vector<const Relation*>{named.begin(), named.end()};
  if (!facts_.spend(inside.size())) return;
  const bool any = std::any_of(inside.begin(), inside.end(), [&](const Relation* one) {
    return one->kind == 'f' && one->may_be_in(relation.text("schemaname"));
  });
  if (!any) return;
  facts_.action(Action::kHost);
  facts_.note("a foreign table that is called otherwise may be another one over there");
}

void ActionWalker::drop(const Node& node) {
  const std::string_view type = node.text("removeType");
  kind_of_object(type);
  // What no longer stands there runs as little as what is disabled.
  if (one_of(type, {"OBJECT_TRIGGER", "OBJECT_RULE"})) facts_.action(Action::kGrant);
  if (one_of(type, {"OBJECT_TYPE", "OBJECT_DOMAIN"}) && node.text("behavior") == "DROP_CASCADE")
    facts_.unknown("DROP ... CASCADE of a type takes columns away that it does not name");
  for (const auto& item : node.list("objects")) named_object(type, Node{&item});
}

bool ActionWalker::about_object(const Node& node) {
  const std::string_view tag = node.tag();
  if (tag == "DropStmt") {
    drop(node);
    return true;
  }
  std::string_view type;
  if (tag == "CommentStmt" || tag == "SecLabelStmt") {
    type = node.text("objtype");
  } else if (tag == "RenameStmt") {
    type = node.text("renameType");
    kind_of_object(type);
    moves(type, node.node("object"), node.text("newname"));
    foreign_tables(type, node);
    if (type == "OBJECT_SCHEMA") {
      whole_schema(node.text("subname"));
      made_in(node.text("subname"));
      made_in(node.text("newname"));
    }
    if (is_relation(type)) checks_of(node.node("relation").text("relname"));
  } else if (tag == "AlterObjectSchemaStmt" || tag == "AlterOwnerStmt") {
    type = node.text("objectType");
    kind_of_object(type);
    made_in(node.text("newschema"));
    if (tag == "AlterObjectSchemaStmt") {
      moves(type, node.node("object"), {});
      foreign_tables(type, node);
    }
  } else if (tag == "AlterFunctionStmt") {
    type = "OBJECT_FUNCTION";
    for (const auto& item : node.list("actions")) {
      const Node option{&item};
      property(option);
      if (option.text("defname") == "strict" && !option.node("arg").flag("boolval") &&
          any_in_c(facts_.catalog(), name_of_object(node.node_as("func", "ObjectWithArgs"))))
        facts_.unknown("it is in C, and was never called with NULL");
      if (option.text("defname") == "set") {  // names in its body may mean something else
        facts_.action(Action::kCall);
        gives_values_away();
      }
      // From then on a call of it counts as reading.
      if (option.text("defname") == "volatility" && option.node("arg").text("sval") != "volatile")
        facts_.action(Action::kCall);
    }
    named_object(type, node.node("func"));
  } else {
    return false;
  }
  if (node.has("object")) named_object(type, node.node("object"));
  children_except(node, {"object", "func"});
  return true;
}

}  // namespace sluice::sql
