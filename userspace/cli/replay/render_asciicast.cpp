// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/render.h"

#include "cli/replay/how_it_ended.h"
#include "cli/replay/json_text.h"
#include "cli/replay/moments.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace sluice::cli {
namespace {

// A terminal wants a carriage return with each newline.
std::string for_terminal(std::string_view lines) {
  std::string out;
  for (char c : lines) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

}  // namespace

Replayed render_asciicast(record::SessionReader& reader, const Output& out) {
  MomentWriter moments;
  std::optional<WallTime> start;
  double now = 0;  // an asciicast's times never go back, though the wall clock may
  const auto show = [&](const Moment& moment) {
    if (!start) {
      start = moment.at;
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(moment.at.time_since_epoch()).count();
      out("{\"version\":2,\"width\":120,\"height\":40,\"timestamp\":" + std::to_string(seconds) +
          "}\n");
    }
    if (moment.lines.empty()) return;
    now = std::max(now, static_cast<double>((moment.at - *start).count()) / 1e9);
    char time[64];
    std::snprintf(time, sizeof time, "%.6f", now);
    out("[" + std::string{time} + ",\"o\"," + json_quoted(for_terminal(moment.lines)) + "]\n");
  };
  for (;;) {
    const auto step = reader.next();
    if (const auto* event = std::get_if<record::RecordedEvent>(&step)) {
      show(moments.moment(*event));
      continue;
    }
    show(moments.ending(step));
    return how_it_ended(step, reader.closed());
  }
}

}  // namespace sluice::cli
