// SPDX-License-Identifier: Apache-2.0
#include "sql/handlers.h"

#include <algorithm>
#include <utility>

#include "sql/quotes.h"

namespace sluice::sql {
namespace {

using Told = Handlers::Told;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::size_t find_word(std::string_view body, std::string_view word, std::size_t from = 0) {
  const auto found =
      std::search(body.begin() + static_cast<std::ptrdiff_t>(from), body.end(), word.begin(),
                  word.end(), [](char a, char b) { return lower(a) == b; });
  return found == body.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - body.begin());
}

bool has_handler(const json::value& value) {
  if (value.is_array())
    return std::any_of(value.get_array().begin(), value.get_array().end(), has_handler);
  if (!value.is_object()) return false;
  const Node node{&value};
  return (node.is("PLpgSQL_stmt_block") && node.has("exceptions")) ||
         std::any_of(node.fields()->begin(), node.fields()->end(),
                     [](const auto& pair) { return has_handler(pair.value()); });
}

// DECLARE behind the first BEGIN, wherever these stand: in a comment at worst.
bool may_declare_inside(std::string_view body) {
  const std::size_t first = find_word(body, "declare");
  if (first == std::string_view::npos) return false;
  return find_word(body, "begin") < first ||
         find_word(body, "declare", first + 1) != std::string_view::npos;
}

// "x ALIAS FOR y", but for parameters by their numbers.
bool may_alias_a_variable(std::string_view body) {
  constexpr std::string_view kAlias = "alias", kFor = "for", kSpace = " \t\r\n";
  const auto skip_space = [&](std::size_t at) {
    return std::min(body.find_first_not_of(kSpace, at), body.size());
  };
  for (std::size_t at = find_word(body, kAlias); at != std::string_view::npos;
       at = find_word(body, kAlias, at)) {
    at = skip_space(at + kAlias.size());
    if (find_word(body.substr(at, kFor.size()), kFor) != 0) return true;
    at = skip_space(at + kFor.size());
    if (at == body.size() || body[at] != '$') return true;
  }
  return false;
}

bool names_sqlerrm(const json::value& value) {
  if (value.is_array())
    return std::any_of(value.get_array().begin(), value.get_array().end(), names_sqlerrm);
  if (!value.is_object()) return false;
  const Node node{&value};
  if (node.is("ColumnRef"))
    for (const auto& part : node.list("fields"))
      if (string_of(part) == "sqlerrm") return true;
  return std::any_of(node.fields()->begin(), node.fields()->end(),
                     [](const auto& pair) { return names_sqlerrm(pair.value()); });
}

// "(x).f", and "q.f" of what FROM makes: a call of f(x), once there is such a function.
bool may_call_by_field(const json::value& value) {
  if (value.is_array())
    return std::any_of(value.get_array().begin(), value.get_array().end(), may_call_by_field);
  if (!value.is_object()) return false;
  const Node node{&value};
  if (node.is("A_Indirection") || node.has("fromClause")) return true;
  return std::any_of(node.fields()->begin(), node.fields()->end(),
                     [](const auto& pair) { return may_call_by_field(pair.value()); });
}

Told said_of(const json::value& tree, const Statement& statement, bool gives_opaque, Facts& facts) {
  const Catalog& catalog = facts.catalog();
  if (!catalog.any_sensitive()) return Told::kNothing;
  if (!facts.spend(Effort::kPerCopy * statement.objects.size())) return Told::kSurely;
  if (gives_opaque || may_quote_sensitive(statement, catalog)) return Told::kSurely;
  return names_of_users(statement, catalog) || may_call_by_field(tree) ? Told::kMaybe
                                                                       : Told::kNothing;
}

// More than tables with nothing behind them.
bool makes_what_runs(const Statement& statement) {
  return statement.blinds || statement.makes_anything || statement.actions.has(Action::kCall) ||
         statement.actions.has(Action::kUnknown) ||
         std::any_of(
             statement.makes.begin(), statement.makes.end(),
             [](const Made& made) { return !made.objects.empty() || !made.before.empty(); }) ||
         std::any_of(statement.changes.begin(), statement.changes.end(),
                     [](const CatalogChange& change) {
                       return change.acts || (change.kind != CatalogChange::Kind::kNewRelation &&
                                              change.kind != CatalogChange::Kind::kGone);
                     });
}

}  // namespace

Handlers::Handlers(const json::value& tree, std::string_view body)
    : any_(has_handler(tree)),
      aliases_(any_ && may_alias_a_variable(body)),
      declares_inside_(any_ && may_declare_inside(body)) {}

Handlers::Outer Handlers::begin_block() {
  ++depth_;
  return {std::exchange(said_, declared_), told_};
}

void Handlers::begin_handlers() {
  --depth_;
  told_ = std::max(told_, said_);
  worst_told_ = std::max(worst_told_, told_);
}

void Handlers::end_block(const Outer& outer) {
  told_ = outer.told;
  said_ = std::max(said_, outer.said);
}

void Handlers::begin_declarations() {
  in_declarations_ = true;
  depth_ += declares_inside_ ? 1 : 0;
}

void Handlers::end_declarations() {
  in_declarations_ = false;
  depth_ -= declares_inside_ ? 1 : 0;
  declared_ = std::max(declared_, std::exchange(said_, Told::kNothing));
}

void Handlers::runs(const json::value& tree, const Statement& statement, bool gives_opaque,
                    bool only_shown, Facts& facts) {
  if (!any_) return;
  makes_what_runs_ = makes_what_runs_ || makes_what_runs(statement);
  if (depth_ > 0 && said_ != Told::kSurely)
    said_ = std::max(said_, said_of(tree, statement, gives_opaque, facts));
  if ((in_declarations_ || told_ != Told::kNothing) && names_sqlerrm(tree)) reads_text(only_shown);
}

void Handlers::reads_text(bool only_shown) {
  if (in_declarations_) declarations_read_ = true;
  if (told_ == Told::kSurely || !only_shown) read_ = std::max(read_, told_);
}

void Handlers::settle(bool kept, Facts& facts) const {
  const Told read = aliases_ || declarations_read_ ? std::max(read_, worst_told_) : read_;
  const bool later = read == Told::kMaybe && (kept || makes_what_runs_);
  if (read == Told::kSurely || later) facts.touches();
  if (read == Told::kMaybe && !later) facts.statement().keeps_errors = true;
}

}  // namespace sluice::sql
