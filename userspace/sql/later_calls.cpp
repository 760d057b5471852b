// SPDX-License-Identifier: Apache-2.0
// ActionWalker: definitions by which the server will call a function where no statement names it.
// Such a call is judged here, for later nobody sees it.
#include <algorithm>

#include "sql/action_walker.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Languages in which anyone who may use them is still inside SQL.
bool is_trusted_language(std::string_view language) {
  return one_of(language, {"sql", "plpgsql", "pltcl", "plperl", "plv8", "plrust"});
}

// Whether the catalogue has a function, not PostgreSQL's own, that CREATE OR REPLACE may mean.
bool replaces(const Catalog& catalog, std::string_view schema, std::string_view name) {
  const auto candidates = catalog.functions_named(name);
  return std::any_of(candidates.begin(), candidates.end(), [&](const Function* function) {
    return schema.empty() ? !one_of(function->schema, {"pg_catalog", "information_schema"})
                          : function->schema == schema;
  });
}

}  // namespace

void ActionWalker::create_function(const Node& node) {
  const auto [schema, name] = split_name(node.list("funcname"));
  facts_.object(ObjectRef::Kind::kFunction, schema, name);
  // Triggers, defaults and indexes go on calling what is replaced.
  if (node.flag("replace") && replaces(facts_.catalog(), schema, name))
    facts_.action(Action::kCall);
  for (const auto& item : node.list("options")) {
    const Node option{&item};
    const std::string_view option_name = option.text("defname");
    const std::string_view word = option.node("arg").text("sval");
    if (option_name == "language" && !is_trusted_language(word)) facts_.action(Action::kHost);
    if (option_name == "security") facts_.action(Action::kGrant);
  }
  children_except(node, {"funcname"});
}

bool ActionWalker::runs_later(const Node& node) {
  const std::string_view tag = node.tag();
  if (tag == "CreateFunctionStmt") {
    create_function(node);
  } else if (one_of(tag, {"CreateTrigStmt", "CreateEventTrigStmt"})) {
    const auto [schema, name] = split_name(node.list("funcname"));
    facts_.action(Action::kCall);
    facts_.object(ObjectRef::Kind::kFunction, schema, name);
    children_except(node, {"funcname"});
  } else if (tag == "CreateCastStmt") {
    if (node.text("context") != "COERCION_EXPLICIT") facts_.action(Action::kCall);
    // An explicit one too: to_json(), || and others use the casts that they find.
    if (node.has("func") && facts_.catalog().any_sensitive())
      facts_.unknown("the cast will run its function on any value, where nothing names it");
    children(node);
  } else if (one_of(tag, {"CreateOpClassStmt", "AlterOpFamilyStmt"})) {
    if (facts_.catalog().any_sensitive())
      facts_.unknown("its functions will compare any values, where nothing names them");
    children(node);
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::sql
