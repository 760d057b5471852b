// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements that change tables which they do not name. What a table stands on (a
// type, a sequence, a collation, another table that its foreign key refers to, ...) takes parts of
// it away when it is dropped with CASCADE, and changes it when it is altered. By another name or in
// another schema it could be dropped without anybody seeing what stands on it: so to move it is to
// change what stands on it. Of tables and views, which are ordinarily renamed, the new name is
// remembered instead, until the catalogue has it.
#include <algorithm>
#include <unordered_map>

#include "sql/action_walker.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_of_one_table(std::string_view type) {
  return one_of(type, {"OBJECT_INDEX", "OBJECT_STATISTIC_EXT"});
}

// Those have one field that names what they alter.
std::string_view name_of_altered(const Node& node) {
  if (node.is("AlterSeqStmt")) return node.node("sequence").text("relname");
  if (node.is("AlterFunctionStmt"))
    return split_name(node.node_as("func", "ObjectWithArgs").list("objname")).second;
  // A new value of an enumeration changes no row that is there.
  if (node.is("AlterEnumStmt") && !node.has("oldVal")) return {};
  static constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"AlterDomainStmt", "typeName"},       {"AlterEnumStmt", "typeName"},
      {"AlterTypeStmt", "typeName"},         {"AlterTSConfigurationStmt", "cfgname"},
      {"AlterTSDictionaryStmt", "dictname"}, {"AlterOpFamilyStmt", "opfamilyname"},
  };
  for (const auto& [tag, field] : kFields)
    if (node.is(tag)) return split_name(node.list(field)).second;
  return {};
}

// From then on it depends on what its new body or defaults name, and goes with that.
bool gets_dependencies(const Node& function) {
  const auto& parameters = function.list("parameters");
  return function.flag("replace") &&
         (function.has("sql_body") ||
          std::any_of(parameters.begin(), parameters.end(),
                      [](const auto& item) { return Node{&item}.has("defexpr"); }));
}

}  // namespace

bool cascades(const Node& node) { return node.text("behavior") == "DROP_CASCADE"; }

std::string_view name_of_object(const Node& object) {
  if (object.is("ObjectWithArgs")) return split_name(object.list("objname")).second;
  if (object.is("TypeName")) return split_name(object.list("names")).second;
  if (object.is("String")) return object.text("sval");
  return split_name(object.list("items")).second;
}

void ActionWalker::changes_tables_on(const Node& node) {
  const std::string_view tag = node.tag();
  const Catalog& catalog = facts_.catalog();
  if (tag == "DropStmt") {
    dropped(node);
  } else if (tag == "RenameStmt") {
    other_name(node.text("renameType"), node);
  } else if (tag == "AlterObjectSchemaStmt" || tag == "AlterObjectDependsStmt") {
    other_name(node.text("objectType"), node);
  } else if (one_of(tag, {"CommentStmt", "SecLabelStmt", "AlterOwnerStmt"})) {
    said_of(node.text(tag == "AlterOwnerStmt" ? "objectType" : "objtype"), node.node("object"));
  } else if (tag == "AlterTableStmt") {
    altered_table(node);
  } else if (tag == "AlterStatsStmt") {
    change(catalog.tables_of_index(split_name(node.list("defnames")).second));
  } else if (tag == "CreateFunctionStmt" && gets_dependencies(node)) {
    change(catalog.tables_on(split_name(node.list("funcname")).second));
  } else if (tag == "ViewStmt" && node.flag("replace")) {
    change(catalog.tables_on(node.node("view").text("relname")));
  } else if (tag == "RuleStmt" && node.text("event") == "CMD_SELECT") {
    change(catalog.tables_on(node.node("relation").text("relname")));
  } else if (tag == "ReindexStmt") {
    reindex(node);
  } else if ((tag == "VacuumStmt" && node.list("rels").empty()) ||
             (tag == "ClusterStmt" && !node.has("relation"))) {
    every_table();
  } else if (const std::string_view name = name_of_altered(node); !name.empty()) {
    change(catalog.tables_on(name));
  }
}

// Nothing is read of views.
void ActionWalker::change(std::span<const Relation* const> tables) {
  if (!facts_.spend(tables.size())) return;
  for (const Relation* table : tables)
    if (table->kind == 'v' || table->kind == 'm')
      facts_.object(ObjectRef::Kind::kTable, table->schema, table->name);
    else
      facts_.relation(table->schema, table->name);
}

void ActionWalker::dropped(const Node& node) {
  for (const auto& item : node.list("objects")) {
    const std::string_view name = name_of_object(Node{&item});
    if (is_of_one_table(node.text("removeType"))) change(facts_.catalog().tables_of_index(name));
    if (!cascades(node)) continue;
    facts_.runs(MadeName::Kind::kStandsOn, name);
    rights_go_with(name);
    change(facts_.catalog().tables_on(name));
  }
}

// To drop a policy, a trigger or a rule is to change rights; a CASCADE may do so without naming it.
void ActionWalker::rights_go_with(std::string_view name) {
  if (facts_.catalog().rights_stand_on(name)) facts_.action(Action::kGrant);
}

