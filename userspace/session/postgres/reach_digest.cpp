// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/reach_digest.h"

#include <algorithm>

#include "proto/postgres/values_digest.h"
#include "session/postgres/refusal.h"
#include "sql/reach.h"
#include "sql/words.h"

namespace sluice::session {
namespace {

bool changes_rows(const ActionSet& actions) {
  const ActionSet others{Action::kRead,    Action::kSensitiveSearch, Action::kSensitiveCopy,
                         Action::kSession, Action::kTransaction,     Action::kCopyOut};
  return (actions.bits() & ~others.bits()) != 0;
}

// What row it changes depends on where a cursor is.
bool is_at_cursor(const sql::Statement& statement) {
  return std::any_of(statement.uses.begin(), statement.uses.end(),
                     [](const sql::NameUse& use) { return use.position; });
}

// By what the server reads the text and its parameters. Between an Execute and its Sync it may have
// changed without our being told, and then it is nobody else's.
std::string settings_of(const Context& context, std::uint64_t acts) {
  std::string text = "\nread by";
  for (const std::string* setting :
       {&context.client_encoding, &context.date_style, &context.interval_style, &context.time_zone})
    text += " " + std::to_string(setting->size()) + ":" + *setting;
  if (context.may_read_otherwise())
    text += "\nsettings of " + context.options.session + ": " + std::to_string(acts);
  return text;
}

// Where it cannot be computed, one that nothing else has.
std::string digest_of(std::string_view text, const Context& context) {
  auto digest = pg::digest_of_text(text);
  return digest ? *std::move(digest) : request_id(context.options.session, context.statements + 1);
}

}  // namespace

std::string reach_digest(const Judgement& judgement, const Intent& whole, const Context& context,
                         std::uint64_t acts) {
  if (!context.catalog) return {};
  sql::Reach reach{*context.catalog, changes_rows(whole.actions)};
  for (const ObjectRef& object : whole.objects) reach.object(object);
  bool at_cursor = false;
  for (const Judged& judged : judgement.statements) {
    if (judged.statement == nullptr) continue;
    for (const sql::MadeName& run : judged.statement->runs) reach.runs(run);
    at_cursor = at_cursor || is_at_cursor(*judged.statement);
  }
  reach.strings_of(whole.statement);
  for (const Parameter& parameter : whole.parameters)
    if (parameter) reach.parameter(*parameter);
  std::string text = reach.text();
  // Nobody outside of this session can have approved these.
  if (const std::uint64_t given = context.new_meanings.of(reach.names()); given != 0)
    text += "\ngiven anew in " + context.options.session + ": " + std::to_string(given);
  text += settings_of(context, acts);
  if (at_cursor)
    text += "\nat a cursor of " + context.options.session + ": " + std::to_string(acts);
  return digest_of(text, context);
}

std::string meaning_digest(const AnalysedText& text, const Context& context) {
  if (!context.catalog || context.may_read_otherwise()) return {};
  const auto& statements = text.analysis->statements;
  const bool changes =
      std::any_of(statements.begin(), statements.end(),
                  [](const sql::Statement& statement) { return changes_rows(statement.actions); });
  sql::Reach reach{*context.catalog, changes};
  for (const sql::Statement& statement : statements) {
    for (const ObjectRef& object : statement.objects) reach.object(object);
    for (const sql::MadeName& run : statement.runs) reach.runs(run);
  }
  reach.strings_of(text.text);
  return digest_of(reach.text() + settings_of(context, 0), context);
}

}  // namespace sluice::session
