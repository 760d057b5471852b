// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements that change PostgreSQL's own objects. The server lets a superuser alter
// most of them like any other; from then on no statement means what is known of it here, and
// functions in C are given what they do not expect.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_own_schema(std::string_view schema) {
  return one_of(schema, {"pg_catalog", "information_schema", "pg_toast"});
}

bool is_routine(std::string_view type) {
  return one_of(type,
                {"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"});
}

bool any_own_function(const Catalog& catalog, std::string_view name) {
  const auto named = catalog.functions_named(name);
  return std::any_of(named.begin(), named.end(),
                     [](const Function* one) { return of_postgres(*one); });
}

// pg_catalog is looked in first, information_schema only where search_path says so. Indexes are not
// listed.
bool is_own_relation(const Catalog& catalog, std::string_view name) {
  const auto named = catalog.relations_named(name);
  if (named.empty()) return name.starts_with("pg_");
  const auto own = [](const Relation* one) { return of_postgres(*one); };
  return std::all_of(named.begin(), named.end(), own) ||
         std::any_of(named.begin(), named.end(),
                     [&](const Relation* one) { return own(one) && one->schema == "pg_catalog"; });
}

bool is_own_type(const Catalog& catalog, std::string_view name) {
  if (is_builtin_type_name(name) || is_pseudo_type_name(name) || name.starts_with("pg_"))
    return true;
  return one_of(name, {"cardinal_number", "character_data", "sql_identifier", "time_stamp",
                       "yes_or_no"}) &&
         catalog.types_named(name).empty();
}

// Most are named after what the host's libraries know: en_US.utf8, en-x-icu.
bool is_own_collation(const Catalog& catalog, std::string_view name) {
  const bool of_locale =
      name.ends_with("-x-icu") || name.starts_with("pg_") ||
      one_of(name, {"default", "ucs_basic", "unicode"}) ||
      std::any_of(name.begin(), name.end(), [](char one) { return one >= 'A' && one <= 'Z'; });
  return of_locale && catalog.name_revision(name).empty();
}

// The last parts of a name: `schema` is "" where there is none.
bool may_be_own(const Catalog& catalog, std::string_view type, std::string_view schema,
                std::string_view name) {
  if (type == "OBJECT_SCHEMA") return is_own_schema(name);
  if (!schema.empty()) return is_own_schema(schema);
  if (is_routine(type)) return any_own_function(catalog, name);
  if (type == "OBJECT_OPERATOR") return is_builtin_operator(name);
  if (one_of(type, {"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_DOMCONSTRAINT"}))
    return is_own_type(catalog, name);
  if (one_of(type, {"OBJECT_OPCLASS", "OBJECT_OPFAMILY"})) return name.ends_with("_ops");
  if (type == "OBJECT_COLLATION") return is_own_collation(catalog, name);
  if (type.starts_with("OBJECT_TS")) return is_builtin_text_search(name);
  if (one_of(type, {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_INDEX", "OBJECT_TRIGGER", "OBJECT_RULE",
                    "OBJECT_POLICY", "OBJECT_COLUMN", "OBJECT_TABCONSTRAINT"}))
    return is_own_relation(catalog, name);
  return false;
}

std::pair<std::string_view, std::string_view> whole_name(std::string_view type,
                                                         const Node& object) {
  if (object.is("ObjectWithArgs")) return split_name(object.list("objname"));
  if (object.is("TypeName")) return split_name(object.list("names"));
  if (object.is("String")) return {{}, object.text("sval")};
  json::array parts = object.list("items");
  const bool of_relation = one_of(type, {"OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY",
                                         "OBJECT_COLUMN", "OBJECT_TABCONSTRAINT"});
  if (of_relation && parts.size() > 1) parts.pop_back();
  // Their access method stands in front.
  const bool of_method = one_of(type, {"OBJECT_OPCLASS", "OBJECT_OPFAMILY"});
  if (of_method && parts.size() > 1) parts.erase(parts.begin());
  return split_name(parts);
}

// Statements that name in one field of their own what they alter.
struct AlteredField {
  std::string_view tag, field, type;
};
constexpr AlteredField kAltered[] = {
    {"AlterFunctionStmt", "func", "OBJECT_FUNCTION"},
    {"AlterOperatorStmt", "opername", "OBJECT_OPERATOR"},
    {"AlterTypeStmt", "typeName", "OBJECT_TYPE"},
    {"AlterDomainStmt", "typeName", "OBJECT_TYPE"},
    {"AlterEnumStmt", "typeName", "OBJECT_TYPE"},
    {"AlterTSConfigurationStmt", "cfgname", "OBJECT_TSCONFIGURATION"},
    {"AlterTSDictionaryStmt", "dictname", "OBJECT_TSDICTIONARY"},
    {"AlterTableStmt", "relation", "OBJECT_TABLE"},
    {"RuleStmt", "relation", "OBJECT_TABLE"},
    {"CreateTrigStmt", "relation", "OBJECT_TABLE"},
    {"CreatePolicyStmt", "table", "OBJECT_TABLE"},
    {"AlterPolicyStmt", "table", "OBJECT_TABLE"},
};

}  // namespace

void ActionWalker::not_own(std::string_view type, std::string_view schema, std::string_view name) {
  if (name.empty() || !facts_.spend(1)) return;
  if (!may_be_own(facts_.catalog(), type, schema, name)) return;
  facts_.unknown(schema.empty() && type != "OBJECT_SCHEMA"
                     ? "without a schema it may be PostgreSQL's own " + std::string{name} +
                           " that is changed; write the schema"
                     : "it is PostgreSQL's own " + std::string{name} + " that is changed");
}

void ActionWalker::changes_own(const Node& node) {
  const std::string_view tag = node.tag();
  const auto object = [&](std::string_view type, const Node& named) {
    const auto [schema, name] = whole_name(type, named);
    not_own(type, schema, name);
  };
  const auto relation = [&](const Node& range_var) {
    not_own("OBJECT_TABLE", range_var.text("schemaname"), range_var.text("relname"));
  };
  if (tag == "DropStmt") {
    const std::string_view type = node.text("removeType");
    const bool is_relation =
        one_of(type, {"OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE"});
    if (type == "OBJECT_CAST" || type == "OBJECT_TRANSFORM") return;  // of two types
    for (const auto& item : node.list("objects"))
      object(is_relation ? "OBJECT_TABLE" : type, Node{&item});
    return;
  }
  if (one_of(tag,
             {"RenameStmt", "AlterObjectSchemaStmt", "AlterOwnerStmt", "AlterObjectDependsStmt"})) {
    if (const Node named = node.node("relation")) return relation(named);
    return object(node.text(tag == "RenameStmt" ? "renameType" : "objectType"),
                  node.node("object"));
  }
  for (const AlteredField& altered : kAltered) {
    if (tag != altered.tag) continue;
    if (altered.type == "OBJECT_TABLE") return relation(node.node(altered.field));
    if (const auto& names = node.list(altered.field); !names.empty()) {
      const auto [schema, name] = split_name(names);
      return not_own(altered.type, schema, name);
    }
    return object(altered.type, node.node_as(altered.field, "ObjectWithArgs"));
  }
}

}  // namespace sluice::sql