// The same of a column or a constraint of the table, or of an heir of it, which may have another
// name by now.
void ActionWalker::policies_go_with_part_of(const Node& range_var) {
  const Catalog& catalog = facts_.catalog();
  const std::string_view name = range_var.text("relname");
  bool any = catalog.has_policies(name) || catalog.rights_stand_on(name);
  for (const Relation* relation : catalog.relations_named(name)) {
    if (!facts_.spend(1 + relation->kin.size())) return;
    for (const Relation* heir : relation->kin) any |= catalog.has_policies(heir->name);
    const Relation* before = catalog.relation(relation->same_as);
    any |= before != nullptr && catalog.has_policies(before->name);
  }
  if (any) facts_.action(Action::kGrant);
}

// An index and the type of a row are their table's.
void ActionWalker::said_of(std::string_view type, const Node& object) {
  const std::string_view name = name_of_object(object);
  if (is_of_one_table(type)) change(facts_.catalog().tables_of_index(name));
  if (type == "OBJECT_TYPE") change(facts_.catalog().relations_named(name));
}

void ActionWalker::other_name(std::string_view type, const Node& node) {
  const Catalog& catalog = facts_.catalog();
  const Node relation = node.node("relation");
  if (type == "OBJECT_COLUMN") return change_above(relation, &Catalog::tables_of_type);
  if (one_of(type, {"OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"}))
    return;
  const std::string_view name = relation                  ? relation.text("relname")
                                : type == "OBJECT_SCHEMA" ? node.text("subname")
                                                          : name_of_object(node.node("object"));
  rights_go_with(name);  // by the other name it could be dropped
  // ALTER TABLE takes an index as well.
  if (is_of_one_table(type) || type == "OBJECT_TABLE") change(catalog.tables_of_index(name));
  if (one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE"}))
    return moves_from_under(name, node);
  change(catalog.tables_on(name));
}

void ActionWalker::moves_from_under(std::string_view name, const Node& node) {
  const auto tables = facts_.catalog().tables_on(name);
  change(facts_.catalog().tables_of_type(name));
  for (const char* field : {"newname", "newschema"}) {  // who drops the schema drops it
    if (!node.has(field) || !facts_.spend(tables.size())) continue;
    Made made;
    made.kind = MadeName::Kind::kStandsOn;
    made.name = node.text(field);
    made.before = name;
    for (const Relation* table : tables)
      made.objects.push_back({ObjectRef::Kind::kTable, table->schema, table->name});
    facts_.makes(std::move(made));
  }
}

void ActionWalker::altered_table(const Node& node) {
  const Catalog& catalog = facts_.catalog();
  const Node relation = node.node("relation");
  const std::string_view name = relation.text("relname");
  // A type is altered so too, and ALTER TABLE takes an index as well.
  change(node.text("objtype") == "OBJECT_TYPE" ? catalog.tables_on(name)
                                               : catalog.tables_of_index(name));
  bool shape = false, parts = false;
  for (const auto& item : node.list("cmds")) {
    const Node command{&item};
    shape |=
        one_of(command.text("subtype"), {"AT_AddColumn", "AT_DropColumn", "AT_AlterColumnType"});
    parts |= cascades(command);
  }
  if (shape) change_above(relation, &Catalog::tables_of_type);
  if (!parts) return;
  facts_.runs(MadeName::Kind::kStandsOn, name);
  policies_go_with_part_of(relation);
  change_above(relation, &Catalog::tables_on);
}

// What it loses its heirs lose, too.
void ActionWalker::change_above(const Node& range_var, TablesAbove above) {
  const Catalog& catalog = facts_.catalog();
  const std::string_view schema = range_var.text("schemaname"), name = range_var.text("relname");
  change((catalog.*above)(name));
  for (const Relation* relation : catalog.relations_named(name)) {
    if (!schema.empty() && relation->schema != schema) continue;
    if (!facts_.spend(relation->kin.size())) return;
    for (const Relation* heir : relation->kin) change((catalog.*above)(heir->name));
  }
}

// VACUUM, ANALYZE, CLUSTER and REINDEX of all that there is.
void ActionWalker::every_table() {
  for (const Relation* relation : facts_.catalog().tables_of_users())
    if (facts_.spend(1)) facts_.object(ObjectRef::Kind::kTable, relation->schema, relation->name);
}

void ActionWalker::reindex(const Node& node) {
  const std::string_view kind = node.text("kind");
  if (kind == "REINDEX_OBJECT_SCHEMA") whole_schema(node.text("name"));
  if (kind == "REINDEX_OBJECT_DATABASE") every_table();
  if (kind == "REINDEX_OBJECT_INDEX")
    change(facts_.catalog().tables_of_index(node.node("relation").text("relname")));
}

// Where one statement moves something and drops it, as DO can, also by way of several names.
void settle_moved(Statement& statement) {
  std::unordered_map<std::string_view, std::vector<ObjectRef>> above;
  for (const Made& made : statement.makes) {
    if (made.kind != MadeName::Kind::kStandsOn) continue;
    std::vector<ObjectRef> tables = made.objects;
    if (const auto before = above.find(made.before); before != above.end())
      tables.insert(tables.end(), before->second.begin(), before->second.end());
    auto& all = above[made.name];
    all.insert(all.end(), tables.begin(), tables.end());
  }
  if (above.empty()) return;
  auto& objects = statement.objects;
  for (const MadeName& run : statement.runs)
    if (const auto found = above.find(run.name);
        run.kind == MadeName::Kind::kStandsOn && found != above.end())
      objects.insert(objects.end(), found->second.begin(), found->second.end());
}

}  // namespace sluice::sql
