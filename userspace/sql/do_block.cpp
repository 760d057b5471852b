// SPDX-License-Identifier: Apache-2.0
#include "sql/do_block.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <optional>
#include <unordered_set>
#include <utility>

#include "sql/action_walker.h"
#include "sql/describe.h"
#include "sql/functions.h"
#include "sql/handlers.h"
#include "sql/made_names.h"
#include "sql/quotes.h"
#include "sql/text_guard.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

constexpr const char* kReadsTwoWays =
    "the body means something else where standard_conforming_strings is off";

// A DO body holds so many expressions at most; each is parsed for itself.
constexpr std::size_t kExpressionsMax = 2000;
constexpr const char* kNotParsed = "a statement of DO cannot be parsed: ";

// ":=" in one of them: each takes two parses.
constexpr std::size_t kAssignmentsMax = 32;

// PL/pgSQL's parser looks for each word among all variables, one by one; each of these ends in a
// semicolon. A tenth of a second of that.
constexpr std::size_t kLooksMax = 100'000'000;

bool is_soon_parsed(std::string_view body) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
  };
  std::size_t words = 1, ends = 1;
  for (std::size_t at = 1; at < body.size(); ++at) {
    words += is_letter(body[at]) && !is_letter(body[at - 1]) ? 1 : 0;
    ends += body[at] == ';' ? 1 : 0;
  }
  return ends * words <= kLooksMax;
}

// Everything that PL/pgSQL's tree may be made of; another tag makes the block unknown.
bool is_known_plpgsql(std::string_view tag) {
  static const std::unordered_set<std::string_view> kKnown = {"PLpgSQL_function",
                                                              "PLpgSQL_var",
                                                              "PLpgSQL_rec",
                                                              "PLpgSQL_row",
                                                              "PLpgSQL_recfield",
                                                              "PLpgSQL_type",
                                                              "PLpgSQL_expr",
                                                              "PLpgSQL_stmt_block",
                                                              "PLpgSQL_stmt_assign",
                                                              "PLpgSQL_stmt_if",
                                                              "PLpgSQL_if_elsif",
                                                              "PLpgSQL_stmt_case",
                                                              "PLpgSQL_case_when",
                                                              "PLpgSQL_stmt_loop",
                                                              "PLpgSQL_stmt_while",
                                                              "PLpgSQL_stmt_fori",
                                                              "PLpgSQL_stmt_fors",
                                                              "PLpgSQL_stmt_forc",
                                                              "PLpgSQL_stmt_foreach_a",
                                                              "PLpgSQL_stmt_exit",
                                                              "PLpgSQL_stmt_return",
                                                              "PLpgSQL_stmt_return_next",
                                                              "PLpgSQL_stmt_raise",
                                                              "PLpgSQL_stmt_return_query",
                                                              "PLpgSQL_raise_option",
                                                              "PLpgSQL_stmt_assert",
                                                              "PLpgSQL_stmt_execsql",
                                                              "PLpgSQL_stmt_getdiag",
                                                              "PLpgSQL_diag_item",
                                                              "PLpgSQL_stmt_perform",
                                                              "PLpgSQL_stmt_call",
                                                              "PLpgSQL_stmt_commit",
                                                              "PLpgSQL_stmt_rollback",
                                                              "PLpgSQL_exception_block",
                                                              "PLpgSQL_exception",
                                                              "PLpgSQL_condition",
                                                              "PLpgSQL_stmt_close"};
  return kKnown.contains(tag);
}

class Block {
 public:
  // `function`: it is kept under this name and runs later; "" for DO. `trigger`: it has OLD and
  // NEW.
  Block(Facts& facts, const SessionNames& names, std::string_view function = {},
        bool trigger = false)
      : facts_(facts), names_(names), function_(function), trigger_(trigger) {}

