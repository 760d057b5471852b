// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements that give names. Later statements of the transaction use them before the
// catalogue has them, and bodies that are there already may: so to give a name to what runs counts
// as to run it.
#include <algorithm>

#include "sql/action_walker.h"

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

// Or may have: ALTER INDEX takes a table as well.
bool has_rows(std::string_view type) {
  return one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE",
                       "OBJECT_SEQUENCE", "OBJECT_INDEX"});
}

Made made(Kind kind, std::string_view name) {
  Made out;
  out.kind = kind;
  out.name = name;
  return out;
}

// It was there; who uses it from now on does this, too.
Made more_of(std::string_view relation) {
  Made out = made(Kind::kRelation, relation);
  out.new_name = false;
  return out;
}

bool is_temporary(const Node& range_var) {
  return range_var.text("relpersistence") == "t" || range_var.text("schemaname") == "pg_temp";
}

// What is written to it stays in it.
bool is_plain(const Relation& relation) {
  const auto acts = [](const ForeignKey& key) {
    const auto does = [](char letter) { return letter == 'c' || letter == 'n' || letter == 'd'; };
    return does(key.on_delete) || does(key.on_update);
  };
  return !relation.definition && !relation.definition_unread && !relation.on_insert &&
         !relation.on_update && !relation.on_delete && relation.stands_for.empty() &&
         !relation.outside &&
         std::none_of(relation.referenced_by.begin(), relation.referenced_by.end(), acts);
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
  const std::string_view tag = node.tag();
  if (one_of(tag, {"RenameStmt", "AlterObjectSchemaStmt"})) return gives_other_name(node);
  gives_relation(node);
  gives_name_to_what_runs(node);
  bonds(node);
}

void ActionWalker::gives_relation(const Node& node) {
  const std::string_view tag = node.tag();
  Node relation;
  bool plain = true;
  if (one_of(tag, {"CreateStmt", "RuleStmt"})) relation = node.node("relation");
  if (tag == "CreateForeignTableStmt") relation = node.node("base").node("relation");
  if (tag == "CreateSeqStmt") relation = node.node("sequence");
  if (tag == "CreateTableAsStmt") relation = node.node("into").node("rel");
  if (tag == "SelectStmt" && node.has("intoClause")) relation = node.node("intoClause").node("rel");
  if (tag == "ViewStmt") relation = node.node("view");
  if (!relation) return;
  // ON SELECT makes a view of it.
  const bool rule = tag == "RuleStmt" && node.text("event") != "CMD_SELECT";
  plain = !one_of(tag, {"CreateForeignTableStmt", "ViewStmt", "RuleStmt"});
  Made out = made(Kind::kRelation, relation.text("relname"));
  out.new_name = !rule;
  out.plain = plain;
  out.temporary = is_temporary(relation);
  out.does_as_statement = !plain;
  out.of_writers = rule;
  facts_.makes(std::move(out));
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
    const Node base = node.node_as("typeName", "TypeName");
    if (base)
      out.made_of.push_back({Kind::kType, std::string{split_name(base.list("names")).second}});
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
  const Node relation = node.node("relation");
  if (has_rows(type) && relation) {
    const std::string_view before = relation.text("relname");
    moves_relation(relation.text("schemaname"), before, renames ? node.text("newname") : before);
  } else if (type == "OBJECT_SCHEMA") {
    constexpr std::size_t kRelationsMax = 1000;
    const auto inside = facts_.catalog().relations_in(node.text("subname"));
    facts_.statement().makes_anything |= inside.size() > kRelationsMax;
    if (inside.size() <= kRelationsMax)
      for (const Relation* one : inside) moves_relation(one->schema, one->name, one->name);
  } else {
    moves_what_runs(type, node.node("object"), node.text("newname"));
  }
}

void ActionWalker::moves_relation(std::string_view schema, std::string_view before,
                                  std::string_view name) {
  Statement named;
  Facts named_facts{named, facts_};
  named_facts.relation(schema, before);
  Made out = made(Kind::kRelation, name);
  out.before = before;
  out.plain = true;
  for (const Relation* relation : facts_.catalog().relations_named(before)) {
    if (!schema.empty() && relation->schema != schema) continue;
    out.before_is_known = true;
    out.plain = out.plain && is_plain(*relation);
  }
  for (const Action action : named.actions.list())
    if (action != Action::kRead) out.actions.add(action);
  out.objects = std::move(named.objects);
  out.kin = std::move(named.kin);
  facts_.makes(std::move(out));
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

// What comes of changes to tables that were there before.
void ActionWalker::bonds(const Node& node) {
  const Node table = node.node("relation");
  if (node.is("CreateStmt")) {
    for (const auto& item : node.list("inhRelations")) heir(Node{&item}, table);
    for (const auto& item : node.list("tableElts")) {
      foreign_key(table, Node{&item});
      for (const auto& one : Node{&item}.list("constraints")) foreign_key(table, Node{&one});
    }
  }
  if (!node.is("AlterTableStmt")) return;
  for (const auto& item : node.list("cmds")) {
    const Node command{&item}, definition = command.node("def");
    const std::string_view subtype = command.text("subtype");
    if (subtype == "AT_AddInherit") heir(definition, table);
    if (subtype == "AT_AttachPartition") heir(table, definition.node("name"));
    foreign_key(table, definition);
    for (const auto& one : definition.list("constraints")) foreign_key(table, Node{&one});
  }
}

void ActionWalker::foreign_key(const Node& table, const Node& constraint) {
  if (!constraint.is("Constraint") || constraint.text("contype") != "CONSTR_FOREIGN") return;
  const auto acts = [&](const char* field) {
    return one_of(constraint.text(field), {"c", "n", "d"});
  };
  const bool deletes = constraint.text("fk_del_action") == "c";
  if (!acts("fk_del_action") && !acts("fk_upd_action")) return;
  Statement changed;
  Facts changed_facts{changed, facts_};
  const std::string_view schema = table.text("schemaname"), name = table.text("relname");
  for (const Action how : {Action::kUpdate, Action::kDelete}) {
    if (how == Action::kDelete && !deletes) continue;
    changed.actions.add(how);
    changed_facts.changed_relation(schema, name, how);
  }
  Made out = more_of(constraint.node("pktable").text("relname"));
  out.of_writers = true;
  out.actions = changed.actions;
  out.objects = std::move(changed.objects);
  facts_.makes(std::move(out));
}

// Whoever changes the parent changes the child, whose rows are the parent's.
void ActionWalker::heir(const Node& parent, const Node& child) {
  Statement below, above;
  Facts below_facts{below, facts_}, above_facts{above, facts_};
  for (const Action how : {Action::kDelete, Action::kUpdate})
    below_facts.changed_relation(child.text("schemaname"), child.text("relname"), how);
  above_facts.relation(parent.text("schemaname"), parent.text("relname"));
  Made up = more_of(parent.text("relname")), down = more_of(child.text("relname"));
  up.of_writers = true;
  up.actions = below.actions;
  up.kin = std::move(below.objects);
  up.kin.insert(up.kin.end(), below.kin.begin(), below.kin.end());
  down.kin = std::move(above.objects);
  for (const Relation* relation : facts_.catalog().relations_named(parent.text("relname")))
    for (const Relation* one : relation->kin)
      if (one->kind == 'p') down.kin.push_back({ObjectRef::Kind::kTable, one->schema, one->name});
  facts_.makes(std::move(up));
  facts_.makes(std::move(down));
}

}  // namespace sluice::sql
