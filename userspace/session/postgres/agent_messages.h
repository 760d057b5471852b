// SPDX-License-Identifier: Apache-2.0
// What the agent says after login: each message is read, judged and then passed, refused or held.
// Nothing is passed that was not understood.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "proto/postgres/frontend.h"
#include "session/postgres/bind_parameters.h"
#include "session/postgres/hold.h"
#include "session/postgres/judge.h"
#include "session/postgres/pipeline.h"
#include "session/postgres/text_guard.h"

namespace sluice::session {

class AgentMessages {
 public:
  AgentMessages(Context& context, Pipeline& pipeline, Judge& judge, Gate& gate,
                const TextGuard& guard)
      : context_(context), pipeline_(pipeline), judge_(judge), gate_(gate), guard_(guard) {}

  // Reads whole messages from the front of `in` while nothing has to be waited for. Returns the
  // bytes consumed.
  std::size_t read(ByteView in);
  // The last read() left bytes for later that are not the beginning of an unfinished message.
  bool stalled() const { return stalled_; }
  // It left them because it had done enough for one time.
  bool has_had_its_turn() const { return turn_over_; }

 private:
  enum class Outcome : std::uint8_t { kConsumed, kWait };
  struct Message {
    pg::Frame frame;
    ByteView whole;  // with its head
    ByteView after;  // what follows it, as far as it is here
  };

  bool must_wait(char type);
  bool hears_news(char type);
  bool may_look_again() const;
  void look_again();
  AnalysedTextPtr analyse(std::string_view text);
  // Good until the next one.
  const std::string& told(const AnalysedText& text);
  bool wait_for_names(std::string_view text);
  bool wait_for_reading(std::string_view text);
  bool wait_for_names_of(const AnalysedText& text);
  bool wait_for_settings(const Judgement& judgement);
  ReadBy read_by(const std::vector<std::uint32_t>& types) const;
  Names::Reader reader_of_names();
  bool wait_for_newer_catalog(const AnalysedText& text);
  std::size_t pass_piece(ByteView in);
  Outcome dispatch(const Message& message);
  Outcome beside_copy(char type);
  static std::size_t copies_of(const AnalysedText& text);

  Outcome on_query(const Message& message, const pg::Query& query);
  Outcome on_function_call(const Message& message, const pg::FunctionCall& call);
  Outcome on_copy(const Message& message, bool ends);
  Outcome on_terminate(const Message& message);
  // agent_extended.cpp
  Outcome on_parse(const Message& message, const pg::Parse& parse);
  Outcome on_bind(const Message& message, const pg::Bind& bind);
  Outcome on_describe(const Message& message, const pg::Describe& describe);
  Outcome on_execute(const Message& message, const pg::Execute& execute);
  Outcome on_close(const Message& message, const pg::Close& close);
  Outcome on_sync(const Message& message);
  std::string digest_of(const pg::ValueList& values, const pg::FormatCodes& formats,
                        const std::vector<std::uint32_t>& declared) const;
  void refuse_extended(std::unique_ptr<pg::Report> report, const std::string& request);
  void refuse_unknown(pg::Report report);
  std::optional<Outcome> judge_portal_again(const PortalPtr& portal);
  void describe_if_rows_are_read(const PortalPtr& portal);
  void renew(AnalysedTextPtr& text, const std::vector<std::uint32_t>& declared);
  void renew_statement(PreparedStatement& prepared);
  // People are asked about what a text means now, so what they would be asked about is refused
  // where a prepared statement that it runs may mean something else (prepared_meaning.h).
  void refuse_other_meaning(Judgement& judgement, const PreparedStatement& prepared);
  void refuse_other_meanings(Judgement& judgement, const AnalysedText& text);
  // A Close of ours.
  void close_unseen(std::string_view statement);
  PreparedPtr parse_again(const PreparedStatement& prepared);
  bool looks_again(SteadyTime approved_at, bool& looked);
  void note_approval(Portal& portal, const Approval& approved) const;
  std::optional<Outcome> renew_portal(const PortalPtr& portal);
  std::optional<Outcome> settle_name(std::string_view name);
  PreparedPtr prepared_named(std::string_view name);
  PortalPtr portal_named(std::string_view name);

  // The message is read again when the server has answered everything.
  Outcome wait_for_answers();
  // What was sent of an extended query has an answer of its own, also where it was a Flush.
  void end_extended();
  // Marks what has to be answered before the next message, and what the server may change by it.
  void note_effects(Unit& unit, const AnalysedText& text, bool extended);
  // `may_act`: whatever it is, something of it may run.
  void note_binding(Unit& unit, const AnalysedText& text, bool may_act);
  // Also of what may be parsed again.
  void note_parsing(Unit& unit, const PreparedStatement& prepared);
  bool unsettle(Unit& unit, const sql::Statement& statement, bool extended);
  bool commits_change(const AnalysedText& text) const;
  bool rows_need_reading() const;

  Context& context_;
  Pipeline& pipeline_;
  Judge& judge_;
  Gate& gate_;
  const TextGuard& guard_;
  bool stalled_ = false;
  bool turn_over_ = false;
  bool news_asked_ = false;
  bool bind_awaited_ = false;       // by the Parse that is next, which is not looked at before
  bool in_extended_ = false;        // part of one was sent, or a Flush
  bool ran_since_sync_ = false;     // something ran, and the server tells of settings at a Sync
  bool reading_unsettled_ = false;  // where strings end in the text that is read now, and letters
  std::string told_;
};

}  // namespace sluice::session
