// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/replay/render.h"

namespace sluice::cli {

// `end` is the last step of a reader; `closed` whether the session's last event was read.
Replayed how_it_ended(const record::SessionReader::Step& end, bool closed);

}  // namespace sluice::cli
