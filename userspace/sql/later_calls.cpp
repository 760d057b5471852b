// SPDX-License-Identifier: Apache-2.0
// ActionWalker: definitions by which the server will call a function where no statement names it.
// Such a call is judged here, for later nobody sees it.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"
#include "sql/words.h"

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
    return schema.empty() ? !of_postgres(*function) : function->schema == schema;
  });
}

// Where a value is looked for by its schema, pg_catalog is asked first; but a search_path may say
// otherwise, and another argument's type may fit better.
constexpr const char* kMeansAnother =
    "what others call by this name, with any value, may come to mean what is made here";

// "sfunc = a.b", "negator = <", "sortop = operator(a.<)", "sfunc = 'a'".
json::array name_in(const Node& element) {
  const Node value = element.node("arg");
  if (value.is("TypeName")) return value.list("names");
  if (value.is("List")) return value.list("items");
  if (const json::value* whole = element.field("arg"); value.is("String")) return {*whole};
  return {};
}

}  // namespace

void ActionWalker::function_name_taken(std::string_view schema, std::string_view name) {
  if (!facts_.catalog().any_sensitive()) return;
  const auto there = facts_.catalog().functions_named(name);
  if (!there.empty()) facts_.action(Action::kCall);
  for (const Function* function : there)
    if (function->schema == "pg_catalog" && schema != "pg_catalog") facts_.unknown(kMeansAnother);
}

// Definitions other than CREATE FUNCTION that give a name.
void ActionWalker::name_taken(const Node& node) {
  if (!facts_.catalog().any_sensitive()) return;
  const std::string_view tag = node.tag();
  std::string_view type;
  if (tag == "DefineStmt") {
    const auto [schema, name] = split_name(node.list("defnames"));
    const std::string_view kind = node.text("kind");
    if (kind == "OBJECT_AGGREGATE") {
      function_name_taken(schema, name);
      if (node.flag("replace") && !facts_.catalog().functions_named(name).empty())
        gives_values_away();
    }
    if (kind == "OBJECT_OPERATOR" && is_builtin_operator(name)) facts_.unknown(kMeansAnother);
    if (kind == "OBJECT_OPERATOR" && !facts_.catalog().hidden_calls_of_operator(name).empty())
      facts_.action(Action::kCall);
    if (kind == "OBJECT_TYPE") type = name;
  } else if (tag == "CreateDomainStmt") {
    type = split_name(node.list("domainname")).second;
  } else if (tag == "CompositeTypeStmt") {
    type = node.node("typevar").text("relname");
  } else if (one_of(tag, {"CreateEnumStmt", "CreateRangeStmt"})) {
    type = split_name(node.list("typeName")).second;
  }
  if (is_builtin_type_name(type)) facts_.unknown(kMeansAnother);
}

// What goes on calling it will call something else, or in another way, with whatever it is given.
void ActionWalker::gives_values_away() {
  if (!facts_.catalog().any_sensitive()) return;
  facts_.note("what calls it may give it sensitive values");
  facts_.touches();
  facts_.copies();
}

// To define something over a function is to call it: whoever uses it later does not name it.
void ActionWalker::will_call(const json::array& function) {
  const auto [schema, name] = split_name(function);
  if (name.empty() || !facts_.spend(3 * facts_.catalog().functions_named(name).size())) return;
  const FunctionEffect effect = effect_of_function(facts_.catalog(), schema, name);
  const ActionSet reading{Action::kRead};
  facts_.actions(ActionSet::from_bits(effect.actions.bits() & ~reading.bits()));
  facts_.object(ObjectRef::Kind::kFunction, effect.schema, name);
  facts_.checks_of_call(name);
  if (name == "set_config") facts_.unknown("set_config() of a name that is not seen");
  if (!effect.found) facts_.note("function " + std::string{name} + "() is not in the catalogue");
}

