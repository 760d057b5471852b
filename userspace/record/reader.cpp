// SPDX-License-Identifier: Apache-2.0
#include "record/reader.h"

#include "record/sessions.h"

namespace sluice::record {

SessionReader::SessionReader(std::unique_ptr<ByteSource> source, const SessionId& session,
                             const std::string& host_id)
    : blocks_(std::move(source), session_anchor(host_id, session)), session_(session) {}

Result<SessionReader> SessionReader::open(const std::string& directory, const SessionId& session,
                                          const std::string& host_id) {
  if (!is_session_id(session)) return Error{"'" + session + "' is not the name of a session"};
  auto source = open_source(session_path(directory, session));
  if (!source) return source.error();
  return SessionReader{*std::move(source), session, host_id};
}

Result<SessionReader> SessionReader::open_live(const std::string& directory,
                                               const SessionId& session,
                                               const std::string& host_id) {
  auto reader = open(directory, session, host_id);
  if (reader) reader->journals_ = JournalView::of(directory);
  return reader;
}

BlockReader::Step SessionReader::next_block() {
  if (std::holds_alternative<End>(file_end_)) return End{};
  if (const auto* torn = std::get_if<Unfinished>(&file_end_)) return *torn;
  auto step = blocks_.next();
  const auto* torn = std::get_if<Unfinished>(&step);
  if (!journals_ || (!torn && !std::holds_alternative<End>(step))) return step;
  const Position& end = blocks_.position();
  if (auto waiting = journals_->waiting(session_, end.frames)) {
    // It may become a block, or grow, at any moment: what was taken now is the end.
    if (torn)
      file_end_ = *torn;
    else
      file_end_ = End{};
    waiting_ = *std::move(waiting);
    return Block{end.frames, end.bytes, waiting_};
  }
  // It may have become a block since the file was read.
  return blocks_.next();
}

Bad SessionReader::bad(std::string what) const {
  return Bad{block_offset_, block_, std::move(what)};
}

SessionReader::Step SessionReader::next() {
  const auto stop = [this](auto why) -> Step {
    over_ = why;
    return why;
  };
  if (const auto* end = std::get_if<End>(&over_)) return *end;
  if (const auto* unfinished = std::get_if<Unfinished>(&over_)) return *unfinished;
  if (const auto* wrong = std::get_if<Bad>(&over_)) return *wrong;

  while (rest_.empty()) {
    auto step = next_block();
    if (auto* end = std::get_if<End>(&step)) return stop(*end);
    if (auto* unfinished = std::get_if<Unfinished>(&step)) return stop(*unfinished);
    if (auto* wrong = std::get_if<Bad>(&step)) return stop(*wrong);
    const Block& block = std::get<Block>(step);
    block_ = block.sequence;
    block_offset_ = block.offset;
    rest_ = block.plain;
    if (rest_.empty()) return stop(bad("it holds no event"));
  }
  auto decoded = decode_event(rest_);
  if (auto* wrong = std::get_if<BadEvent>(&decoded)) return stop(bad(std::move(wrong->what)));
  auto& event = std::get<DecodedEvent>(decoded);
  rest_ = rest_.subspan(event.bytes);
  Step checked = check({events_, block_, event.at, std::move(event.event)});
  if (auto* wrong = std::get_if<Bad>(&checked)) return stop(*wrong);
  events_ += 1;
  return checked;
}

SessionReader::Step SessionReader::check(RecordedEvent&& event) {
  if (closed_) return bad("an event stands after the one that closed the session");
  const auto* opened = std::get_if<SessionOpened>(&event.event);
  if ((event.number == 0) != (opened != nullptr))
    return bad("the first event, and only the first, opens the session");
  if (opened) {
    if (opened->session != session_)
      return bad("it is the recording of session " + opened->session);
    lineage_ = std::make_shared<const Lineage>(opened->lineage);
  }
  if (auto* judged = std::get_if<StatementJudged>(&event.event)) judged->intent.lineage = lineage_;
  if (std::holds_alternative<SessionClosed>(event.event)) closed_ = true;
  return std::move(event);
}

}  // namespace sluice::record
