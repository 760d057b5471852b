// SPDX-License-Identifier: Apache-2.0
// COPY, as the server answers it.
#include "proto/postgres/build.h"
#include "session/postgres/copy_encoding.h"
#include "session/postgres/meaning.h"
#include "session/postgres/server_replies.h"

namespace sluice::session {

using sql::StatementKind;

// The unit at the front where its next reply is about a COPY of this kind.
Unit* ServerReplies::front_of_copy(StatementKind kind) {
  Unit* unit = front(Unit::Kind::kQuery);
  if (unit == nullptr) unit = front(Unit::Kind::kExecute);
  if (unit == nullptr || unit->unread()) return unit;
  const sql::Statement* statement = unit->current();
  return statement != nullptr && statement->kind == kind ? unit : nullptr;
}

ServerReplies::Outcome ServerReplies::on_copy_in_response(const Message& message) {
  Unit* unit = front_of_copy(StatementKind::kCopyIn);
  if (unit == nullptr || pipeline_.copying_in) return violation(message);
  // Nothing was sent behind a text that was not read, so that the agent feeds the COPY next.
  if (unit->unread()) unit->copies_left = 1;
  if (unit->copies_left == 0) return violation(message);
  const auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  pipeline_.copying_in = true;
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

// The server tells nothing of the columns of a COPY but how many there are. It keeps its tables
// from being altered while it copies, so a catalogue that is asked for now has them as they are;
// but for what this transaction itself has changed.
bool ServerReplies::waits_for_catalog_of_copy() {
  if (!has_column_rules(*context_.options.resource)) return false;
  if (!pipeline_.awaiting_catalog && std::exchange(catalog_of_copy_asked_, false)) return false;
  if (!pipeline_.awaiting_catalog) {
    catalog_of_copy_asked_ = true;
    pipeline_.need_fresh_catalog(context_);
  }
  pipeline_.rows_wait = true;
  return true;
}

AnalysedTextPtr ServerReplies::analyse_again(const Unit& unit) const {
  const PreparedPtr prepared = unit.portal ? unit.portal->prepared : unit.prepared;
  AnalysedTextPtr again =
      analyse_text(unit.sent_text()->text, context_, pipeline_.names.for_analysis(), false);
  return prepared ? with_declared_types(std::move(again), prepared->declared(), context_) : again;
}

ServerReplies::Outcome ServerReplies::on_copy_out_response(const Message& message) {
  const Unit* unit = front_of_copy(StatementKind::kCopyOut);
  if (unit == nullptr || copy_.active()) return violation(message);
  const auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  if (waits_for_catalog_of_copy()) return Outcome::kWait;

  const auto& response = std::get<pg::CopyOutResponse>(*decoded);
  const sql::Statement* sent = unit->current();
  const CopyFormat format =
      sent == nullptr ? CopyFormat{} : sent->copy_format.value_or(CopyFormat{});
  const AnalysedTextPtr again = analyse_again(*unit);
  const auto& statements = again->analysis->statements;
  const sql::Statement* statement =
      unit->statement < statements.size() ? &statements[unit->statement] : nullptr;
  if (statement != nullptr && pipeline_.transaction_moves_columns &&
      names_masked(*statement, *context_.catalog))
    statement = nullptr;  // nobody can tell
  ResultPlan plan = plan_copy(response.column_formats.size(), response.format,
                              {statement, context_.catalog.get(), context_.options.resource.get()});
  const bool binary = format.kind == CopyFormat::Kind::kBinary;
  if (!plan.untouched) {
    if (binary != (response.format == pg::Format::kBinary)) return violation(message);
    const std::string& encoding = copy_encoding(format, context_.client_encoding);
    if (!binary && !copy_encoding_is_readable(encoding)) {
      context_.fatal("0A000", "COPY in the encoding " + encoding + " cannot be masked",
                     "Set client_encoding to UTF8.");
      return Outcome::kConsumed;
    }
  }
  // In binary the characters come in client_encoding, whatever ENCODING says.
  const bool says_encoding = !binary && !format.encoding.empty();
  cells_.characters_are_utf8(
      plan.hashes && (says_encoding || !encoding_may_be_another()) &&
      comes_as_utf8(says_encoding ? format.encoding : context_.client_encoding,
                    context_.server_encoding));
  copy_.begin(format, std::move(plan), context_.options.limits.backend_message_bytes_max);
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_copy_data(const Message& message) {
  if (!copy_.active()) return violation(message);
  const bool clean = copy_.cells_show() && clean_.covers(message.whole, message.rest, guard_);
  const auto masked = copy_.mask(message.frame.body, message.whole, clean, context_.to_agent);
  if (!masked) context_.fatal("08P01", "from the server: " + masked.error().text());
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_copy_done(const Message& message) {
  if (!copy_.active()) return violation(message);
  if (const auto whole = copy_.finish(); !whole) {
    context_.fatal("08P01", "from the server: " + whole.error().text());
    return Outcome::kConsumed;
  }
  copy_.end();
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

}  // namespace sluice::session
