// SPDX-License-Identifier: Apache-2.0
// A recording as a list of moments for a reader: what happened, when, as lines of text. The text
// view, the timed view and the asciicast are the same moments, shown differently.
#pragma once

#include "cli/replay/agent_view.h"
#include "record/reader.h"

#include <sluice/clock.h>

#include <functional>
#include <map>
#include <string>

namespace sluice::cli {

struct Moment {
  WallTime at{};
  std::string lines;  // each ends with a newline; safe for a terminal
};

// Keeps what the later moments need of the earlier ones.
class MomentWriter {
 public:
  // The lines for one event; may be empty (bytes of a message that is not whole yet).
  Moment moment(const record::RecordedEvent& event);
  // How the reading ended: End, Unfinished or Bad.
  Moment ending(const record::SessionReader::Step& end);

 private:
  std::string lines(const SessionOpened& opened, WallTime at);
  std::string lines(const Remark& remark, WallTime at);
  std::string lines(const StatementJudged& judged, WallTime at);
  std::string lines(const HoldDecided& decided, WallTime at);
  std::string lines(const AgentSees& sees, WallTime at);
  std::string lines(const SessionClosed& closed, WallTime at);
  std::string stamp(WallTime at) const;

  std::unique_ptr<AgentView> view_;
  std::map<TicketId, WallTime> held_since_;
  WallTime last_{};
  bool closed_ = false;
};

// "2026-11-23T08:15:00.123Z"
std::string moment_text(WallTime at);

}  // namespace sluice::cli