  // The whole of a body, as PL/pgSQL's parser gives it.
  void program(const json::value& tree, std::string_view body) {
    handlers_ = Handlers{tree, body};
    for (const auto& item : tree.get_array()) {
      const Node function{&item};
      if (!function.is("PLpgSQL_function")) {
        visit(item);
        continue;
      }
      if (const json::value* declarations = function.field("datums")) {
        handlers_.begin_declarations();
        visit(*declarations);
        handlers_.end_declarations();
      }
      for (const auto& pair : *function.fields())
        if (pair.key() != "datums") visit(pair.value());
    }
    handlers_.settle(!function_.empty(), facts_);
  }

  void visit(const json::value& value) {
    if (value.is_array()) {
      for (const auto& item : value.get_array()) visit(item);
      return;
    }
    if (!value.is_object()) return;
    const Node node{&value};
    if (node.is("PLpgSQL_type")) return declared(std::string{node.text("typname")});
    if (node.is("PLpgSQL_expr")) return expression(std::string{node.text("query")});
    if (!node.tag().empty() && !is_known_plpgsql(node.tag()))
      facts_.unknown("DO runs '" + std::string{node.tag()} + "', which cannot be foreseen");
    if (node.is("PLpgSQL_stmt_return_query") && node.has("dynquery"))
      facts_.unknown("RETURN QUERY EXECUTE cannot be foreseen");
    if (node.is("PLpgSQL_stmt_perform")) {  // what it gives is thrown away
      const bool outer = std::exchange(gives_to_nobody_, true);
      fields(node);
      gives_to_nobody_ = outer;
      return;
    }
    if (node.is("PLpgSQL_stmt_raise")) {
      raises_ = true;
      fields(node);
      raises_ = false;
      return;
    }
    if (node.is("PLpgSQL_stmt_block") && node.has("exceptions")) return handled(node);
    if (node.is("PLpgSQL_stmt_getdiag") && node.flag("is_stacked")) diagnostics(node);
    if (trigger_ && node.is("PLpgSQL_stmt_return") && gives_row(node)) return;
    if (node.is("PLpgSQL_stmt_commit") || node.is("PLpgSQL_stmt_rollback"))
      facts_.action(Action::kTransaction);
    fields(node);
  }

  // SQL that was parsed with the statement around it: one statement, or lists of them.
  void parsed(const json::value& value) {
    if (value.is_array()) {
      for (const auto& item : value.get_array()) parsed(item);
      return;
    }
    const Node node{&value};
    if (node.is("List")) return parsed(*node.field("items"));
    if (node.is("ReturnStmt")) {  // RETURN expression, as SELECT expression
      const json::value target = {{"ResTarget", {{"val", *node.field("returnval")}}}};
      return statement({{"SelectStmt", {{"targetList", json::array{target}}}}});
    }
    statement(value);
  }

  // A whole statement, or several.
  void sql(const std::string& text) {
    if (!is_read(text)) return;
    if (const auto tree = ParseTree::parse(text, facts_.limits())) return statements(*tree);
    facts_.unknown(std::string{kNotParsed} + text.substr(0, 80));
  }

  // The server puts SELECT before it, whatever else it could be: "vacuum(x)" is a function's call.
  // The tree does not say whether it is "x := expression".
  void expression(const std::string& text) {
    if (!is_read(text)) return;
    if (const auto tree = ParseTree::parse("SELECT " + text, facts_.limits()))
      return statements(*tree);
    // "target[subscript] := value"; each place where both sides can be read, for the first may
    // stand in a comment.
    bool read = false;
    std::size_t places = 0;
    for (std::size_t at = text.find(":="); at != std::string::npos; at = text.find(":=", at + 2)) {
      if (++places > kAssignmentsMax)
        return facts_.unknown("where a statement of DO assigns cannot be told");
      const auto target = ParseTree::parse("SELECT " + text.substr(0, at), facts_.limits());
      if (!target) continue;
      const auto value = ParseTree::parse("SELECT " + text.substr(at + 2), facts_.limits());
      if (!value) continue;
      if (!is_bare_name(*target)) statements(*target);  // else nothing is read
      statements(*value);
      read = true;
    }
    if (read) return;
    facts_.unknown(std::string{kNotParsed} + text.substr(0, 80));
  }

