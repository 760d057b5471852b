// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog_changes.h"

#include <algorithm>
#include <utility>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"
#include "sql/copied_columns.h"
#include "sql/owned_sequences.h"

namespace sluice::sql {
namespace {

using Kind = CatalogChange::Kind;

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::vector<std::string> names_in(const json::array& list) {
  std::vector<std::string> names;
  for (const auto& item : list) names.emplace_back(string_of(item));
  return names;
}

char letter_of(const Node& constraint, const char* field) {
  const std::string_view text = constraint.text(field);
  return text.size() == 1 ? text[0] : 'a';
}

bool goes_at_end(const Node& node) {
  return node.text("oncommit") == "ONCOMMIT_DROP" || node.text("onCommit") == "ONCOMMIT_DROP";
}

CatalogChange change_named(Kind kind, std::string_view schema, std::string_view name) {
  CatalogChange change;
  change.kind = kind;
  change.schema = schema;
  change.name = name;
  return change;
}

class Changes {
 public:
  explicit Changes(Facts& facts) : facts_(facts) {}

  void create_table(const Node& node, char relkind) {
    const Node table = node.node("relation");
    CatalogChange change = change_of(Kind::kNewRelation, table);
    change.relkind = relkind;
    change.acts = relkind == 'f';
    change.goes_at_end = goes_at_end(node);
    // A partitioned one, or one of another access method, goes with what these are made of.
    change.fills_itself = node.has("partspec") || node.has("accessMethod");
    // One that is there already, if it is temporary, this session has made, which then stays laid
    // over the catalogue.
    const bool may_be_another = node.flag("if_not_exists") && !change.temporary;
    change.columns_known = change.contents_judged =
        node.list("inhRelations").empty() && !node.has("ofTypename") && !may_be_another;
    for (const auto& item : node.list("tableElts")) {
      const Node element{&item};
      if (element.is("ColumnDef")) {
        change.columns.emplace_back(element.text("colname"));
        change.columns_may_go |= may_go(element);
        change.fills_itself |= fills_itself(element.node("typeName"), facts_.catalog());
      } else if (element.is("TableLikeClause")) {
        columns_of_like(element, facts_, change);
      }
    }
    facts_.changes(std::move(change));
    for (const auto& item : node.list("tableElts")) {
      const Node element{&item};
      sequences_of_column(table, element.text("colname"), element, facts_);
      if (element.is("TableLikeClause")) sequences_of_like(table, element, facts_);
    }
    for (const auto& item : node.list("inhRelations")) heir(table, Node{&item});
    for (const auto& item : node.list("tableElts")) constraints(table, Node{&item});
    for (const auto& item : node.list("constraints")) foreign_key(table, Node{&item}, {});
  }

  void create(const Node& range_var, char relkind, bool replaces = false) {
    if (!range_var) return;
    facts_.changes(made(range_var, relkind, replaces));
  }

  void create_as(const Node& into, char relkind, bool if_not_exists) {
    if (!into.node("rel")) return;
    CatalogChange change = made(into.node("rel"), relkind, false);
    change.goes_at_end = goes_at_end(into);
    change.fills_itself = (if_not_exists && !change.temporary) || into.has("accessMethod");
    facts_.changes(std::move(change));
  }

  void rule(const Node& node) {
    CatalogChange change = change_of(Kind::kRule, node.node("relation"));
    const std::string_view event = node.text("event");
    change.event = event == "CMD_UPDATE"   ? '2'
                   : event == "CMD_INSERT" ? '3'
                   : event == "CMD_DELETE" ? '4'
                                           : '1';
    change.acts = true;
    facts_.changes(std::move(change));
  }

  void alter_table(const Node& node) {
    const Node table = node.node("relation");
    if (node.text("objtype") == "OBJECT_TYPE")
      return facts_.changes(change_of(Kind::kTypeColumns, table));
    for (const auto& item : node.list("cmds")) {
      const Node command{&item}, definition = command.node("def");
      const std::string_view subtype = command.text("subtype");
      const bool certain = !node.flag("missing_ok") && !command.flag("missing_ok");
      if (subtype == "AT_AddColumn" || subtype == "AT_DropColumn") {
        const bool adds = subtype == "AT_AddColumn";
        CatalogChange change = change_of(adds ? Kind::kColumnAdded : Kind::kColumnGone, table);
        change.other_name = adds ? definition.text("colname") : command.text("name");
        change.certain = certain && !(adds && is_generated(definition));
        change.fills_itself = adds && fills_itself(definition.node("typeName"), facts_.catalog());
        facts_.changes(std::move(change));
      }
      if (subtype == "AT_AddColumn" || subtype == "AT_AddIdentity") {
        const bool adds = subtype == "AT_AddColumn";
        sequences_of_column(table, adds ? definition.text("colname") : command.text("name"),
                            definition, facts_);
      }
      if (one_of(subtype,
                 {"AT_AddOf", "AT_DropOf", "AT_AlterColumnType", "AT_AlterColumnGenericOptions"})) {
        CatalogChange change = change_of(Kind::kColumns, table);
        change.fills_itself = subtype == "AT_AlterColumnType" &&
                              fills_itself(definition.node("typeName"), facts_.catalog());
        facts_.changes(std::move(change));
      }
      if (subtype == "AT_DropColumn" && cascades(command))
        cascade(table.text("schemaname"), table.text("relname"));
      if (subtype == "AT_AddInherit") heir(table, definition);
      if (subtype == "AT_AttachPartition") heir(definition.node("name"), table);
      constraints(table, definition);
      foreign_key(table, definition, {});
    }
  }