// A trigger's function: what it raises or fails with is said to whoever changes the table, and to
// the handlers there. One that the catalogue does not have yet was judged when it was made.
void ActionWalker::will_speak(std::string_view schema, std::string_view name) {
  if (!facts_.catalog().any_sensitive()) return;
  for (const Function* function : facts_.catalog().functions_named(name)) {
    if (!schema.empty() && function->schema != schema) continue;
    if (!may_quote_as_trigger(*function)) continue;
    facts_.note("what the function of the trigger says may be sensitive");
    facts_.touches();
    facts_.copies();
    return;
  }
}

// What an extension's function in C makes of a trigger's arguments nobody can read: it may be the
// names of tables and columns, as refint's are.
void ActionWalker::will_be_given_arguments(std::string_view schema, std::string_view name) {
  if (!facts_.catalog().any_sensitive()) return;
  for (const Function* function : facts_.catalog().functions_named(name))
    if ((schema.empty() || function->schema == schema) && function->shipped &&
        function->language == "c" && known_function(name) == nullptr)
      facts_.unknown("what " + std::string{name} + "() does as a trigger is not known");
}

// Until the catalogue has the trigger, and of a temporary table it never does, who changes the
// table calls its function.
void ActionWalker::fires(const Node& table, std::string_view schema, std::string_view name) {
  if (!table || !facts_.catalog().any_sensitive()) return;
  CatalogChange change;
  change.kind = CatalogChange::Kind::kTrigger;
  change.schema = table.text("schemaname");
  change.name = table.text("relname");
  change.other_schema = schema;
  change.other_name = name;
  facts_.changes(std::move(change));
}

// Of CREATE AGGREGATE, OPERATOR, TYPE, TEXT SEARCH and ALTER of them; no two of these have a word
// for different things.
void ActionWalker::definition(const json::array& elements) {
  for (const auto& item : elements) {
    const Node element{&item};
    const std::string_view word = element.text("defname");
    if (one_of(word, {"sfunc",        "sfunc1",   "finalfunc", "combinefunc", "serialfunc",
                      "deserialfunc", "msfunc",   "minvfunc",  "mfinalfunc",  "function",
                      "procedure",    "restrict", "join",      "input",       "output",
                      "receive",      "send",     "typmod_in", "typmod_out",  "analyze",
                      "subscript",    "start",    "gettoken",  "end",         "headline",
                      "lextypes",     "init",     "lexize",    "canonical",   "subtype_diff"})) {
      will_call(name_in(element));
      part_in_c(word, name_in(element));
    }
    if (one_of(word, {"sortop", "commutator", "negator"})) operators(name_in(element));
    if (word == "subtype_opclass") operator_class(name_in(element));
    if (word == "subtype") operator_class(name_in(element));  // the type's default one
    if (!element.node("arg").is("String")) continue;          // "stype = 't'"
    checks_of(string_of(*element.field("arg")));
    kept_in_memory(string_of(*element.field("arg")));
  }
}

void ActionWalker::define(const Node& node) {
  const std::string_view kind = node.text("kind");
  const auto [schema, name] = split_name(node.list("defnames"));
  made_in(schema);
  if (kind == "OBJECT_AGGREGATE" && node.flag("replace")) replace_function(schema, name);
  if (kind == "OBJECT_TSDICTIONARY") return dictionary(node.list("definition"));
  if (!one_of(kind, {"OBJECT_TSCONFIGURATION", "OBJECT_COLLATION"}))
    definition(node.list("definition"));
}

// What stands there is found before everything else, under whatever name.
void ActionWalker::made_in(std::string_view schema) {
  if (one_of(schema, {"pg_catalog", "information_schema"}))
    facts_.unknown("what is put into " + std::string{schema} + " stands beside PostgreSQL's own");
}

// Triggers, defaults and indexes go on calling what is replaced.
void ActionWalker::replace_function(std::string_view schema, std::string_view name) {
  if (replaces(facts_.catalog(), schema, name)) facts_.action(Action::kCall);
  const auto candidates = facts_.catalog().functions_named(name);
  if (schema.empty() && std::any_of(candidates.begin(), candidates.end(),
                                    [](const Function* one) { return of_postgres(*one); }))
    facts_.unknown("without a schema it may be PostgreSQL's own " + std::string{name} +
                   "() that is replaced; write the schema");
}

