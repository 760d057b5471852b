// SPDX-License-Identifier: Apache-2.0
// Reads one session's file from its beginning and checks its chain as it goes. Memory is bounded by
// the limits of record/format.h whatever the file says.
#pragma once

#include "record/block.h"
#include "record/decode.h"
#include "record/journal.h"

#include <sluice/event.h>

#include <memory>
#include <string>
#include <variant>

namespace sluice::record {

struct RecordedEvent {
  std::uint64_t number = 0;  // 0, 1, ... within the session
  std::uint64_t block = 0;
  WallTime at{};
  Event event;  // an AgentSees views the reader's buffer: valid until the next next()
};

class SessionReader {
 public:
  using Step = std::variant<RecordedEvent, End, Unfinished, Bad>;

  // `session` and `host_id` are what the file must be the recording of.
  SessionReader(std::unique_ptr<ByteSource> source, const SessionId& session,
                const std::string& host_id);
  static Result<SessionReader> open(const std::string& directory, const SessionId& session,
                                    const std::string& host_id);
  // Of a session that has not ended: after its file comes what waits in the journal, as the
  // beginning of a block that is not there yet.
  static Result<SessionReader> open_live(const std::string& directory, const SessionId& session,
                                         const std::string& host_id);

  // After End, Unfinished or Bad the same answer is given again.
  Step next();

  // Of the blocks read so far; what waits in the journal is in none.
  const Position& position() const { return blocks_.position(); }
  bool closed() const { return closed_; }  // SessionClosed was read

 private:
  BlockReader::Step next_block();
  Step check(RecordedEvent&& event);
  Bad bad(std::string what) const;

  BlockReader blocks_;
  SessionId session_;
  std::optional<JournalView> journals_;
  Bytes waiting_;
  std::variant<std::monostate, End, Unfinished> file_end_;  // once what waits was taken
  ByteView rest_;                                           // of the current block
  std::uint64_t block_ = 0;
  std::uint64_t block_offset_ = 0;
  std::uint64_t events_ = 0;
  bool closed_ = false;
  std::shared_ptr<const Lineage> lineage_;
  std::variant<std::monostate, End, Unfinished, Bad> over_;
};

}  // namespace sluice::record
