// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include "sql/analysis.h"
#include "sql/describe.h"
#include "sql/functions.h"
#include "sql/literal_strings.h"
#include "sql/name_encoding.h"
#include "sql/overlay.h"
#include "sql/parse_tree.h"
#include "sql/temporaries.h"
#include "sql/text_guard.h"

namespace sluice::sql {
namespace {

// Views and rules are looked through for the name.
constexpr std::size_t kLooksPerChange = 64;

void place(const Node& raw, const std::string& text, Statement& statement) {
  const auto at = static_cast<std::size_t>(raw.integer("stmt_location"));
  statement.location = std::min(at, text.size());
  const auto length = static_cast<std::size_t>(raw.integer("stmt_len"));
  const std::size_t rest = text.size() - statement.location;
  statement.length = length == 0 ? rest : std::min(length, rest);
}

Error too_intricate(const Limits& limits) {
  return Error{"the statement is too intricate to be followed (limit " +
               std::to_string(limits.effort_max) + " looks at names and columns)"};
}

// What the next statement finds.
void lay_over(const Statement& statement, const Catalog& catalog, std::optional<Overlay>& made,
              Effort& effort) {
  const bool ends = statement.kind == StatementKind::kCommit ||
                    statement.kind == StatementKind::kRollback ||
                    statement.kind == StatementKind::kRollbackToSavepoint;
  // Of relations that were made here; where they are asked for the catalogue is laid over.
  const bool undoes = ends && (made || catalog.is_laid_over());
  if (statement.changes.empty() && !statement.makes_anything && !may_fill_anything(statement) &&
      !undoes)
    return;
  if (!made) made.emplace(catalog);
  if (undoes) made->transaction_ends(statement.kind == StatementKind::kCommit);
  if (may_fill_anything(statement)) made->distrust();
  if (statement.temporary_first) made->temporary_first();
  if (statement.makes_anything) made->anything();
  for (const CatalogChange& change : statement.changes) {
    if (!effort.spend(Effort::kPerCopy * kLooksPerChange)) return;
    made->apply(change);
  }
}

// Which of two things is meant is not known.
void not_known_by_name(Facts& facts) {
  facts.unknown("a name in it may be another one in the encoding of this database");
  facts.touches();
  Statement& statement = facts.statement();
  if (statement.lineage == ResultLineage::kNoRows) return;
  statement.lineage = ResultLineage::kUnknown;
  statement.outputs.clear();
}

bool runs_prepared(const Statement& statement) {
  return std::any_of(statement.uses.begin(), statement.uses.end(),
                     [](const NameUse& use) { return !use.cursor; });
}

Result<Analysis> analyse_guarded(const std::string& text, const Catalog& catalog,
                                 const SessionNames& session_names, const AnalyseOptions& options) {
  // Of the text itself such names make statements unknown, not the text unreadable.
  Limits of_text = options.limits;
  of_text.plain_names_only = false;
  SLUICE_TRY(const ParseTree tree, ParseTree::parse(text, of_text));
  Analysis analysis;
  analysis.catalog_version = catalog.version();
  const auto& statements = tree.statements();
  if (statements.size() > of_text.statements_max)
    return Error{"the text has more than " + std::to_string(of_text.statements_max) +
                 " statements; send it in parts"};
  analysis.statements.reserve(statements.size());
  // Copied only where one statement can give a name to the next.
  SessionNames own;
  if (statements.size() > 1) own = session_names;
  const SessionNames& names = statements.size() > 1 ? own : session_names;
  Effort effort{options.limits.effort_max};
  std::optional<Overlay> made;  // by the statements before
  bool changed = false;
  for (const auto& item : statements) {
    const Node raw{&item};
    const json::value* body = raw.field("stmt");
    if (!body) return Error{"the parse tree has a statement without a body"};
    Statement& statement = analysis.statements.emplace_back();
    place(raw, text, statement);
    Facts facts{statement, made ? made->catalog() : catalog, options.limits, effort};
    describe(*body, facts, names);
    if (options.limits.plain_names_only && !all_same_in_every_encoding(*body))
      not_known_by_name(facts);
    if (!statement.not_followed.empty()) return Error{statement.not_followed};
    if (changed && runs_prepared(statement))
      facts.unknown("what it runs was prepared before this text changed what names mean");
    // What is kept runs later, where no statement shows it.
    if (statement.changes_reading && statement.actions.has(Action::kDdl))
      facts.unknown("what it keeps changes where strings end in later texts");
    if (effort.spent()) return too_intricate(options.limits);
    statement.literals_matter = statement.literals_matter || strings_matter(*body);
    if (options.fingerprint)
      statement.fingerprint = fingerprint_of(
          statements.size() == 1 ? text : text.substr(statement.location, statement.length));
    if (statements.size() > 1) {
      own.ran(statement);
      lay_over(statement, catalog, made, effort);
      changed = changed || !statement.changes.empty() || statement.makes_anything;
    }
    if (const auto given = own.given_by(statement);
        given && !effort.spend(Effort::kPerCopy * (given->objects.size() + given->columns.size())))
      return too_intricate(options.limits);
    analysis.literals_matter |= statement.literals_matter;
  }
  analysis.effort = effort.used();
  return analysis;
}

}  // namespace

Result<Analysis> analyse(std::string_view text, const Catalog& catalog, const SessionNames& names,
                         const AnalyseOptions& options) {
  SLUICE_TRY_VOID(check_text(text, options.standard_conforming_strings, options.client_encoding,
                             options.limits));
  try {
    return analyse_guarded(std::string{text}, catalog, names, options);
  } catch (const std::exception& failure) {
    return Error{std::string{"the statement cannot be analysed: "} + failure.what()};
  }
}

Statement analyse_function_call(Oid oid, const Catalog& catalog) {
  Statement statement;
  statement.kind = StatementKind::kCall;
  statement.actions = {Action::kCall};
  statement.lineage = catalog.any_sensitive() ? ResultLineage::kUnknown : ResultLineage::kAllClear;
  const Limits limits;
  Effort effort{limits.effort_max};
  Facts facts{statement, catalog, limits, effort};
  const Function* function = catalog.function(oid);
  if (!function) {
    facts.unknown("function " + std::to_string(oid) + " is not in the catalogue");
    return statement;
  }
  const FunctionEffect effect = effect_of_function(*function);
  facts.actions(effect.actions);
  facts.object(ObjectRef::Kind::kFunction, effect.schema, function->name);
  facts.checks_of_call(function->name);
  find_temporaries_of_calls(facts);
  if (function->name == "set_config") facts.unknown("set_config() of a name that is not seen");
  // Its arguments are values that the agent has: what it only computes from them is clear.
  if (effect.result != FunctionResult::kOpaque) statement.lineage = ResultLineage::kAllClear;
  return statement;
}

}  // namespace sluice::sql