  void rename(const Node& node) {
    const std::string_view type = node.text("renameType");
    const Node relation = node.node("relation");
    if (type == "OBJECT_SCHEMA") {
      CatalogChange change;
      change.kind = Kind::kOtherSchema;
      change.name = node.text("subname");
      change.new_schema = node.text("newname");
      return facts_.changes(std::move(change));
    }
    if (!relation) return called(name_of_object(node.node("object")), node.text("newname"));
    if (type == "OBJECT_ATTRIBUTE") return facts_.changes(change_of(Kind::kTypeColumns, relation));
    CatalogChange change =
        change_of(type == "OBJECT_COLUMN" ? Kind::kColumnNamed : Kind::kOtherName, relation);
    change.new_name = node.text("newname");
    change.certain = !node.flag("missing_ok");
    if (type == "OBJECT_COLUMN")
      change.other_name = node.text("subname");
    else if (!has_rows(type))
      return;
    facts_.changes(std::move(change));
  }

  void dropped(const Node& node) {
    const std::string_view type = node.text("removeType");
    for (const auto& item : node.list("objects")) {
      const Node object{&item};
      if (one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE",
                        "OBJECT_SEQUENCE"})) {
        const auto [schema, name] = split_name(object.list("items"));
        gone(schema, name);
      }
      if (type == "OBJECT_SCHEMA" && cascades(node)) gone(object.text("sval"), {});
    }
    if (!cascades(node)) return;
    for (const auto& item : node.list("objects")) cascade({}, name_of_object(Node{&item}));
  }

  void gone(std::string_view schema, std::string_view name) {
    facts_.changes(change_named(Kind::kGone, schema, name));
  }

  // By another name it gives its columns the default of the type that it is made of.
  void domain(const Node& node) {
    if (fills_itself(node.node("typeName"), facts_.catalog()))
      facts_.statement().fills_unseen = true;
  }

  // DROP OWNED does not say what it drops.
  void cascade(std::string_view schema, std::string_view name) {
    facts_.changes(change_named(Kind::kCascade, schema, name));
    const auto above = facts_.catalog().tables_on(name);
    facts_.statement().blinds |= facts_.spend(above.size()) &&
                                 std::any_of(above.begin(), above.end(), [](const Relation* table) {
                                   return table->any_sensitive();
                                 });
    if (name.empty()) facts_.statement().blinds |= facts_.catalog().any_sensitive();
  }

  void moves(const Node& node) {
    const Node relation = node.node("relation");
    if (!relation) return called(name_of_object(node.node("object")), node.text("newschema"));
    if (!has_rows(node.text("objectType"))) return;
    CatalogChange change = change_of(Kind::kOtherName, relation);
    change.new_name = change.name;
    change.new_schema = node.text("newschema");
    facts_.changes(std::move(change));
  }

 private:
  static CatalogChange made(const Node& range_var, char relkind, bool replaces) {
    CatalogChange change = change_of(Kind::kNewRelation, range_var);
    change.relkind = relkind;
    change.acts = relkind == 'v';
    change.replaces = replaces;
    return change;
  }

  // With something that is not PostgreSQL's own, by a CASCADE of another session.
  bool may_go(const Node& column) const {
    const Node type = column.node("typeName");
    const auto& names = type.list("names");
    if (names.empty() || names.size() > 2) return true;
    const std::string_view name = string_of(names.back());
    const bool own = is_builtin_type_name(name) && facts_.catalog().types_named(name).empty();
    const bool given = names.size() == 2 && string_of(names.front()) == "pg_catalog";
    if (names.size() == 2 ? !given : !own && !is_serial(type)) return true;
    const auto& collation = column.node("collClause").list("collname");
    return !collation.empty() || is_generated(column);
  }

  // From other columns, whatever these hold.
  static bool is_generated(const Node& column) {
    const auto& constraints = column.list("constraints");
    return std::any_of(constraints.begin(), constraints.end(), [](const json::value& one) {
      return Node{&one}.text("contype") == "CONSTR_GENERATED";
    });
  }

