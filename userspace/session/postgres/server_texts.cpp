// SPDX-License-Identifier: Apache-2.0
// Errors, notices and notifications: what the server says in words, and of which of them the words
// may be sensitive values.
#include <algorithm>

#include "proto/postgres/build.h"
#include "session/postgres/result_plan.h"
#include "session/postgres/server_replies.h"
#include "sql/quotes.h"

namespace sluice::session {
namespace {

using Kind = Unit::Kind;
using sql::StatementKind;

bool is_last_of_query(const Unit& unit) {
  return unit.kind == Kind::kQuery && unit.statement + 1 == unit.text->analysis->statements.size();
}

// VACUUM, CREATE INDEX CONCURRENTLY, DISCARD ALL, ...: not what only reads, writes or names.
bool commits_by_itself(StatementKind kind) {
  switch (kind) {
    case StatementKind::kSelect:
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete:
    case StatementKind::kMerge:
    case StatementKind::kPrepare:
    case StatementKind::kExecute:
    case StatementKind::kDeallocate:
    case StatementKind::kDeclareCursor:
    case StatementKind::kFetch:
    case StatementKind::kCloseCursor:
    case StatementKind::kShow: return false;
    default: return true;
  }
}

// What a server tells of its own work, where client_min_messages asks for it: of the size of files
// that a cursor had put values aside in, when that ends.
bool tells_of_its_work(const pg::ErrorFields& fields) {
  const std::string_view severity = fields.find('V');
  return severity == "LOG" || severity.starts_with("DEBUG");
}

}  // namespace

bool ServerReplies::may_quote_sensitive(const Unit* unit) const {
  if (context_.catalog == nullptr || !context_.catalog->any_sensitive()) return false;
  const sql::Statement* statement = unit == nullptr ? nullptr : unit->current();
  if (statement == nullptr) return unit != nullptr && !unit->refusal;
  if (pipeline_.end_may_quote && may_end_transaction(*unit, *statement)) return true;
  // A trigger's function may mean by a name what was made meanwhile.
  const bool made = context_.catalog->is_laid_over() || !context_.made.silent_about(*statement);
  if (made && sql::fires_names_of_users(*statement, *context_.catalog)) return true;
  const auto wider = context_.made.widened(*statement);
  return sql::may_quote_sensitive(wider ? *wider : *statement, *context_.catalog);
}

// Outside of a block the server ends the transaction with the last statement of a query, before it
// says that this is complete; and with what must not be in a transaction, VACUUM and others. COMMIT
// and the like, and Sync, may always quote.
bool ServerReplies::may_end_transaction(const Unit& unit, const sql::Statement& statement) const {
  if (pipeline_.in_transaction_block) return false;
  return is_last_of_query(unit) || commits_by_itself(statement.kind);
}

// What was answered may have left something to be done at the end of its transaction. Not asked
// where that end is its own, or may quote anyhow.
void ServerReplies::note_quotes(const Unit& unit) {
  const sql::Statement* statement = unit.current();
  if (statement == nullptr) return;
  switch (statement->kind) {
    case StatementKind::kBegin: pipeline_.in_transaction_block = true; return;
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kPrepareTransaction: pipeline_.in_transaction_block = false; return;
    default: break;
  }
  if (pipeline_.in_transaction_block || pipeline_.end_may_quote) return;
  const bool before_sync = unit.kind == Kind::kExecute && pipeline_.units.size() > 1 &&
                           pipeline_.units[1].kind == Kind::kSync;
  if (!is_last_of_query(unit) && !before_sync) pipeline_.end_may_quote = may_quote_sensitive(&unit);
}

// In the extended protocol the server ignores everything from the failed message to the next Sync.
void ServerReplies::skip_to_sync() {
  Units& units = pipeline_.units;
  const auto sync = std::find_if(units.begin(), units.end(),
                                 [](const Unit& unit) { return unit.kind == Kind::kSync; });
  if (sync == units.end()) pipeline_.skipping = true;
  pipeline_.names.skipped(units, static_cast<std::size_t>(sync - units.begin()));
}

ServerReplies::Outcome ServerReplies::on_error(const Message& message) {
  auto fields = pg::decode_error_fields(message.frame.body, context_.options.limits);
  if (!fields) {
    context_.fatal("08P01", "from the server: " + fields.error().text());
    return Outcome::kConsumed;
  }
  Unit* unit = front();
  const std::string_view severity = fields->find('V');
  const bool fatal = severity == "FATAL" || severity == "PANIC";
  if (!fatal && (unit == nullptr || unit->failed)) return violation(message);
  if (unit != nullptr && unit->refusal && !fatal)
    pg::append_error_response(context_.to_agent.own(), *unit->refusal);
  else
    guard_.append_report(context_.to_agent.own(), *fields, may_quote_sensitive(unit), true);
  copy_.end();
  pipeline_.copying_in = false;
  pipeline_.names.next_epoch();          // what a failed transaction had set is set back
  if (fatal) return Outcome::kConsumed;  // the server closes the connection next
  transaction_failed_ = true;
  if (const sql::Statement* failed = unit->refusal ? nullptr : unit->current()) {
    pipeline_.names.statement_failed(*failed);
    context_.note_changes(*failed, unit->sent_text()->text, true);
  }
  // What it had already done to names and catalogue is not known: look again.
  if (unit->settles && (unit->current() != nullptr || unit->unread()))
    pipeline_.catalog_changed(context_.watch.telling());
  switch (unit->kind) {
    case Kind::kQuery:
    case Kind::kFunctionCall: unit->failed = true; break;
    case Kind::kSync: break;  // the implicit commit failed; ReadyForQuery follows
    default: skip_to_sync(); break;
  }
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_notice(const Message& message) {
  auto fields = pg::decode_error_fields(message.frame.body, context_.options.limits);
  if (!fields) {
    context_.fatal("08P01", "from the server: " + fields.error().text());
    return Outcome::kConsumed;
  }
  if (tells_of_its_work(*fields) && has_column_rules(*context_.options.resource))
    return Outcome::kConsumed;
  guard_.append_report(context_.to_agent.own(), *fields, may_quote_sensitive(front()), false);
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_notification(const Message& message) {
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  const auto& notification = std::get<pg::NotificationResponse>(*decoded);
  Bytes clean;
  if (guard_.replace_hits(as_bytes(notification.payload), clean))
    pg::append_notification_response(context_.to_agent.own(), notification.process_id,
                                     notification.channel, as_text(clean));
  else
    context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_parameter_status(const Message& message) {
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  const auto& status = std::get<pg::ParameterStatus>(*decoded);
  pipeline_.transaction_changes_settings |=
      status.name == "client_encoding" || status.name == "standard_conforming_strings";
  context_.note_parameter(status);
  // Of set_config('application_name', note, false) it is what the column held.
  Bytes clean;
  if (guard_.replace_hits(as_bytes(status.value), clean))
    pg::append_parameter_status(context_.to_agent.own(), status.name, as_text(clean));
  else
    context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

}  // namespace sluice::session
