// SPDX-License-Identifier: Apache-2.0
#include "sql/do_block.h"

#include <boost/json/parse.hpp>
#include <unordered_set>

#include "sql/describe.h"
#include "sql/text_guard.h"

namespace sluice::sql {
namespace {

// A DO body holds so many expressions at most; each is parsed for itself.
constexpr std::size_t kExpressionsMax = 2000;

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
  Block(Facts& facts, const SessionNames& names) : facts_(facts), names_(names) {}

  void visit(const json::value& value) {
    if (value.is_array()) {
      for (const auto& item : value.get_array()) visit(item);
      return;
    }
    if (!value.is_object()) return;
    const Node node{&value};
    if (node.is("PLpgSQL_expr")) return expression(std::string{node.text("query")});
    if (!node.tag().empty() && !is_known_plpgsql(node.tag()))
      facts_.unknown("DO runs '" + std::string{node.tag()} + "', which cannot be foreseen");
    if (node.is("PLpgSQL_stmt_commit") || node.is("PLpgSQL_stmt_rollback"))
      facts_.action(Action::kTransaction);
    for (const auto& pair : *node.fields()) visit(pair.value());
  }

 private:
  // The tree does not say whether this is a statement, an expression or "x := expression".
  void expression(const std::string& text) {
    if (++expressions_ > kExpressionsMax) return facts_.unknown("DO has too many statements");
    if (!check_text(text, true, "UTF8", facts_.limits()).ok())
      return facts_.unknown("a statement of DO cannot be read");
    const std::size_t assign = text.find(":=");
    for (const std::string& candidate :
         {text, "SELECT " + text,
          assign == std::string::npos ? std::string{} : "SELECT " + text.substr(assign + 2)}) {
      if (candidate.empty()) continue;
      auto tree = ParseTree::parse(candidate, facts_.limits());
      if (!tree) continue;
      for (const auto& item : tree->statements()) {
        Statement inner;
        Facts inner_facts{inner, facts_.catalog(), facts_.limits()};
        describe(*Node{&item}.field("stmt"), inner_facts, names_, {.plpgsql_variables = true});
        facts_.include(inner);
      }
      return;
    }
    facts_.unknown("a statement of DO cannot be parsed: " + text.substr(0, 80));
  }

  Facts& facts_;
  const SessionNames& names_;
  std::size_t expressions_ = 0;
};

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace

void judge_do(const Node& statement, Facts& facts, const SessionNames& names) {
  std::string_view body, language = "plpgsql";
  for (const auto& item : statement.list("args")) {
    const Node option{&item};
    const std::string_view text = option.node("arg").text("sval");
    (option.text("defname") == "language" ? language : body) = text;
  }
  if (language != "plpgsql")
    return facts.unknown("DO in language " + std::string{language} + " cannot be foreseen");
  auto tree = parse_plpgsql("DO " + quoted(body));
  if (!tree) return facts.unknown("the body of DO cannot be parsed: " + tree.error().text());
  json::parse_options options;
  options.max_depth = facts.limits().tree_depth_max;
  json::error_code code;
  try {
    const json::value root = json::parse(*tree, code, {}, options);
    if (code || !root.is_array() || root.get_array().empty())
      return facts.unknown("the body of DO cannot be read");
    Block{facts, names}.visit(root);
  } catch (const std::exception&) {
    return facts.unknown("the body of DO cannot be read");
  }
  // Variables carry values from one statement to another, and notices and errors show them.
  if (facts.statement().touches_sensitive) {
    facts.searches();
    facts.copies();
  }
}

}  // namespace sluice::sql
