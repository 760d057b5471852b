// SPDX-License-Identifier: Apache-2.0
// `sluice replay`: a recording as text, as one JSON document, or as an asciicast v2
// (https://docs.asciinema.org/manual/asciicast/v2/). All three say so, and answer kDamaged, where
// the recording does not verify.
#pragma once

#include "record/reader.h"

#include <chrono>
#include <functional>
#include <string_view>

namespace sluice::cli {

enum class Replayed { kWhole, kUnfinished, kDamaged };

// Called with pieces of the output, in order. A long recording is never held in memory.
using Output = std::function<void(std::string_view)>;
// Waits that long. The command passes a real one, a test one that counts.
using Sleeper = std::function<void(std::chrono::nanoseconds)>;

struct Pace {
  double speed = 0;  // 1 as it was, 2 twice as fast; 0 without waiting
  // A pause in the recording is shown no longer than this: nobody watches a night go by.
  std::chrono::nanoseconds pause_max = std::chrono::seconds{5};
};

Replayed render_text(record::SessionReader& reader, const Output& out, const Pace& pace,
                     const Sleeper& sleep);
Replayed render_json(record::SessionReader& reader, const Output& out);
Replayed render_asciicast(record::SessionReader& reader, const Output& out);

}  // namespace sluice::cli
