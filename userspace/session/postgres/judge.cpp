// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/judge.h"

#include <algorithm>

#include "base/check.h"
#include "policy/enough_people.h"
#include "session/postgres/copy_encoding.h"
#include "session/postgres/meaning.h"
#include "session/postgres/result_plan.h"
#include "sql/plan.h"
#include "sql/quotes.h"
#include "sql/shape.h"

namespace sluice::session {
namespace {

using sql::StatementKind;

// In whatever case.
bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char lower, char c) { return (c | 0x20) == lower; });
}

// current_date, current_timestamp, ... name nothing.
bool continues_word(std::string_view text) {
  if (text.empty()) return false;
  const char lower = static_cast<char>(text.front() | 0x20);
  return text.front() == '_' || text.front() == '$' || (lower >= 'a' && lower <= 'z') ||
         (text.front() >= '0' && text.front() <= '9') || (text.front() & 0x80) != 0;
}

// A COPY whose rows could not be read cannot be masked.
std::optional<std::string> copy_refusal(const sql::Statement& statement, const Context& context,
                                        bool encoding_known) {
  if (statement.kind != StatementKind::kCopyOut || context.options.resource->sensitive.empty())
    return std::nullopt;
  if (!statement.copy_format)
    return "COPY with options that sluice cannot read rows by is not masked; use plain text, CSV "
           "or binary";
  if (!encoding_known && statement.copy_format->encoding.empty() &&
      statement.copy_format->kind != CopyFormat::Kind::kBinary)
    return "COPY is not masked in an encoding that a statement before it may have changed; send it "
           "by itself, or write ENCODING 'UTF8'";
  const std::string& encoding = copy_encoding(*statement.copy_format, context.client_encoding);
  if (copy_encoding_is_readable(encoding)) return std::nullopt;
  return "COPY in the encoding " + encoding + " is not masked; use UTF8";
}

bool ends_transaction_of_others(const sql::Statement& statement, const Context& context) {
  return (statement.kind == StatementKind::kCommitPrepared ||
          statement.kind == StatementKind::kRollbackPrepared) &&
         !context.prepared_transactions.contains(statement.name);
}

// What it costs to judge a statement, whose analysis may be an old one.
std::size_t looks_at(const sql::Statement& statement) {
  constexpr std::size_t kLooksPerName = 16;
  return kLooksPerName * (statement.objects.size() + statement.columns.size());
}

bool reaches_sensitive(const sql::Statement& statement, const sql::Catalog& catalog) {
  return statement.touches_sensitive ||
         std::any_of(statement.objects.begin(), statement.objects.end(),
                     [&](const ObjectRef& object) {
                       if (object.kind != ObjectRef::Kind::kTable) return false;
                       const auto relations = catalog.relations_named(object.name);
                       return std::any_of(relations.begin(), relations.end(),
                                          [](const auto* one) { return one->any_sensitive(); });
                     });
}

void add_use(const sql::MadeNames::Use& use, Intent& intent) {
  intent.actions.add(use.actions);
  for (const ObjectRef& object : use.objects)
    if (std::find(intent.objects.begin(), intent.objects.end(), object) == intent.objects.end())
      intent.objects.push_back(object);
}

}  // namespace

bool Judge::may_use_names(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) switch (text[at] | 0x20) {
      case 'c':
        if (begins_with(text.substr(at), "current") && !continues_word(text.substr(at + 7)))
          return true;
        break;
      case 'e':
        if (begins_with(text.substr(at), "execute")) return true;
        break;
      case 'f':
        if (begins_with(text.substr(at), "fetch")) return true;
        break;
      case 'm':
        if (begins_with(text.substr(at), "move")) return true;
        break;
      default: break;
    }
  return false;
}

void Judgement::weigh_last() {
  const std::size_t last = statements.size() - 1;
  if (last == worst) return;
  Verdict& later = statements[last].verdict;
  const Verdict& before = verdict();
  if (later.kind != before.kind) {
    if (later.kind > before.kind) worst = last;
    return;
  }
  if (later.kind != VerdictKind::kHold || policy::is_enough_for(before.approvers, later.approvers))
    return;
  worst = last;
  if (policy::is_enough_for(later.approvers, before.approvers)) return;
  // Whoever is asked about one of the two may not decide about the other.
  later.kind = VerdictKind::kDeny;
  later.message =
      "it needs the approval of other people than a statement before it in the same "
      "text (policy rule \"" +
      before.rule + "\"); send the statements one by one";
}

