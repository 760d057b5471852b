// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/server_replies.h"

#include <algorithm>

#include "proto/postgres/build.h"
#include "proto/postgres/frame.h"
#include "session/postgres/copy_encoding.h"
#include "session/postgres/meaning.h"
#include "session/postgres/prepared_meaning.h"

namespace sluice::session {
namespace {

using Kind = Unit::Kind;
using sql::StatementKind;

bool ends_transaction(StatementKind kind) {
  return kind == StatementKind::kCommit || kind == StatementKind::kRollback ||
         kind == StatementKind::kPrepareTransaction;
}

}  // namespace

ServerReplies::ServerReplies(Context& context, Pipeline& pipeline, TextGuard& guard)
    : context_(context), pipeline_(pipeline), guard_(guard), cells_(context.options.mask, guard) {}

std::size_t ServerReplies::pass_piece(ByteView in) {
  const std::size_t count = std::min(in.size(), context_.passing_to_agent);
  context_.to_agent.pass(in.first(count));
  context_.passing_to_agent -= count;
  return count;
}

// Rows and COPY data in which nothing is masked.
bool ServerReplies::needs_no_reading(char type) const {
  if (pipeline_.units.empty()) return false;
  const Unit& unit = pipeline_.units.front();
  if (unit.refusal || unit.failed || (type == 'D' && rows_begin())) return false;
  if (type == 'd') return copy_.passes();
  if (type != 'D') return false;
  if (unit.kind == Kind::kQuery) return unit.plan && unit.plan->untouched;
  return unit.kind == Kind::kExecute && unit.portal->plan && unit.portal->plan->untouched;
}

std::size_t ServerReplies::read(ByteView in) {
  clean_.forget();
  std::size_t consumed = pass_piece(in);
  while (!context_.closed && context_.passing_to_agent == 0 && consumed < in.size()) {
    if (!pipeline_.waiting_notice.empty()) {
      append(context_.to_agent.own(), pipeline_.waiting_notice);
      pipeline_.waiting_notice.clear();
    }
    const ByteView rest = in.subspan(consumed);
    const auto head_step = pg::next_head(pg::Direction::kBackend, rest, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(head_step)) break;
    if (const auto* bad = std::get_if<pg::Bad>(&head_step)) {
      context_.fatal("08P01", "unreadable message from the server: " + std::string{bad->reason});
      break;
    }
    const auto& head = std::get<pg::FrameHead>(head_step);
    if (needs_no_reading(head.type)) {
      // All that are here as one; a large one is not gathered.
      const std::size_t whole = pg::leading_frames(head.type, rest, context_.options.limits);
      context_.passing_to_agent = whole > 0 ? whole : head.size;
      consumed += pass_piece(rest);
      continue;
    }
    const auto step = pg::whole_frame(pg::Direction::kBackend, head, rest, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(step)) break;
    if (const auto* bad = std::get_if<pg::Bad>(&step)) {
      context_.fatal("54000", "message from the server: " + std::string{bad->reason});
      break;
    }
    const auto& frame = std::get<pg::Frame>(step);
    if (dispatch({frame, rest.first(frame.size), rest}) == Outcome::kWait) break;
    consumed += frame.size;
  }
  if (context_.passing_to_agent == 0 && !pipeline_.waiting_notice.empty() && !context_.closed) {
    append(context_.to_agent.own(), pipeline_.waiting_notice);
    pipeline_.waiting_notice.clear();
  }
  return context_.closed ? in.size() : consumed;
}

ServerReplies::Outcome ServerReplies::dispatch(const Message& message) {
  switch (message.frame.type) {
    case 'D': return on_row(message);
    case 'T': return on_row_description(message);
    case 'n': return on_no_data(message);
    case 't': return on_parameter_description(message);
    case 'C': return on_command_complete(message, false);
    case 'I': return on_command_complete(message, true);
    case 's': return on_suspended(message);
    case 'Z': return on_ready(message);
    case 'E': return on_error(message);
    case 'N': return on_notice(message);
    case 'A': return on_notification(message);
    case 'S': return on_parameter_status(message);
    case '1': return on_completed(message, Kind::kParse);
    case '2': return on_completed(message, Kind::kBind);
    case '3': return on_completed(message, Kind::kClose);
    case 'G': return on_copy_in_response(message);
    case 'H': return on_copy_out_response(message);
    case 'd': return on_copy_data(message);
    case 'c': return on_copy_done(message);
    case 'V': return on_function_result(message);
    // 'R', 'K' and 'v' belong to the login; 'W' to replication, which is refused at start-up.
    default: return violation(message);
  }
}

ServerReplies::Outcome ServerReplies::violation(const Message& message) {
  context_.fatal("08P01",
                 "the server sent " +
                     std::string{pg::message_name(pg::Direction::kBackend, message.frame.type)} +
                     " where none was due");
  return Outcome::kConsumed;
}

Unit* ServerReplies::front(Kind kind) {
  Unit* unit = front();
  return unit != nullptr && unit->kind == kind && !unit->refusal && !unit->failed ? unit : nullptr;
}

void ServerReplies::pop() { pipeline_.units.pop_front(); }

// --- rows
// -------------------------------------------------------------------------------------------------------------

const ResultPlan* ServerReplies::plan_of_rows() {
  if (Unit* unit = front(Kind::kQuery)) return unit->plan ? &*unit->plan : nullptr;
  if (Unit* unit = front(Kind::kExecute))
    return unit->portal->plan ? &*unit->portal->plan : nullptr;
  return nullptr;
}

// EXECUTE in the extended protocol waits for its locks behind its description.
bool ServerReplies::rows_begin() const {
  if (pipeline_.units.empty()) return false;
  const Unit& unit = pipeline_.units.front();
  return unit.kind == Kind::kExecute && !unit.news_heard && unit.portal->text->uses_names;
}

// Than the server said last: it tells before it is ready, and what runs now, or was sent together
// with it, may have set another or set one back.
bool ServerReplies::encoding_may_be_another() const {
  const Unit& unit = pipeline_.units.front();
  return context_.may_read_otherwise() || pipeline_.transaction_changes_settings ||
         unit.unsettles_meaning || unit.unsettles_encoding;
}

ServerReplies::Outcome ServerReplies::on_row(const Message& message) {
  if (rows_begin()) {
    if (waits_for_news()) return Outcome::kWait;
    Unit& unit = pipeline_.units.front();
    unit.news_heard = true;
    plan_again(unit);
  }
  const ResultPlan* plan = plan_of_rows();
  if (plan == nullptr) return violation(message);
  if (plan->untouched) {
    context_.to_agent.pass(message.whole);
    return Outcome::kConsumed;
  }
  cells_.characters_are_utf8(plan->hashes && !encoding_may_be_another() &&
                             comes_as_utf8(context_.client_encoding, context_.server_encoding));
  const bool clean = plan->detects && clean_.covers(message.whole, message.rest, guard_);
  const auto masked = masker_.mask(message.frame, message.whole, clean, *plan,
                                   context_.options.limits, context_.to_agent);
  if (!masked) context_.fatal("08P01", "a row from the server: " + masked.error().text());
  return Outcome::kConsumed;
}

// Asks once for a newer catalogue; what is not there then (a temporary table, one of an open
// transaction) is masked whole, but for what this session is known to have made.
bool ServerReplies::asks_for_tables(const std::vector<ResultField>& fields,
                                    const PlanInputs& inputs) {
  constexpr std::size_t kRememberedMax = 4096;
  if (pipeline_.transaction_changes_catalog) return false;
  bool asks = false;
  for (const std::uint32_t table : unknown_tables(fields, inputs)) {
    if (std::find(missing_tables_.begin(), missing_tables_.end(), table) != missing_tables_.end())
      continue;
    if (missing_tables_.size() >= kRememberedMax) missing_tables_.clear();
    missing_tables_.push_back(table);
    asks = true;
  }
  if (asks) pipeline_.need_fresh_catalog(context_);
  return asks;
}

// Others may have changed what the statement names between its judgement and now. The server has
// begun, and so keeps its views from being changed any more: a catalogue that is asked for now has
// them as they are.
bool ServerReplies::waits_for_news() {
  if (!pipeline_.awaiting_catalog) {
    if (std::exchange(news_asked_, false) || context_.unguarded() ||
        !context_.watch.has_news(context_.now))
      return false;
    news_asked_ = true;
    pipeline_.need_newer_catalog(context_);
  }
  pipeline_.rows_wait = true;
  return true;
}

void ServerReplies::renew_names_of(const AnalysedText& text) {
  const Names::Reader reader{
      context_.catalog->version(),
      [this](const std::string& named, const std::vector<std::uint32_t>& declared) {
        const sql::SessionNames none;  // PREPARE cannot name another
        return with_declared_types(analyse_text(named, context_, none, false), declared, context_);
      }};
  pipeline_.names.renew(text, reader, context_.work);
}

// What the next reply is about, as the catalogue of now has it; null: nobody can tell.
const sql::Statement* ServerReplies::explanation(Unit& unit) {
  const sql::Statement* known = unit.current();
  const AnalysedText* text = unit.sent_text();
  if (known == nullptr || text->analysis->catalog_version == context_.catalog->version())
    return known;
  const PortalPtr& portal = unit.portal;
  if (portal && portal->prepared->made_by_sql) return known;  // no text of its own
  if (text->uses_names) {
    // What later units take away or give cannot be read anew: the old meaning is not kept.
    for (std::size_t i = 1; i < pipeline_.units.size(); ++i)
      if (pipeline_.units[i].changes_names()) return nullptr;
    renew_names_of(*text);
  }
  const AnalysedTextPtr again = analyse_again(unit);
  if (again->unread() || again->analysis->statements.size() != text->analysis->statements.size())
    return nullptr;
  (portal ? portal->text : unit.prepared ? unit.prepared->text : unit.text) = again;
  return unit.current();
}

ServerReplies::Outcome ServerReplies::on_row_description(const Message& message) {
  Unit* unit = front();
  if (unit == nullptr || unit->refusal || unit->failed ||
      (unit->kind != Kind::kQuery && unit->kind != Kind::kDescribePortal &&
       unit->kind != Kind::kDescribeStatement))
    return violation(message);
  auto description = pg::decode_row_description(message.frame.body, context_.options.limits);
  if (!description) {
    context_.fatal("08P01", "from the server: " + description.error().text());
    return Outcome::kConsumed;
  }
  std::vector<ResultField> fields = fields_of(*description);
  if (waits_for_news()) return Outcome::kWait;
  // A second result of one statement (a rule made it) is one that the text does not explain.
  const bool explained = unit->kind != Kind::kQuery || !unit->plan;
  const PlanInputs inputs{explained ? explanation(*unit) : nullptr, context_.catalog.get(),
                          context_.options.resource.get(), context_.may_have_tried};
  if (asks_for_tables(fields, inputs)) {
    pipeline_.rows_wait = true;
    return Outcome::kWait;
  }

  switch (unit->kind) {
    case Kind::kQuery: unit->plan = plan_result(fields, inputs); break;
    case Kind::kDescribePortal:
      unit->portal->plan = plan_result(fields, inputs);
      // The locks are taken later, by what it names.
      if (unit->portal->text->uses_names) {
        unit->portal->remembered = std::move(fields);
        unit->portal->planned_with = context_.catalog->version();
      }
      break;
    case Kind::kDescribeStatement:
      unit->prepared->fields = std::move(fields);
      early_effects_of(*unit);
      unit->prepared->fields_epoch = pipeline_.names.epoch();
      break;
    default: return violation(message);
  }
  if (!unit->hidden) context_.to_agent.pass(message.whole);
  if (unit->kind != Kind::kQuery) pop();
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_no_data(const Message& message) {
  Unit* unit = front();
  if (unit == nullptr ||
      (unit->kind != Kind::kDescribePortal && unit->kind != Kind::kDescribeStatement))
    return violation(message);
  early_effects_of(*unit);
  if (!unit->hidden) context_.to_agent.pass(message.whole);
  pop();
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_parameter_description(const Message& message) {
  Unit* unit = front(Kind::kDescribeStatement);
  if (unit == nullptr) return violation(message);
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  const auto& types = std::get<pg::ParameterDescription>(*decoded).types;
  if (!unit->prepared->declared_types)
    unit->prepared->declared_types = std::move(unit->prepared->parameter_types);
  unit->prepared->parameter_types.clear();
  for (std::size_t i = 0; i < types.size(); ++i)
    unit->prepared->parameter_types.push_back(types[i]);
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_suspended(const Message& message) {
  const Unit* unit = front(Kind::kExecute);
  if (unit == nullptr) return violation(message);
  note_quotes(*unit);
  // What else it does comes within the same transaction, which has been told of.
  const bool first = !std::exchange(unit->portal->suspended, true);
  const sql::Statement* statement = unit->current();
  if (statement == nullptr && unit->unread())
    effects_of_unread();
  else if (statement != nullptr && first)
    effects_of(*statement, unit->sent_text()->text, {});
  else if (statement != nullptr) {
    early_effects_of(*unit);
    context_.note_changes(*statement, unit->sent_text()->text, false);
  }
  context_.to_agent.pass(message.whole);
  pop();
  return Outcome::kConsumed;
}

// --- the end of a statement
// ------------------------------------------------------------------------------------------

// Of one that had failed before the server says ROLLBACK.
void ServerReplies::note_prepared_transaction(const sql::Statement& statement,
                                              std::string_view tag) {
  constexpr std::size_t kPreparedMax = 1024;
  auto& prepared = context_.prepared_transactions;
  switch (statement.kind) {
    case StatementKind::kPrepareTransaction:
      if (tag == "PREPARE TRANSACTION" && prepared.size() < kPreparedMax)
        prepared.insert(statement.name);
      break;
    case StatementKind::kCommitPrepared:
    case StatementKind::kRollbackPrepared: prepared.erase(statement.name); break;
    default: break;
  }
}

void ServerReplies::effects_of(const sql::Statement& statement, const std::string& text,
                               std::string_view tag) {
  pipeline_.names.statement_complete(statement, text, tag, pipeline_.units);
  if (statement.kind == StatementKind::kPrepare)
    if (const PreparedPtr made = pipeline_.names.prepared(statement.name))
      note_meaning(*made, context_);
  note_prepared_transaction(statement, tag);
  // Outside of a block a procedure may commit.
  if ((statement.kind == StatementKind::kCall || statement.kind == StatementKind::kDo) &&
      !pipeline_.in_transaction_block)
    pipeline_.names.transaction_ended(sql::SessionNames::Outcome::kNotKnown, pipeline_.units);
  context_.blinded = context_.blinded || statement.blinds;
  context_.made_unnamed_code |= puts_code_unnamed(statement, *context_.catalog);
  const auto wider = context_.made.widened(statement);
  const sql::Statement& acts = wider ? *wider : statement;
  context_.made.note(statement);
  context_.new_meanings.note(statement);
  if (may_change_catalog(acts)) {
    pipeline_.transaction_changes_catalog = true;
    pipeline_.transaction_moves_columns |= may_move_columns(acts, *context_.catalog);
    // Nobody else sees it before the transaction ends, and who looks may have to wait for its
    // locks.
    const bool for_others = changes_catalog_itself(acts);
    pipeline_.transaction_tells_others |= for_others;
    if (!stays_inside(acts)) pipeline_.catalog_changed(for_others);
  }
  if (statement.kind == StatementKind::kCommit && pipeline_.transaction_changes_catalog)
    pipeline_.catalog_changed(pipeline_.transaction_tells_others);
  if (may_change_catalog(acts) || may_change_meaning(acts, *context_.catalog)) {
    pipeline_.names.next_epoch();
    pipeline_.transaction_changes_meaning = true;
  }
  if (statement.kind == StatementKind::kRollbackToSavepoint ||
      (pipeline_.transaction_changes_meaning && may_set_back(statement.kind)))
    pipeline_.names.next_epoch();
  if (tag == "DISCARD ALL") {
    context_.own_catalog.discarded();
    context_.show_own_catalog();
  }
  context_.note_changes(statement, text, false);
  if (ends_transaction(statement.kind)) {
    context_.own_catalog.block_ended(tag == "COMMIT");
    context_.show_own_catalog();
  }
}

// Of code that runs before the statement does, when it is parsed, bound or planned, or that goes on
// running. What it makes was noted when that was sent (Context::note_early).
void ServerReplies::early_effects_of(const Unit& unit) {
  const sql::Statement* statement = unit.current();
  if (statement == nullptr) return;
  const auto wider = context_.made.widened(*statement);
  const sql::Statement& acts = wider ? *wider : *statement;
  if (stays_inside(acts)) return;
  const bool parsed = unit.kind == Kind::kParse || unit.kind == Kind::kDescribeStatement;
  if (parsed && !context_.early_code_defines()) return;
  pipeline_.transaction_changes_catalog = true;
  pipeline_.transaction_moves_columns = true;
  pipeline_.transaction_changes_meaning = true;
  // Who was asked when it was parsed is not asked again when it is bound.
  if (!parsed) pipeline_.names.next_epoch();
}

void ServerReplies::effects_of_unread() {
  context_.own_catalog.anything_ran();
  context_.show_own_catalog();
  context_.new_meanings.note_unread();
  pipeline_.catalog_changed(true);
  pipeline_.transaction_changes_catalog = true;
  pipeline_.transaction_tells_others = true;
  pipeline_.transaction_moves_columns = true;
  pipeline_.names.next_epoch();
  pipeline_.transaction_changes_meaning = true;
}

ServerReplies::Outcome ServerReplies::on_command_complete(const Message& message,
                                                          bool empty_query) {
  Unit* unit = front(Kind::kQuery);
  if (unit == nullptr) unit = front(Kind::kExecute);
  if (unit == nullptr) return violation(message);
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  if (!empty_query) {
    note_quotes(*unit);
    const sql::Statement* statement = unit->current();
    if (statement != nullptr && statement->kind == StatementKind::kDeclareCursor) {
      // It may have waited for who changed what it reads; now it has its locks.
      if (waits_for_news()) return Outcome::kWait;
      const std::string name = statement->name;
      const sql::Statement* now = explanation(*unit);
      statement = unit->current();
      effects_of(*statement, unit->sent_text()->text, std::get<pg::CommandComplete>(*decoded).tag);
      if (now == nullptr) pipeline_.names.forget_cursor(name);
    } else if (statement != nullptr)
      effects_of(*statement, unit->sent_text()->text, std::get<pg::CommandComplete>(*decoded).tag);
    else if (unit->unread())
      effects_of_unread();
    else
      return violation(message);
  }
  context_.to_agent.pass(message.whole);
  copy_.end();
  pipeline_.copying_in = false;
  if (unit->kind == Kind::kExecute) {
    pop();
  } else if (!empty_query) {
    ++unit->statement;
    unit->plan.reset();
  }
  return Outcome::kConsumed;
}

ServerReplies::Outcome ServerReplies::on_ready(const Message& message) {
  Unit* unit = front();
  if (unit == nullptr || (unit->kind != Kind::kQuery && unit->kind != Kind::kFunctionCall &&
                          unit->kind != Kind::kSync))
    return violation(message);
  // A refused statement that did not fail at the server was not refused.
  if (unit->refusal && !unit->failed) return violation(message);
  const auto ready = pg::decode_ready_for_query(message.frame.body);
  if (!ready) {
    context_.fatal("08P01", "from the server: " + ready.error().text());
    return Outcome::kConsumed;
  }
  pop();
  copy_.end();
  pipeline_.copying_in = false;
  // What was sent behind this may have changed it since.
  const auto more = [&](bool Unit::*unsettles) {
    return std::any_of(pipeline_.units.begin(), pipeline_.units.end(), [&](const Unit& later) {
      return (later.kind == Kind::kExecute || later.kind == Kind::kBind ||
              later.kind == Kind::kParse || later.kind == Kind::kDescribeStatement) &&
             later.*unsettles;
    });
  };
  context_.meaning_unsettled = context_.meaning_unsettled && more(&Unit::unsettles_meaning);
  context_.encoding_unsettled = context_.encoding_unsettled && more(&Unit::unsettles_encoding);
  pipeline_.in_transaction_block = ready->status != pg::TransactionStatus::kIdle;
  if (!pipeline_.in_transaction_block) {
    pipeline_.names.transaction_ended(transaction_failed_ ? sql::SessionNames::Outcome::kRolledBack
                                                          : sql::SessionNames::Outcome::kCommitted,
                                      pipeline_.units);
    const bool failed = std::exchange(transaction_failed_, false);
    if (pipeline_.transaction_changes_catalog)
      pipeline_.catalog_changed(pipeline_.transaction_tells_others);
    if (pipeline_.transaction_changes_meaning) pipeline_.names.next_epoch();
    pipeline_.transaction_changes_catalog = false;
    pipeline_.transaction_tells_others = false;
    pipeline_.transaction_moves_columns = false;
    pipeline_.transaction_changes_meaning = false;
    pipeline_.transaction_changes_settings = false;
    pipeline_.end_may_quote = false;
    context_.blinded = false;
    context_.made_unnamed_code = false;
    context_.made.transaction_ended();
    context_.own_catalog.transaction_ended(!failed);
    context_.show_own_catalog();
    context_.new_meanings.transaction_ended();
  }
  // Nothing is under way any more that could end the transaction.
  if (pipeline_.units.empty())
    context_.watch.answered(std::exchange(pipeline_.changed_for_others, false));
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

// Its plan was made before the server had begun, from what the server had said of the statement.
void ServerReplies::plan_again(Unit& unit) {
  Portal& portal = *unit.portal;
  if (portal.remembered.empty() || portal.planned_with == context_.catalog->version()) return;
  const PlanInputs inputs{explanation(unit), context_.catalog.get(),
                          context_.options.resource.get(), context_.may_have_tried};
  portal.plan = plan_result(portal.remembered, inputs);
  portal.planned_with = context_.catalog->version();
}

ServerReplies::Outcome ServerReplies::on_completed(const Message& message, Kind kind) {
  Unit* unit = front(kind);
  if (unit == nullptr) return violation(message);
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) return violation(message);
  if (kind == Kind::kBind && waits_for_news()) return Outcome::kWait;
  switch (kind) {
    case Kind::kParse:
      early_effects_of(*unit);
      pipeline_.names.parse_complete(*unit, gives_name_again(pipeline_.units));
      break;
    case Kind::kBind: {
      early_effects_of(*unit);
      plan_again(*unit);
      const bool explained = explanation(*unit) != nullptr;
      pipeline_.names.bind_complete(*unit, gives_name_again(pipeline_.units));
      if (!explained) pipeline_.names.forget_cursor(unit->portal->name);
      break;
    }
    case Kind::kClose: pipeline_.names.close_complete(*unit); break;
    default: break;
  }
  if (!unit->hidden) context_.to_agent.pass(message.whole);
  pop();
  return Outcome::kConsumed;
}

// --- function calls ---

ServerReplies::Outcome ServerReplies::on_function_result(const Message& message) {
  const Unit* unit = front(Kind::kFunctionCall);
  const sql::Statement* call = unit == nullptr ? nullptr : unit->current();
  if (call == nullptr) return violation(message);
  auto decoded = pg::decode_backend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", "from the server: " + decoded.error().text());
    return Outcome::kConsumed;
  }
  effects_of(*call, unit->text->text, {});
  context_.to_agent.pass(message.whole);
  return Outcome::kConsumed;
}

}  // namespace sluice::session
