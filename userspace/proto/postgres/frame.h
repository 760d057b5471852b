// SPDX-License-Identifier: Apache-2.0
// Typed messages of protocol 3: one type byte, an int32 length that counts itself, the body
// (PostgreSQL manual, "Message Formats"). Cuts bytes into frames; what a body says is for
// frontend.h and backend.h. The untyped first packet of a connection is in startup.h.
#pragma once

#include <sluice/bytes.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "proto/postgres/limits.h"

namespace sluice::pg {

// Whose bytes these are: a client's or a server's. The same letter means different things.
enum class Direction : std::uint8_t { kFrontend, kBackend };

struct Frame {
  char type = 0;
  ByteView body;         // without type and length; views the input, valid until that changes
  std::size_t size = 0;  // whole message on the wire: 5 + body.size()
};

// The first five bytes of a message.
struct FrameHead {
  char type = 0;
  std::uint32_t body_bytes = 0;
  std::size_t size = 0;  // whole message on the wire
};

// Not yet: ask again when at least `bytes` bytes are there (counted from the start of the input).
struct NeedMore {
  std::size_t bytes = 0;
  bool operator==(const NeedMore&) const = default;
};

// Never: nothing after this byte can be understood, so nothing after it may be forwarded.
struct Bad {
  std::string_view reason;  // static text
  bool operator==(const Bad&) const = default;
};

constexpr std::size_t kFrameHeadBytes = 5;

using Step = std::variant<Frame, NeedMore, Bad>;
// The first whole message of `in`.
Step next_frame(Direction direction, ByteView in, const Limits& limits);

using HeadStep = std::variant<FrameHead, NeedMore, Bad>;
// The head of the first message as soon as five bytes are there, up to stream_message_bytes_max,
// for a caller that passes or drops a large body piece by piece.
HeadStep next_head(Direction direction, ByteView in, const Limits& limits);
// The whole message that `head`, the head of the first one of `in`, begins.
Step whole_frame(Direction direction, const FrameHead& head, ByteView in, const Limits& limits);

// How many bytes of the front of `in` are whole messages of this type, which must be one that may
// be long (DataRow, CopyData). What stops it is for next_head() to name.
std::size_t leading_frames(char type, ByteView in, const Limits& limits);

bool frontend_message_known(char type);
bool backend_message_known(char type);

// "DataRow", "Parse", ...; "unknown message" for a type the direction does not have.
std::string_view message_name(Direction direction, char type);

}  // namespace sluice::pg