Intent Judgement::whole(const std::string& text) const {
  Intent whole = statements[worst].intent;
  whole.statement = text;
  if (statements.size() == 1) return whole;
  for (const Judged& judged : statements) {
    whole.actions.add(judged.intent.actions);
    whole.unbounded = whole.unbounded || judged.intent.unbounded;
    for (const ObjectRef& object : judged.intent.objects)
      if (std::find(whole.objects.begin(), whole.objects.end(), object) == whole.objects.end())
        whole.objects.push_back(object);
    for (const ColumnRef& column : judged.intent.columns)
      if (std::find(whole.columns.begin(), whole.columns.end(), column) == whole.columns.end())
        whole.columns.push_back(column);
  }
  return whole;
}

AnalysedTextPtr Judge::analyse(std::string_view text, const sql::SessionNames& names,
                               bool unsettled) {
  SLUICE_CHECK(context_.catalog != nullptr);
  // A text means what these say.
  if (kept_for_catalog_ != context_.catalog->version() ||
      kept_for_strings_ != context_.standard_conforming_strings ||
      kept_for_encoding_ != context_.client_encoding) {
    kept_by_text_.clear();
    kept_by_shape_.clear();
    kept_for_catalog_ = context_.catalog->version();
    kept_for_strings_ = context_.standard_conforming_strings;
    kept_for_encoding_ = context_.client_encoding;
  }
  if (unsettled || text.size() > kKeptTextBytesMax)
    return analyse_text(text, context_, names, unsettled);
  if (auto kept = kept_by_text_.find(text)) return kept;
  const bool has_shape = sql::shape_of(text, shape_);
  if (has_shape) {
    if (const auto kept = kept_by_shape_.find(shape_)) {
      auto analysed = std::make_shared<AnalysedText>();
      analysed->text = text;
      analysed->analysis = kept->analysis;
      return analysed;
    }
  }
  AnalysedTextPtr analysed = analyse_text(text, context_, names, false);
  if (has_shape && sql::stands_for_its_shape(*analysed->analysis))
    kept_by_shape_.keep(shape_, analysed);
  else if (!may_use_names(text))
    kept_by_text_.keep(text, analysed);
  return analysed;
}

Judge::Before Judge::before_all() const {
  return {.encoding_known = !context_.may_read_otherwise(),
          .blinded = context_.blinded,
          .made = &context_.made,
          .changed = context_.catalog != nullptr && context_.catalog->is_laid_over()};
}

