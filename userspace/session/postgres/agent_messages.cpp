// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/agent_messages.h"

#include <algorithm>

#include "proto/postgres/build.h"
#include "proto/postgres/frame.h"
#include "proto/postgres/values_digest.h"
#include "session/postgres/meaning.h"
#include "session/postgres/prepared_meaning.h"
#include "session/postgres/refusal.h"
#include "session/postgres/server_name.h"
#include "sql/text_guard.h"

namespace sluice::session {
namespace {

using pg::Direction;
using sql::StatementKind;

bool changes_names(StatementKind kind) {
  switch (kind) {
    case StatementKind::kPrepare:
    case StatementKind::kDeallocate:
    case StatementKind::kDiscard:
    case StatementKind::kDeclareCursor:
    case StatementKind::kCloseCursor:
    case StatementKind::kPrepareTransaction: return true;
    default: return false;
  }
}

bool judges(char type) {
  return type == 'Q' || type == 'P' || type == 'B' || type == 'E' || type == 'F';
}

bool is_of_extended_query(char type) {
  return std::string_view{"PBDECH"}.find(type) != std::string_view::npos;
}

bool belongs_to_copy(char type) { return type == 'd' || type == 'c' || type == 'f'; }

// Messages sent and not answered. Bounds our memory for an agent that never reads. More of them
// than fit into the server's output buffer (8 KiB, 5 bytes each), so that it has flushed some.
constexpr std::size_t kUnitsMax = 8192;

// Of one read(), in looks (Context::work): some hundredths of a second, after which other flows of
// the thread have their turn. One message is read whatever it costs.
constexpr std::size_t kWorkPerTurn = 2'000'000;
// Of any message, beside what is counted where it is done.
constexpr std::size_t kWorkPerMessage = 1000;

std::size_t copies_in(const AnalysedText& text) {
  return static_cast<std::size_t>(
      std::count_if(text.analysis->statements.begin(), text.analysis->statements.end(),
                    [](const auto& one) { return one.kind == StatementKind::kCopyIn; }));
}

// What was locked when the catalogue was read may be free now.
bool has_read_relation(const sql::Catalog& catalog, const std::string& name) {
  const auto relations = catalog.relations_named(name);
  return !relations.empty() && std::none_of(relations.begin(), relations.end(),
                                            [](const auto* one) { return one->locked; });
}

}  // namespace

// The catalogue and everything that earlier statements may have changed must be known before the
// next one is judged.
bool AgentMessages::must_wait(char type) {
  // Before the server has answered it is not known whether it reads this as part of the COPY.
  if (pipeline_.feeding_copy()) return !pipeline_.copying_in;
  if (pipeline_.settling() || pipeline_.units.size() >= kUnitsMax) return true;
  if (!judges(type) || pipeline_.skipping) return false;
  if (context_.catalog != nullptr && context_.unguarded()) return false;
  if (pipeline_.catalog_stale)
    pipeline_.need_fresh_catalog(context_);
  else if (hears_news(type))
    pipeline_.need_newer_catalog(context_);
  return context_.catalog == nullptr || pipeline_.awaiting_catalog;
}

// Once for each message: while others go on changing there is no catalogue that stays new, and what
// comes of the statement is looked at again when the server has begun (ServerReplies). A Parse is
// judged again when it is bound, and an Execute has been judged then.
bool AgentMessages::hears_news(char type) {
  if (pipeline_.awaiting_catalog || std::exchange(news_asked_, false)) return false;
  const bool acts = type != 'P' && type != 'E';
  news_asked_ = acts ? context_.watch.has_news(context_.now) : context_.watch.is_old();
  return news_asked_;
}

// What the catalogue lacks may have been made a moment ago by somebody else. Before a statement is
// judged by what is not known, look again; but not for every name that an agent makes up.
bool AgentMessages::may_look_again() const {
  constexpr std::chrono::seconds kLookAgainAfter{1};
  return !gate_.holds() && !context_.unguarded() && !pipeline_.transaction_changes_catalog &&
         context_.now - pipeline_.looked_again_at >= kLookAgainAfter;
}

void AgentMessages::look_again() {
  pipeline_.looked_again_at = context_.now;
  pipeline_.looking_again = true;
  pipeline_.need_fresh_catalog(context_);
}

// What a name stands for when the server gets there is known when everything before is answered.
bool AgentMessages::wait_for_names(std::string_view text) {
  if (pipeline_.units.empty() || context_.unguarded() || !Judge::may_use_names(text)) return false;
  wait_for_answers();
  return true;
}

// A trigger, a default or whatever else runs unseen may switch standard_conforming_strings off or
// set client_encoding, and an error sets back what its transaction had set. What would then be
// another statement is read when that is known; within an extended query it never is.
bool AgentMessages::wait_for_reading(std::string_view text) {
  reading_unsettled_ = false;
  const bool all_answered = pipeline_.units.empty();
  if (context_.unguarded() || (all_answered && !ran_since_sync_ && !context_.encoding_unsettled))
    return false;
  const bool letters =
      !is_ascii(text) && (context_.encoding_unsettled || pipeline_.encoding_may_change());
  const bool strings = (!all_answered || ran_since_sync_) && !sql::reads_alike(text);
  if (!letters && !strings) return false;
  reading_unsettled_ = ran_since_sync_ || context_.encoding_unsettled;
  if (all_answered) return false;
  wait_for_answers();
  return true;
}

// People are asked when it is known by what settings the server reads what they approve, as far as
// it says so without a Sync of the agent's.
bool AgentMessages::wait_for_settings(const Judgement& judgement) {
  if (judgement.verdict().kind != VerdictKind::kHold || pipeline_.units.empty() || gate_.holds())
    return false;
  if (!context_.may_read_otherwise() && !pipeline_.encoding_may_change()) return false;
  wait_for_answers();
  return true;
}

void AgentMessages::refuse_other_meaning(Judgement& judgement, const PreparedStatement& prepared) {
  if (judgement.verdict().kind != VerdictKind::kHold || means_the_same_now(prepared, context_))
    return;
  Verdict& verdict = judgement.statements[judgement.worst].verdict;
  verdict.kind = VerdictKind::kDeny;
  verdict.rule.clear();
  verdict.message = "prepared statement \"" + prepared.name +
                    "\" was parsed when its names or settings may have meant something else; "
                    "prepare it again";
}

// What EXECUTE names has to mean what people are shown.
void AgentMessages::refuse_other_meanings(Judgement& judgement, const AnalysedText& text) {
  if (judgement.verdict().kind != VerdictKind::kHold) return;
  for (const sql::Statement& statement : text.analysis->statements)
    for (const sql::NameUse& use : statement.uses)
      if (const PreparedPtr named = use.cursor ? nullptr : pipeline_.names.prepared(use.name))
        refuse_other_meaning(judgement, *named);
}

ReadBy AgentMessages::read_by(const std::vector<std::uint32_t>& types) const {
  return {types, context_.client_encoding == "UTF8" && !context_.may_read_otherwise()};
}

bool AgentMessages::wait_for_names_of(const AnalysedText& text) {
  if (!text.uses_names || pipeline_.units.empty() || context_.unguarded() ||
      (text.names_version == pipeline_.names.for_analysis().version() &&
       !may_end_portals(pipeline_.units)))
    return false;
  wait_for_answers();
  return true;
}

AnalysedTextPtr AgentMessages::analyse(std::string_view text) {
  Names& names = pipeline_.names;
  names.know_beyond_ascii(context_.server_encoding == "UTF8");
  if (pipeline_.units.empty()) names.all_answered();
  const bool unsettled = context_.meaning_unsettled || std::exchange(reading_unsettled_, false);
  AnalysedTextPtr analysed = judge_.analyse(text, names.for_analysis(), unsettled);
  if (analysed->uses_names && names.renew(*analysed, reader_of_names(), context_.work))
    analysed = judge_.analyse(text, names.for_analysis(), unsettled);
  return analysed;
}

const std::string& AgentMessages::told(const AnalysedText& text) {
  return text.uses_names ? told_ = pipeline_.names.told(text) : text.text;
}

Names::Reader AgentMessages::reader_of_names() {
  return {context_.catalog->version(),
          [this](const std::string& text, const std::vector<std::uint32_t>& declared) {
            const sql::SessionNames none;  // PREPARE cannot name another
            return with_declared_types(judge_.analyse(text, none, context_.meaning_unsettled),
                                       declared, context_);
          }};
}

bool AgentMessages::wait_for_newer_catalog(const AnalysedText& text) {
  if (!may_look_again()) return false;
  const sql::Catalog& catalog = *context_.catalog;
  for (const sql::Statement& statement : text.analysis->statements) {
    if (statement.actions.has(Action::kDdl)) continue;  // names what is to be made
    for (const ObjectRef& object : statement.objects) {
      const bool known = object.kind == ObjectRef::Kind::kFunction
                             ? !catalog.functions_named(object.name).empty()
                             : has_read_relation(catalog, object.name);
      if (known || object.kind == ObjectRef::Kind::kOther) continue;
      look_again();
      return true;
    }
  }
  return false;
}

std::size_t AgentMessages::pass_piece(ByteView in) {
  const std::size_t count = std::min(in.size(), pipeline_.passing_to_upstream);
  context_.to_upstream.pass(in.first(count));
  pipeline_.passing_to_upstream -= count;
  return count;
}

std::size_t AgentMessages::read(ByteView in) {
  stalled_ = turn_over_ = false;
  if (pipeline_.goodbye) return in.size();
  std::size_t consumed = pass_piece(in);
  while (!context_.closed && !pipeline_.goodbye && !gate_.waiting() && consumed < in.size()) {
    const ByteView rest = in.subspan(consumed);
    const auto head_step = pg::next_head(Direction::kFrontend, rest, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(head_step)) break;
    if (const auto* bad = std::get_if<pg::Bad>(&head_step)) {
      context_.fatal("08P01", "unreadable message from the client: " + std::string{bad->reason});
      break;
    }
    const auto& head = std::get<pg::FrameHead>(head_step);
    // COPY data needs no reading on its way in: all of it that is here goes as one, and a large
    // message is not gathered.
    if (head.type == 'd' && pipeline_.copying_in) {
      const std::size_t whole = pg::leading_frames(head.type, rest, context_.options.limits);
      pipeline_.passing_to_upstream = whole > 0 ? whole : head.size;
      consumed += pass_piece(rest);
      continue;
    }
    const auto step = pg::whole_frame(Direction::kFrontend, head, rest, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(step)) break;
    if (const auto* bad = std::get_if<pg::Bad>(&step)) {
      context_.fatal("54000", "message from the client: " + std::string{bad->reason});
      break;
    }
    const auto& frame = std::get<pg::Frame>(step);
    turn_over_ = context_.work > kWorkPerTurn;
    stalled_ = turn_over_ || must_wait(frame.type);
    if (stalled_) break;
    context_.work += kWorkPerMessage;
    if (dispatch({frame, rest.first(frame.size), rest.subspan(frame.size)}) == Outcome::kWait)
      break;
    consumed += frame.size;
    bind_awaited_ = false;
  }
  stalled_ = stalled_ || gate_.waiting() || pipeline_.awaiting_catalog;
  return context_.closed ? in.size() : consumed;
}

// In COPY FROM STDIN a server ignores Sync and Flush, so they have no answer (libpq sends a Sync
// right behind Execute); at any other message it ends the connection.
AgentMessages::Outcome AgentMessages::beside_copy(char type) {
  if (type != 'S' && type != 'H')
    context_.fatal("08P01", "unexpected " +
                                std::string{pg::message_name(Direction::kFrontend, type)} +
                                " during COPY from stdin");
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::dispatch(const Message& message) {
  const char type = message.frame.type;
  if (pipeline_.feeding_copy() && !belongs_to_copy(type) && type != 'X') return beside_copy(type);
  if (pipeline_.skipping && type != 'S' && type != 'X') return Outcome::kConsumed;
  auto decoded = pg::decode_frontend(message.frame, context_.options.limits);
  if (!decoded) {
    context_.fatal("08P01", decoded.error().text());
    return Outcome::kConsumed;
  }
  in_extended_ |= is_of_extended_query(type);
  return std::visit(
      [&](const auto& body) -> Outcome {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, pg::Query>) return on_query(message, body);
        if constexpr (std::is_same_v<T, pg::Parse>) return on_parse(message, body);
        if constexpr (std::is_same_v<T, pg::Bind>) return on_bind(message, body);
        if constexpr (std::is_same_v<T, pg::Describe>) return on_describe(message, body);
        if constexpr (std::is_same_v<T, pg::Execute>) return on_execute(message, body);
        if constexpr (std::is_same_v<T, pg::Close>) return on_close(message, body);
        if constexpr (std::is_same_v<T, pg::Sync>) return on_sync(message);
        if constexpr (std::is_same_v<T, pg::FunctionCall>) return on_function_call(message, body);
        if constexpr (std::is_same_v<T, pg::CopyData>) return on_copy(message, false);
        if constexpr (std::is_same_v<T, pg::CopyDone> || std::is_same_v<T, pg::CopyFail>)
          return on_copy(message, true);
        if constexpr (std::is_same_v<T, pg::Terminate>) return on_terminate(message);
        if constexpr (std::is_same_v<T, pg::Flush>) {
          context_.to_upstream.pass(message.whole);
          return Outcome::kConsumed;
        }
        if constexpr (std::is_same_v<T, pg::PasswordMessage>)
          context_.fatal("08P01", "password message where none was asked for");
        return Outcome::kConsumed;
      },
      *decoded);
}

AgentMessages::Outcome AgentMessages::on_query(const Message& message, const pg::Query& query) {
  if (wait_for_names(query.text) || wait_for_reading(query.text)) return Outcome::kWait;
  const AnalysedTextPtr text = analyse(query.text);
  if (wait_for_newer_catalog(*text)) return Outcome::kWait;
  Judgement judgement = judge_.judge(*text, {});
  if (wait_for_settings(judgement)) return Outcome::kWait;
  refuse_other_meanings(judgement, *text);
  Admitted admitted = gate_.admit(std::move(judgement), told(*text));
  if (admitted.admission == Admission::kWait) return Outcome::kWait;

  end_extended();
  Unit unit;
  unit.kind = Unit::Kind::kQuery;
  if (admitted.admission == Admission::kRefuse) {
    unit.refusal = std::move(admitted.refusal);
    pg::append_query(context_.to_upstream.own(), failing_text(admitted.request));
  } else {
    unit.text = text;
    pipeline_.names.text_sent(*text);
    note_effects(unit, *text, false);
    unit.copies_left = copies_in(*text);
    context_.to_upstream.pass(message.whole);
  }
  pipeline_.units.push_back(std::move(unit));
  ran_since_sync_ = false;
  return Outcome::kConsumed;
}

// Where it cannot be computed, one that nothing else has: then no approval serves twice.
std::string AgentMessages::digest_of(const pg::ValueList& values, const pg::FormatCodes& formats,
                                     const std::vector<std::uint32_t>& declared) const {
  auto digest = pg::digest_of_values(values, formats, declared);
  return digest ? *std::move(digest) : gate_.next_request();
}

AgentMessages::Outcome AgentMessages::on_function_call(const Message& message,
                                                       const pg::FunctionCall& call) {
  if (context_.catalog->function(call.function_oid) == nullptr && may_look_again()) {
    look_again();
    return Outcome::kWait;
  }
  const sql::Statement statement = sql::analyse_function_call(call.function_oid, *context_.catalog);
  std::string shown = "function call by OID " + std::to_string(call.function_oid);
  if (const auto* function = context_.catalog->function(call.function_oid))
    shown += ": " + function->schema + "." + function->name;
  const auto arguments = render_values(call.arguments, call.argument_formats, read_by({}));
  Judgement judgement = judge_.judge(statement, shown, arguments);
  // Its result is one value without a description, so no mask would know its type.
  if (rows_need_reading() && !sql::output_of(statement, 0, 1).clear() &&
      judgement.verdict().kind != VerdictKind::kDeny) {
    Verdict& verdict = judgement.statements.front().verdict;
    verdict.kind = VerdictKind::kDeny;
    verdict.rule.clear();
    verdict.message = "the result of a function call by OID cannot be masked; use SELECT";
  }
  if (wait_for_settings(judgement)) return Outcome::kWait;
  if (gate_.compares(judgement))
    judgement.parameters_digest = digest_of(call.arguments, call.argument_formats, {});
  Admitted admitted = gate_.admit(std::move(judgement), shown);
  if (admitted.admission == Admission::kWait) return Outcome::kWait;

  end_extended();
  Unit unit;
  unit.kind = Unit::Kind::kFunctionCall;
  auto analysed = std::make_shared<AnalysedText>();
  analysed->text = shown;
  sql::Analysis analysis;
  analysis.statements.push_back(statement);
  analysed->analysis = std::make_shared<const sql::Analysis>(std::move(analysis));
  unit.text = analysed;
  if (admitted.admission == Admission::kRefuse) {
    unit.refusal = std::move(admitted.refusal);
    // Answered like a FunctionCall that fails: ErrorResponse, then ReadyForQuery.
    pg::append_query(context_.to_upstream.own(), failing_text(admitted.request));
  } else {
    unit.settles = true;
    context_.may_have_tried |= may_try_values(statement, *context_.catalog);
    pipeline_.names.acted();
    if (commits_change(*analysed)) context_.watch.sending();
    context_.to_upstream.pass(message.whole);
  }
  pipeline_.units.push_back(std::move(unit));
  ran_since_sync_ = false;
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_copy(const Message& message, bool ends) {
  if (pipeline_.copying_in) {
    context_.to_upstream.pass(message.whole);
    if (ends) {
      pipeline_.copying_in = false;
      --pipeline_.units.back().copies_left;
    }
    return Outcome::kConsumed;
  }
  // The COPY has failed, and what the agent still sends is dropped here as the server would.
  return Outcome::kConsumed;
}

AgentMessages::Outcome AgentMessages::on_terminate(const Message& message) {
  context_.to_upstream.pass(message.whole);
  pipeline_.goodbye = true;
  // What was asked before is answered first; the server closes when it gets here.
  if (pipeline_.units.empty()) context_.close("the agent said goodbye");
  return Outcome::kConsumed;
}

std::size_t AgentMessages::copies_of(const AnalysedText& text) { return copies_in(text); }

AgentMessages::Outcome AgentMessages::wait_for_answers() {
  Unit& last = pipeline_.units.back();
  const bool flushed = last.kind == Unit::Kind::kQuery || last.kind == Unit::Kind::kSync ||
                       last.kind == Unit::Kind::kFunctionCall;
  // The agent has not asked for answers yet, so the server may keep them.
  if (!last.settles && !flushed) pg::append_flush(context_.to_upstream.own());
  last.settles = true;
  stalled_ = true;
  return Outcome::kWait;
}

// Others may see another catalogue before this is answered.
bool AgentMessages::commits_change(const AnalysedText& text) const {
  const auto& statements = text.analysis->statements;
  return text.unread() ||
         std::any_of(statements.begin(), statements.end(), [&](const sql::Statement& statement) {
           return changes_catalog_itself(statement) ||
                  (statement.kind == StatementKind::kCommit && pipeline_.transaction_tells_others);
         });
}

// A server that finds a timeout with a Flush says so and skips to the next Sync. That error would
// be taken for the answer to a Query, behind which a server does not skip: a Close of nothing goes
// between, which has it then.
void AgentMessages::end_extended() {
  if (std::exchange(in_extended_, false)) close_unseen(kNobodysName);
}

void AgentMessages::close_unseen(std::string_view statement) {
  Unit unit;
  unit.kind = Unit::Kind::kClose;
  unit.hidden = true;
  unit.closed_statement = true;
  unit.closed_name = statement;
  pipeline_.names.close_sent(unit);
  pg::append_close(context_.to_upstream.own(), pg::Target::kStatement, statement);
  pipeline_.units.push_back(std::move(unit));
}

// True if it may change what texts mean. In a simple query the server reports changed settings
// before ReadyForQuery, which is when it settles. In the extended protocol only Sync brings that
// report.
bool AgentMessages::unsettle(Unit& unit, const sql::Statement& statement, bool extended) {
  const auto wider = context_.made.widened(statement);
  const sql::Statement& acts = wider ? *wider : statement;
  const bool meaning = (pipeline_.transaction_changes_meaning && may_set_back(acts.kind)) ||
                       may_change_meaning(acts, *context_.catalog);
  const bool encoding = may_change_encoding(acts, *context_.catalog, context_.unnamed_code_sets());
  context_.may_have_tried |= may_try_values(acts, *context_.catalog);
  unit.unsettles_meaning |= meaning;
  unit.unsettles_encoding |= encoding;
  context_.meaning_unsettled |= meaning && extended;
  context_.encoding_unsettled |= encoding && extended;
  return meaning;
}

void AgentMessages::note_effects(Unit& unit, const AnalysedText& text, bool extended) {
  if (text.unread()) {
    context_.may_have_tried = true;
    unit.settles = unit.unsettles_meaning = unit.unsettles_encoding = true;
    context_.meaning_unsettled |= extended;
    context_.encoding_unsettled |= extended;
  }
  if (commits_change(text)) context_.watch.sending();
  for (const sql::Statement& statement : text.analysis->statements) {
    const bool meaning = unsettle(unit, statement, extended);
    if (meaning || changes_names(statement.kind)) unit.settles = true;
  }
}

// Checks of types run when values are bound, and functions may run when the plan is made: both may
// do what a call may. Which types parameters have the server may not have said yet. What is looked
// up only when it runs (COPY, SET) has neither.
void AgentMessages::note_binding(Unit& unit, const AnalysedText& text, bool may_act) {
  if (text.unread()) {
    context_.meaning_unsettled = context_.encoding_unsettled = true;
    unit.unsettles_meaning = unit.unsettles_encoding = true;
  }
  for (const sql::Statement& statement : text.analysis->statements)
    if (may_act || is_analysed_early(statement.kind)) {
      unsettle(unit, statement, true);
      context_.note_early(statement);
    }
}

// To read a text the server may call functions: '{a}' that becomes an array of a type with checks
// runs these.
void AgentMessages::note_parsing(Unit& unit, const PreparedStatement& prepared) {
  const bool by_sql = prepared.made_by_sql;  // what it prepared is of such a kind
  if (context_.unnamed_code_sets()) {
    note_binding(unit, *prepared.text, by_sql);
    ran_since_sync_ = true;
    return;
  }
  for (const sql::Statement& statement : prepared.text->analysis->statements)
    if (by_sql || is_analysed_early(statement.kind)) context_.note_early(statement);
}

bool AgentMessages::rows_need_reading() const {
  return has_column_rules(*context_.options.resource) || guard_.has_detectors();
}

}  // namespace sluice::session
