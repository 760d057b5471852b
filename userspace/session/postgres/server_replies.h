// SPDX-License-Identifier: Apache-2.0
// What the server says after login: each message is matched with the unit it answers, masked, and
// passed on. A message that answers nothing, or cannot be read, ends the session.
#pragma once

#include <cstddef>

#include "proto/postgres/backend.h"
#include "session/postgres/clean_stretch.h"
#include "session/postgres/copy_masker.h"
#include "session/postgres/pipeline.h"
#include "session/postgres/row_masker.h"
#include "session/postgres/text_guard.h"

namespace sluice::session {

class ServerReplies {
 public:
  ServerReplies(Context& context, Pipeline& pipeline, TextGuard& guard);

  // Reads messages from the front of `in`. Returns the bytes consumed.
  std::size_t read(ByteView in);

 private:
  enum class Outcome : std::uint8_t { kConsumed, kWait };
  struct Message {
    pg::Frame frame;
    ByteView whole;  // with its head
    ByteView rest;   // from there on, as far as it is here
  };

  std::size_t pass_piece(ByteView in);
  bool needs_no_reading(char type) const;
  Outcome dispatch(const Message& message);
  Outcome violation(const Message& message);

  Outcome on_row(const Message& message);
  Outcome on_row_description(const Message& message);
  bool waits_for_news();
  const sql::Statement* explanation(Unit& unit);
  void renew_names_of(const AnalysedText& text);
  bool rows_begin() const;
  bool encoding_may_be_another() const;
  void plan_again(Unit& unit);
  bool asks_for_tables(const std::vector<ResultField>& fields, const PlanInputs& inputs);
  Outcome on_no_data(const Message& message);
  Outcome on_parameter_description(const Message& message);
  Outcome on_command_complete(const Message& message, bool empty_query);
  Outcome on_suspended(const Message& message);
  Outcome on_ready(const Message& message);
  Outcome on_error(const Message& message);
  Outcome on_notice(const Message& message);
  Outcome on_notification(const Message& message);
  Outcome on_parameter_status(const Message& message);
  Outcome on_completed(const Message& message, Unit::Kind kind);
  // server_copy.cpp
  Outcome on_copy_in_response(const Message& message);
  Outcome on_copy_out_response(const Message& message);
  Outcome on_copy_data(const Message& message);
  Outcome on_copy_done(const Message& message);
  Unit* front_of_copy(sql::StatementKind kind);
  bool waits_for_catalog_of_copy();
  AnalysedTextPtr analyse_again(const Unit& unit) const;
  Outcome on_function_result(const Message& message);

  Unit* front() { return pipeline_.units.empty() ? nullptr : &pipeline_.units.front(); }
  // Only for units that were sent as the agent meant them: a reply to a refused one other than an
  // error is a violation.
  Unit* front(Unit::Kind kind);
  void pop();
  void skip_to_sync();
  void effects_of(const sql::Statement& statement, const std::string& text, std::string_view tag);
  void early_effects_of(const Unit& unit);
  void note_prepared_transaction(const sql::Statement& statement, std::string_view tag);
  void effects_of_unread();
  bool may_quote_sensitive(const Unit* unit) const;
  bool may_end_transaction(const Unit& unit, const sql::Statement& statement) const;
  void note_quotes(const Unit& unit);
  const ResultPlan* plan_of_rows();

  Context& context_;
  Pipeline& pipeline_;
  TextGuard& guard_;
  CellMasker cells_;
  RowMasker masker_{cells_};
  CleanStretch clean_;
  CopyMasker copy_{cells_};
  bool catalog_of_copy_asked_ = false;
  bool news_asked_ = false;
  bool transaction_failed_ = false;
  std::vector<std::uint32_t> missing_tables_;  // a fresh catalogue did not have them either
};

}  // namespace sluice::session