  // What a variable is given becomes a value of its type.
  void declared(const std::string& type) {
    constexpr std::string_view kOfThePlainKind = "UNKNOWN";
    if (type == kOfThePlainKind || !facts_.catalog().any_hidden_cast()) return;
    if (type.find('%') == std::string::npos) {
      const std::size_t before = facts_.statement().objects.size();
      expression("NULL::" + type);
      if (facts_.statement().objects.size() != before) handlers_.checks_variables();
      return;
    }
    // "t.a%TYPE", "t%ROWTYPE": a column's type, or a row of them.
    const Catalog& catalog = facts_.catalog();
    bool found = false;
    std::string_view rest = std::string_view{type}.substr(0, type.find('%'));
    while (!rest.empty() && facts_.spend(1)) {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      for (const Relation* relation : catalog.relations_named(rest.substr(0, end))) {
        found = true;
        for (const Column& column : relation->columns)
          for (const Function* check : catalog.checks_of_type(column.type)) {
            facts_.hidden_call(*check);
            handlers_.checks_variables();
          }
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!found) facts_.unknown("the type of a variable is not known: " + type.substr(0, 80));
  }

 private:
  bool is_read(const std::string& text) {
    if (++expressions_ > kExpressionsMax) {
      facts_.unknown("DO has too many statements");
      return false;
    }
    if (check_text(text, true, "UTF8", facts_.limits()).ok()) return true;
    facts_.unknown("a statement of DO cannot be read");
    return false;
  }

  void fields(const Node& node) {
    for (const auto& pair : *node.fields()) {
      const Node child{&pair.value()};
      if (child.is("PLpgSQL_expr") && is_statement(node, {pair.key().data(), pair.key().size()}))
        sql(std::string{child.text("query")});
      else
        visit(pair.value());
    }
  }

  static bool is_statement(const Node& parent, std::string_view field) {
    if (parent.is("PLpgSQL_stmt_perform") || parent.is("PLpgSQL_stmt_call")) return field == "expr";
    if (parent.is("PLpgSQL_stmt_fors") || parent.is("PLpgSQL_stmt_return_query"))
      return field == "query";
    return field == "sqlstmt" || field == "cursor_explicit_expr";
  }

  void handled(const Node& block) {
    const auto outer = handlers_.begin_block();
    for (const auto& pair : *block.fields())
      if (pair.key() != "exceptions") visit(pair.value());
    handlers_.begin_handlers();
    visit(*block.field("exceptions"));
    handlers_.end_block(outer);
  }
  void diagnostics(const Node& node) {
    for (const auto& item : node.list("diag_items"))
      if (Node{&item}.text("kind") != "RETURNED_SQLSTATE") handlers_.reads_text();
  }

  // RETURN NEW: the row goes where it belongs.
  static bool gives_row(const Node& node) {
    const std::string text = lower_case(node.node("expr").text("query"));
    return text == "new" || text == "old" || text == "null";
  }

  static bool is_bare_name(const ParseTree& select) {
    if (select.statements().size() != 1) return false;
    const Node query = Node{&select.statements()[0]}.node("stmt");
    const auto& targets = query.list("targetList");
    return query.is("SelectStmt") && query.fields()->size() <= 3 && targets.size() == 1 &&
           Node{&targets[0]}.node("val").is("ColumnRef") && !Node{&targets[0]}.has("name");
  }

  void statements(const ParseTree& tree) {
    for (const auto& item : tree.statements()) statement(*Node{&item}.field("stmt"));
  }
  void statement(const json::value& value) {
    Statement inner;
    Facts inner_facts{inner, facts_};
    inner_facts.defines_function(function_);
    describe(value, inner_facts, names_, {.plpgsql_variables = true, .trigger_rows = trigger_});
    const bool opaque = facts_.catalog().any_sensitive() && gives_opaque(inner);
    const bool only_shown = raises_ && inner.objects.empty() && inner.runs.empty();
    handlers_.runs(value, inner, opaque, only_shown, facts_);
    const Node node{&value};
    if (!function_.empty() && (inner.blinds || node.is("DoStmt")))
      inner_facts.unknown("the function makes what later statements run without naming it");
    if (!function_.empty() && runs_by_name(node))
      inner_facts.unknown("what the function then finds by that name is not known");
    if (gives_names(node)) names_are_lost(inner_facts);
    // A variable takes it.
    if (opaque && !gives_to_nobody_ && !calls_for_nothing(node)) inner_facts.touches();
    facts_.include(inner);
  }

  // Of a prepared statement or a cursor.
  static bool runs_by_name(const Node& node) {
    if (node.is("ExplainStmt") || node.is("CreateTableAsStmt"))
      return runs_by_name(node.node("query"));
    return node.is("ExecuteStmt") || node.is("FetchStmt");
  }

  // Prepared statements and cursors of the session are called otherwise when it has run.
  static bool gives_names(const Node& node) {
    return node.is("PrepareStmt") || node.is("DeallocateStmt") || node.is("DeclareCursorStmt") ||
           node.is("ClosePortalStmt") || node.is("DiscardStmt");
  }

  void names_are_lost(Facts& inner) const {
    if (function_.empty())
      inner.statement().not_followed =
          "a DO block that prepares, deallocates, declares, closes or discards is not followed; "
          "send that as a statement of its own";
    else
      inner.unknown("what the session's names stand for when it has run is not known");
  }

  static bool gives_opaque(const Statement& statement) {
    return statement.lineage == ResultLineage::kUnknown ||
           (statement.lineage == ResultLineage::kByColumn &&
            std::any_of(statement.outputs.begin(), statement.outputs.end(),
                        [](const OutputColumn& one) {
                          return one.kind == OutputColumn::Kind::kOpaque ||
                                 one.kind == OutputColumn::Kind::kCounted;
                        }));
  }

  // CALL of a procedure that has no OUT parameters.
  bool calls_for_nothing(const Node& node) const {
    if (!node.is("CallStmt")) return false;
    const auto [schema, name] = split_name(node.node_as("funccall", "FuncCall").list("funcname"));
    return effect_of_function(facts_.catalog(), schema, name).shape == 's';
  }

  Facts& facts_;
  const SessionNames& names_;
  std::string_view function_;
  bool trigger_;
  bool gives_to_nobody_ = false;
  bool raises_ = false;
  Handlers handlers_;
  std::size_t expressions_ = 0;
};

std::string quoted(std::string_view text, char quote) {
  std::string out{quote};
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

// The tree of PL/pgSQL, or nothing where it cannot be read. `statement` has the body in it.
std::optional<json::value> plpgsql_tree(const std::string& statement, std::string_view body,
                                        const Limits& limits) {
  if (!is_soon_parsed(body) || !check_shape(body, limits).ok()) return std::nullopt;
  auto tree = parse_plpgsql(statement);
  if (!tree) return std::nullopt;
  json::parse_options options;
  options.max_depth = limits.tree_depth_max;
  json::error_code code;
  try {
    json::value root = json::parse(*tree, code, {}, options);
    if (code || !root.is_array() || root.get_array().empty()) return std::nullopt;
    return root;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Its last name.
std::string_view returned_type(const Node& create) {
  const auto& names = create.node("returnType").list("names");
  return names.empty() ? "" : string_of(names[names.size() - 1]);
}

// How often something was called, random() for one, tells of what decided that.
bool leaves_trace(const Statement& body, const Catalog& catalog) {
  return std::any_of(body.objects.begin(), body.objects.end(), [&](const ObjectRef& object) {
    return object.kind == ObjectRef::Kind::kFunction &&
           effect_of_function(catalog, object.schema, object.name).leaves_trace;
  });
}

bool says_alias(std::string_view body) {
  constexpr std::string_view kWord = "alias";
  return std::search(body.begin(), body.end(), kWord.begin(), kWord.end(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         }) != body.end();
}

// As much of CREATE FUNCTION as PL/pgSQL's parser has to know: names, and what RETURN may say.
std::string plpgsql_function(const Node& create, std::string_view body) {
  std::string parameters, result = create.flag("is_procedure") ? "void" : "text";
  bool by_parameters = false;
  for (const auto& item : create.list("parameters")) {
    const Node parameter{&item};
    const std::string_view mode = parameter.text("mode");
    const bool out = mode == "FUNC_PARAM_OUT" || mode == "FUNC_PARAM_TABLE";
    by_parameters |= out || mode == "FUNC_PARAM_INOUT";
    if (mode == "FUNC_PARAM_TABLE") result = "SETOF record";
    parameters += parameters.empty() ? "" : ", ";
    parameters += out ? "OUT " : mode == "FUNC_PARAM_INOUT" ? "INOUT " : "";
    if (!parameter.text("name").empty()) parameters += quoted(parameter.text("name"), '"') + " ";
    parameters += "text";
  }
  const Node returns = create.node("returnType");
  const std::string_view type = returned_type(create);
  if (type == "trigger" || type == "event_trigger" || type == "void") result = type;
  if (returns.flag("setof")) result = "SETOF record";
  const std::string gives = by_parameters && result != "SETOF record" ? "" : " RETURNS " + result;
  return "CREATE FUNCTION f(" + parameters + ")" + gives + " LANGUAGE plpgsql AS " +
         quoted(body, '\'');
}

}  // namespace

// The statements of a body find what those before them have changed, if they come to run at all.
static void settle_changes(Facts& facts) {
  Statement& statement = facts.statement();
  for (CatalogChange& change : statement.changes) change.certain = false;
  if (statement.changes.empty() || !facts.catalog().any_sensitive()) return;
  const auto is_sensitive = [&](const ObjectRef& object) {
    const auto relations = facts.catalog().relations_named(object.name);
    return object.kind == ObjectRef::Kind::kTable &&
           std::any_of(relations.begin(), relations.end(),
                       [](const Relation* relation) { return relation->any_sensitive(); });
  };
  if (std::any_of(statement.objects.begin(), statement.objects.end(), is_sensitive))
    facts.touches(), facts.copies();
}

void judge_do(const Node& statement, Facts& facts, const SessionNames& names) {
  std::string_view body, language = "plpgsql";
  std::size_t bodies = 0;
  for (const auto& item : statement.list("args")) {
    const Node option{&item};
    const bool is_body = option.text("defname") != "language";
    bodies += is_body ? 1 : 0;
    (is_body ? body : language) = option.node("arg").text("sval");
  }
  // To the server they may be one string that goes on behind a comment; our parser cuts it there.
  if (bodies != 1) return facts.unknown("DO has more than one text");
  if (language != "plpgsql")
    return facts.unknown("DO in language " + std::string{language} + " cannot be foreseen");
  if (!facts.enter_body(body)) return facts.unknown("the body of DO stands in too many others");
  const auto tree = plpgsql_tree("DO " + quoted(body, '\''), body, facts.limits());
  if (!tree) return facts.unknown("the body of DO cannot be parsed");
  if (!reads_alike(body)) facts.unknown(kReadsTwoWays);
  Block{facts, names}.program(*tree, body);
  settle_changes(facts);
  // Variables carry values from one statement to another, and notices and errors show them.
  if (facts.catalog().any_sensitive() && facts.statement().touches_sensitive) {
    facts.searches();
    facts.copies();
  }
}

// Whoever calls the function does not see that a name means something else from then on.
static bool hides_or_acts(const Statement& statement, const Catalog& catalog) {
  return catalog.any_sensitive() &&
         std::any_of(
             statement.changes.begin(), statement.changes.end(), [&](const CatalogChange& change) {
               const bool is_new = change.kind == CatalogChange::Kind::kNewRelation;
               if (change.kind == CatalogChange::Kind::kGone) return false;
               return change.acts || !is_new || !catalog.relations_named(change.name).empty();
             });
}

// When it is called nobody sees what it makes: from now on there may be that.
static void may_be_made(Statement& body, const Catalog& catalog) {
  auto& changes = body.changes;
  if (!catalog.any_sensitive()) changes.clear();
  std::erase_if(changes, [](const CatalogChange& change) {
    return change.kind != CatalogChange::Kind::kNewRelation || change.acts;
  });
  for (CatalogChange& change : changes) {
    change.columns.clear();
    change.columns_known = false;
  }
}

std::optional<Statement> function_body(const Node& create, const Facts& facts,
                                       const SessionNames& names) {
  std::string_view body, language = "sql";
  const std::string_view name = split_name(create.list("funcname")).second;
  for (const auto& item : create.list("options")) {
    const Node option{&item};
    if (option.text("defname") == "language") language = option.node("arg").text("sval");
    const auto& parts = option.node("arg").list("items");
    if (option.text("defname") == "as" && parts.size() == 1) body = string_of(parts[0]);
  }
  Statement inner;
  Facts inner_facts{inner, facts};
  if (!inner_facts.enter_body(body)) return std::nullopt;
  const bool trigger = returned_type(create) == "trigger";
  Block block{inner_facts, names, name, trigger};
  // The tree does not say what an alias stands for: "n ALIAS FOR NEW".
  if (trigger && facts.catalog().any_sensitive() && says_alias(body)) inner_facts.touches();
  if (const json::value* parsed = create.field("sql_body")) {
    block.parsed(*parsed);
  } else if (language == "sql") {
    block.sql(std::string{body});
  } else if (language == "plpgsql") {
    const auto tree = plpgsql_tree(plpgsql_function(create, body), body, facts.limits());
    if (!tree) return std::nullopt;
    block.program(*tree, body);
  } else {
    return std::nullopt;
  }
  if (!reads_alike(body)) inner_facts.unknown(kReadsTwoWays);
  if (inner.changes_reading)
    inner_facts.unknown("the function changes where strings end in later texts");
  settle_own_names(inner);
  settle_changes(inner_facts);
  if (hides_or_acts(inner, facts.catalog()))
    inner_facts.unknown("what the function makes hides a table, or acts when it is used");
  settle_moved(inner);
  inner.makes.clear();  // not yet
  may_be_made(inner, facts.catalog());
  return inner;
}

// It runs with the rights of whoever calls it, and no call tells what it does: so making it is to
// do it, as far as policy goes.
void judge_function_body(const Node& create, Facts& facts, const SessionNames& names) {
  auto body = function_body(create, facts, names);
  // What a trigger's function says may come with any change of whatever table.
  const std::string_view type = returned_type(create);
  const bool speaks = (type == "trigger" || type == "event_trigger") && body &&
                      may_quote_sensitive(*body, facts.catalog());
  if (body) {
    body->actions = ActionSet::from_bits(body->actions.bits() & ~ActionSet{Action::kRead}.bits());
    body->changes_meaning = false;  // not yet
    body->blinds = false;
    body->keeps_errors = false;
    facts.include(*body);
  } else if (!facts.statement().actions.has(Action::kHost)) {
    facts.unknown("the body of the function cannot be read");
  }
  // A view, a default or another function that calls what is replaced gives it what it likes.
  const std::string_view name = split_name(create.list("funcname")).second;
  const bool is_given_values = !facts.catalog().functions_named(name).empty() &&
                               !create.list("parameters").empty() && body &&
                               (!body->actions.empty() || leaves_trace(*body, facts.catalog()));
  const bool harmless = body && !body->touches_sensitive && !is_given_values && !speaks &&
                        !body->actions.has(Action::kUnknown);
  if (harmless || !facts.catalog().any_sensitive()) return;
  facts.note(is_given_values
                 ? "what calls the function of that name may give it sensitive values to keep"
             : speaks ? "what the trigger's function raises or fails with may be sensitive"
                      : "the function uses sensitive columns, or cannot be read");
  facts.touches();
  facts.copies();
}

}  // namespace sluice::sql