Judged& Judge::judge_one(const sql::Statement& statement, std::string_view shown,
                         const std::vector<Parameter>& parameters, const Before& before,
                         Judgement& judgement) const {
  context_.work += looks_at(statement);
  Judged& judged = judgement.statements.emplace_back();
  Intent& intent = judged.intent;
  intent.lineage = context_.options.lineage;
  intent.resource = context_.options.resource->name;
  intent.protocol = "postgres";
  intent.database = context_.database;
  intent.statement = shown;
  intent.fingerprint = statement.fingerprint;
  intent.actions = statement.actions;
  // What it runs or means may be something that nobody could look at.
  if (before.blinded && (statement.keeps_errors || reaches_sensitive(statement, *context_.catalog)))
    intent.actions.add(Action::kSensitiveCopy);
  const bool somebodys = ends_transaction_of_others(statement, context_);
  if (somebodys) intent.actions.add(Action::kUnknown);
  // A text whose effect is not known may search by anything, but not where nothing is sensitive.
  if (!has_column_rules(*context_.options.resource))
    intent.actions =
        ActionSet::from_bits(intent.actions.bits() &
                             ~ActionSet{Action::kSensitiveSearch, Action::kSensitiveCopy}.bits());
  intent.objects = statement.objects;
  intent.columns = statement.columns;
  intent.parameters = parameters;
  intent.unbounded = statement.unbounded;
  intent.asked_at = context_.wall;
  sql::MadeNames::Use made;
  if (before.made != nullptr && !before.made->silent_about(statement)) {
    made = before.made->use_of(statement);
    add_use(made, intent);
  }
  if (statement.keeps_errors) {
    const bool anew =
        before.changed || (before.made != nullptr && !before.made->silent_about(statement));
    if (!made.nothing() || (anew && sql::fires_names_of_users(statement, *context_.catalog)))
      intent.actions.add(Action::kSensitiveCopy);
  }
  made.kin.insert(made.kin.end(), statement.kin.begin(), statement.kin.end());
  judged.verdict = context_.options.policy().judge(intent, made.kin);
  if (judged.verdict.kind != VerdictKind::kDeny) {
    if (auto why = copy_refusal(statement, context_, before.encoding_known)) {
      judged.verdict.kind = VerdictKind::kDeny;
      judged.verdict.rule.clear();
      judged.verdict.message = *std::move(why);
    }
  }
  if (judged.verdict.kind != VerdictKind::kAllow) {
    judged.notes = statement.notes;
    if (somebodys) judged.notes.emplace_back("this session did not prepare that transaction");
    if (!made.note.empty()) judged.notes.push_back(std::move(made.note));
  }
  if (judged.verdict.kind == VerdictKind::kHold && context_.options.resource->estimate_rows)
    judged.plan = sql::plan_question(statement, shown, parameters);
  return judged;
}

Judgement Judge::judge(const sql::Statement& statement, const std::string& shown,
                       const std::vector<Parameter>& parameters) const {
  Judgement judgement;
  judge_one(statement, shown, parameters, before_all(), judgement).statement = &statement;
  return judgement;
}

Judgement Judge::judge(const AnalysedText& text, const std::vector<Parameter>& parameters) const {
  Judgement judgement;
  if (text.unread()) {
    sql::Statement unknown;
    unknown.actions = {Action::kUnknown};
    // What is too long to be read is not recorded whole either, unless it will run.
    const bool unguarded = context_.unguarded();
    const std::string_view shown = std::string_view{text.text}.substr(
        0, unguarded ? text.text.size() : context_.options.sql_limits.statement_bytes_max);
    Verdict& verdict = judge_one(unknown, shown, parameters, {}, judgement).verdict;
    if (unguarded) return judgement;
    verdict.kind = VerdictKind::kDeny;
    verdict.message = text.error;
    judgement.syntax_error = text.error;
    return judgement;
  }
  if (text.analysis->statements.empty()) {
    // Nothing but white space and comments. The server answers EmptyQueryResponse and does nothing;
    // it is still something that the agent said, and policy says what may be said: the least action
    // there is.
    sql::Statement empty;
    empty.actions = {Action::kRead};
    judge_one(empty, text.text, parameters, {}, judgement).verdict.kind = VerdictKind::kAllow;
    return judgement;
  }
  const auto& statements = text.analysis->statements;
  const bool single = statements.size() == 1;
  judgement.statements.reserve(statements.size());
  Before before = before_all();
  std::optional<sql::MadeNames> made;  // also by statements before, where there are any
  for (const sql::Statement& statement : statements) {
    const std::string_view shown =
        single ? std::string_view{text.text}
               : std::string_view{text.text}.substr(std::min(statement.location, text.text.size()),
                                                    statement.length);
    Judged& judged = judge_one(statement, shown, parameters, before, judgement);
    judged.statement = &statement;
    if (!single) {
      before.encoding_known =
          before.encoding_known &&
          !may_change_encoding_unseen(statement, *context_.catalog, context_.unnamed_code_sets());
      before.blinded = before.blinded || statement.blinds;
      before.changed = before.changed || !statement.changes.empty();
      if (!statement.makes.empty() || statement.makes_anything) {
        if (!made) before.made = &made.emplace(context_.made);
        made->note(statement);
      }
    }
    judgement.weigh_last();
  }
  return judgement;
}

}  // namespace sluice::session
