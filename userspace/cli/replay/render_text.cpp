// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/render.h"

#include "cli/replay/how_it_ended.h"
#include "cli/replay/moments.h"

#include <algorithm>
#include <optional>

namespace sluice::cli {

Replayed how_it_ended(const record::SessionReader::Step& end, bool closed) {
  if (std::holds_alternative<record::Bad>(end)) return Replayed::kDamaged;
  if (std::holds_alternative<record::Unfinished>(end) || !closed) return Replayed::kUnfinished;
  return Replayed::kWhole;
}

Replayed render_text(record::SessionReader& reader, const Output& out, const Pace& pace,
                     const Sleeper& sleep) {
  MomentWriter moments;
  std::optional<WallTime> before;
  for (;;) {
    const auto step = reader.next();
    const auto* event = std::get_if<record::RecordedEvent>(&step);
    if (!event) {
      out(moments.ending(step).lines);
      return how_it_ended(step, reader.closed());
    }
    const Moment moment = moments.moment(*event);
    if (pace.speed > 0 && before && moment.at > *before) {
      const std::chrono::duration<double, std::nano> scaled{
          static_cast<double>((moment.at - *before).count()) / pace.speed};
      const std::chrono::duration<double, std::nano> longest{pace.pause_max};
      sleep(std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(scaled, longest).count())});
    }
    before = moment.at;
    if (!moment.lines.empty()) out(moment.lines);
  }
}

}  // namespace sluice::cli
