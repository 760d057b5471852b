// SPDX-License-Identifier: Apache-2.0
// Bytes to events: the inverse of record/encode.h. The bytes are hostile until proven otherwise.
#pragma once

#include <sluice/bytes.h>
#include <sluice/clock.h>
#include <sluice/event.h>

#include <string>
#include <variant>

namespace sluice::record {

struct DecodedEvent {
  WallTime at{};
  Event event;  // an AgentSees views the input. The Intent of a StatementJudged has a null lineage
  std::size_t bytes = 0;  // taken from the front of the input
};
struct BadEvent {
  std::string what;
};

std::variant<DecodedEvent, BadEvent> decode_event(ByteView bytes);

}  // namespace sluice::record