// Of CREATE FUNCTION and ALTER FUNCTION. One that leaks nothing is given rows that row security and
// views keep back.
void ActionWalker::property(const Node& option) {
  const std::string_view name = option.text("defname");
  const bool leakproof = name == "leakproof" && option.node("arg").flag("boolval");
  if (name == "security" || leakproof) facts_.action(Action::kGrant);
  if (name == "support") support_function();
}

// Its files are the host's.
void ActionWalker::dictionary(const json::array& options) {
  for (const auto& item : options) {
    const Node option{&item};
    const bool file = one_of(lower_case(option.text("defname")),
                             {"dictfile", "afffile", "stopwords", "synonyms", "rules"});
    if (file && option.has("arg")) facts_.action(Action::kHost);
  }
}

void ActionWalker::create_function(const Node& node) {
  const auto [schema, name] = split_name(node.list("funcname"));
  facts_.object(ObjectRef::Kind::kFunction, schema, name);
  made_in(schema);
  keeps_type(node, "returnType");
  if (node.flag("replace")) replace_function(schema, name);
  function_name_taken(schema, name);
  for (const auto& item : node.list("options")) {
    const Node option{&item};
    const std::string_view option_name = option.text("defname");
    const std::string_view word = option.node("arg").text("sval");
    if (option_name == "language" && !is_trusted_language(word)) facts_.action(Action::kHost);
    property(option);
  }
  children_except(node, {"funcname", "returnType"});
}

bool ActionWalker::runs_later(const Node& node) {
  const std::string_view tag = node.tag();
  if (tag == "CreateFunctionStmt") {
    create_function(node);
  } else if (one_of(tag, {"CreateTrigStmt", "CreateEventTrigStmt"})) {
    const auto [schema, name] = split_name(node.list("funcname"));
    facts_.action(Action::kCall);
    facts_.function_for_later(schema, name);
    will_be_given_arguments(schema, name);
    will_speak(schema, name);
    fires(node.node("relation"), schema, name);
    children_except(node, {"funcname"});
  } else if (tag == "CreateCastStmt") {
    if (node.text("context") != "COERCION_EXPLICIT") facts_.action(Action::kCall);
    will_call(node.node_as("func", "ObjectWithArgs").list("objname"));
    cast_of_bytes(node);
    const Node source = node.node_as("sourcetype", "TypeName");
    if (node.flag("inout") && node.text("context") == "COERCION_IMPLICIT" &&
        !facts_.catalog().relations_named(split_name(source.list("names")).second).empty())
      facts_.unknown("the cast will take any row to be something else, where nothing names it");
    // An explicit one too: to_json(), || and others use the casts that they find.
    if (node.has("func") && facts_.catalog().any_sensitive())
      facts_.unknown("the cast will run its function on any value, where nothing names it");
    children(node);
  } else if (one_of(tag, {"CreateOpClassStmt", "AlterOpFamilyStmt"})) {
    made_in(split_name(node.list("opclassname")).first);
    for (const auto& item : node.list("items")) {
      const Node member{&item};  // its kinds, by number: an operator, a function, the type it keeps
      const auto& name = member.node_as("name", "ObjectWithArgs").list("objname");
      if (member.integer("itemtype") == 1) operators(name);
      if (member.integer("itemtype") == 2) will_call(name);
    }
    // Whether its functions fit an index of that kind the server mostly does not look at.
    facts_.unknown("its functions will compare any values, where nothing names them");
    children(node);
  } else if (tag == "DefineStmt") {
    define(node);
    children(node);
  } else if (tag == "AlterTSDictionaryStmt") {
    dictionary(node.list("options"));
    children(node);
  } else if (one_of(tag, {"AlterOperatorStmt", "AlterTypeStmt"})) {
    definition(node.list("options"));
    children(node);
  } else if (tag == "CreateRangeStmt") {
    made_in(split_name(node.list("typeName")).first);
    definition(node.list("params"));
    children(node);
  } else if (tag == "CreateConversionStmt") {
    made_in(split_name(node.list("conversion_name")).first);
    will_call(node.list("func_name"));
    children(node);
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::sql
