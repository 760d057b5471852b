// SPDX-License-Identifier: Apache-2.0
// ActionWalker: definitions by which the server will call a function where no statement names it.
// Such a call is judged here, for later nobody sees it.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/do_block.h"

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

// Calling a function that says it is not volatile counts as reading, so what its body does beyond
// that is judged when it is made.
void ActionWalker::not_volatile(const Node& create) {
  const auto body = function_body(create, facts_, names_);
  if (!body) {
    if (!facts_.statement().actions.has(Action::kHost))
      facts_.unknown("the body of a function that says it is not volatile cannot be read");
    return;
  }
  for (const Action action : body->actions.list())
    if (!one_of(name_of(action), {"read", "sensitive_search", "sensitive_copy"}))
      facts_.action(action);
  for (const auto& object : body->objects) facts_.object(object.kind, object.schema, object.name);
}

void ActionWalker::create_function(const Node& node) {
  const auto [schema, name] = split_name(node.list("funcname"));
  facts_.object(ObjectRef::Kind::kFunction, schema, name);
  // Triggers, defaults and indexes go on calling what is replaced.
  if (node.flag("replace") && replaces(facts_.catalog(), schema, name))
    facts_.action(Action::kCall);
  bool is_volatile = true;
  for (const auto& item : node.list("options")) {
    const Node option{&item};
    const std::string_view option_name = option.text("defname");
    const std::string_view word = option.node("arg").text("sval");
    if (option_name == "language" && !is_trusted_language(word)) facts_.action(Action::kHost);
    if (option_name == "security") facts_.action(Action::kGrant);
    if (option_name == "volatility") is_volatile = word == "volatile";
  }
  if (!is_volatile) not_volatile(node);
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
    children(node);
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::sql