  void called(std::string_view name, std::string_view other) {
    CatalogChange change;
    change.kind = Kind::kCalled;
    change.name = name;
    change.new_name = other;
    facts_.changes(std::move(change));
    if (fills_itself(name, facts_.catalog())) facts_.statement().fills_unseen = true;
  }

  // Or may have: ALTER INDEX takes a table as well.
  static bool has_rows(std::string_view type) {
    return one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE",
                         "OBJECT_SEQUENCE", "OBJECT_INDEX"});
  }

  void constraints(const Node& table, const Node& element) {
    if (element.is("Constraint")) return foreign_key(table, element, {});
    for (const auto& one : element.list("constraints"))
      foreign_key(table, Node{&one}, element.text("colname"));
  }

  void foreign_key(const Node& table, const Node& constraint, std::string_view column) {
    if (!constraint.is("Constraint") || constraint.text("contype") != "CONSTR_FOREIGN") return;
    CatalogChange change = change_of(Kind::kForeignKey, table);
    const Node other = constraint.node("pktable");
    change.other_schema = other.text("schemaname");
    change.other_name = other.text("relname");
    change.on_delete = letter_of(constraint, "fk_del_action");
    change.on_update = letter_of(constraint, "fk_upd_action");
    change.referenced = names_in(constraint.list("pk_attrs"));
    change.referring = names_in(constraint.list("fk_attrs"));
    if (change.referring.empty() && !column.empty()) change.referring.emplace_back(column);
    facts_.changes(std::move(change));
  }

  void heir(const Node& child, const Node& parent) {
    CatalogChange change = change_of(Kind::kHeir, child);
    change.other_schema = parent.text("schemaname");
    change.other_name = parent.text("relname");
    facts_.changes(std::move(change));
  }

  Facts& facts_;
};

}  // namespace

CatalogChange change_of(CatalogChange::Kind kind, const Node& range_var) {
  CatalogChange change;
  change.kind = kind;
  change.schema = range_var.text("schemaname");
  change.name = range_var.text("relname");
  change.temporary =
      range_var.text("relpersistence") == "t" || change.schema.starts_with("pg_temp");
  return change;
}

void find_changes(const Node& node, Facts& facts) {
  const std::string_view tag = node.tag();
  Changes changes{facts};
  if (tag == "CreateStmt") changes.create_table(node, 'r');
  if (tag == "CreateForeignTableStmt")
    changes.create_table(node.node_as("base", "CreateStmt"), 'f');
  if (tag == "CreateSeqStmt") changes.create(node.node("sequence"), 'S');
  if (tag == "CreateTableAsStmt")
    changes.create_as(node.node("into"), node.text("objtype") == "OBJECT_MATVIEW" ? 'm' : 'r',
                      node.flag("if_not_exists"));
  if (tag == "SelectStmt") changes.create_as(into_of(node), 'r', false);
  if (tag == "ViewStmt") changes.create(node.node("view"), 'v', node.flag("replace"));
  if (tag == "RuleStmt") changes.rule(node);
  if (tag == "AlterTableStmt") changes.alter_table(node);
  if (tag == "RenameStmt") changes.rename(node);
  if (tag == "AlterObjectSchemaStmt") changes.moves(node);
  if (tag == "DropStmt") changes.dropped(node);
  if (tag == "CreateDomainStmt") changes.domain(node);
  if (tag == "DropOwnedStmt") changes.gone({}, {});
  if (tag == "DropOwnedStmt" && cascades(node)) changes.cascade({}, {});
  if (tag == "DiscardStmt" && one_of(node.text("target"), {"DISCARD_TEMP", "DISCARD_ALL"}))
    changes.gone({}, {});
}

void complete_changes(Statement& statement) {
  std::shared_ptr<Statement> does;
  for (CatalogChange& change : statement.changes) {
    if (!change.acts || change.does) continue;
    if (!does) {
      does = std::make_shared<Statement>();
      // What its author searched or copied by was judged when it was made.
      for (const Action action : statement.actions.list())
        if (action != Action::kDdl && action != Action::kSensitiveSearch &&
            action != Action::kSensitiveCopy)
          does->actions.add(action);
      does->objects = statement.objects;
      does->kin = statement.kin;
      does->runs = statement.runs;
      does->notes = statement.notes;
      does->changes_meaning = statement.changes_meaning;
      does->changes_reading = statement.changes_reading;
      does->computes_opaque = statement.computes_opaque;
      does->computes_sensitive = statement.computes_sensitive;
      does->touches_sensitive = statement.touches_sensitive;
    }
    change.does = does;
  }
}

}  // namespace sluice::sql
