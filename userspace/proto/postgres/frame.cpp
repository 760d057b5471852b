// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/frame.h"

#include <array>

#include "proto/postgres/wire.h"

namespace sluice::pg {
namespace {

// How long a message of a type may be; the classes are those of the server (PQ_SMALL_MESSAGE_LIMIT
// and PQ_LARGE_MESSAGE_LIMIT) and of libpq (VALID_LONG_MESSAGE_TYPE).
enum class Size : std::uint8_t { kUnknown, kSmall, kAuthentication, kLarge };

struct Type {
  std::string_view name;
  Size size = Size::kUnknown;
};
using Table = std::array<Type, 128>;

constexpr Table kFrontend = [] {
  Table types{};
  types['B'] = {"Bind", Size::kLarge};
  types['C'] = {"Close", Size::kSmall};
  types['D'] = {"Describe", Size::kSmall};
  types['E'] = {"Execute", Size::kSmall};
  types['F'] = {"FunctionCall", Size::kLarge};
  types['H'] = {"Flush", Size::kSmall};
  types['P'] = {"Parse", Size::kLarge};
  types['Q'] = {"Query", Size::kLarge};
  types['S'] = {"Sync", Size::kSmall};
  types['X'] = {"Terminate", Size::kSmall};
  types['c'] = {"CopyDone", Size::kSmall};
  types['d'] = {"CopyData", Size::kLarge};
  types['f'] = {"CopyFail", Size::kSmall};
  types['p'] = {"PasswordMessage", Size::kAuthentication};
  return types;
}();

constexpr Table kBackend = [] {
  Table types{};
  types['1'] = {"ParseComplete", Size::kSmall};
  types['2'] = {"BindComplete", Size::kSmall};
  types['3'] = {"CloseComplete", Size::kSmall};
  types['A'] = {"NotificationResponse", Size::kLarge};
  types['C'] = {"CommandComplete", Size::kSmall};
  types['D'] = {"DataRow", Size::kLarge};
  types['E'] = {"ErrorResponse", Size::kLarge};
  types['G'] = {"CopyInResponse", Size::kSmall};
  types['H'] = {"CopyOutResponse", Size::kSmall};
  types['I'] = {"EmptyQueryResponse", Size::kSmall};
  types['K'] = {"BackendKeyData", Size::kSmall};
  types['N'] = {"NoticeResponse", Size::kLarge};
  types['R'] = {"Authentication", Size::kAuthentication};
  types['S'] = {"ParameterStatus", Size::kLarge};
  types['T'] = {"RowDescription", Size::kLarge};
  types['V'] = {"FunctionCallResponse", Size::kLarge};
  types['W'] = {"CopyBothResponse", Size::kSmall};
  types['Z'] = {"ReadyForQuery", Size::kSmall};
  types['c'] = {"CopyDone", Size::kSmall};
  types['d'] = {"CopyData", Size::kLarge};
  types['n'] = {"NoData", Size::kSmall};
  types['s'] = {"PortalSuspended", Size::kSmall};
  types['t'] = {"ParameterDescription", Size::kLarge};
  types['v'] = {"NegotiateProtocolVersion", Size::kSmall};
  return types;
}();

const Type& type_of(Direction direction, char type) {
  static constexpr Type kNone{"unknown message", Size::kUnknown};
  const auto index = static_cast<unsigned char>(type);
  const Table& table = direction == Direction::kFrontend ? kFrontend : kBackend;
  return index < table.size() && table[index].size != Size::kUnknown ? table[index] : kNone;
}

}  // namespace

bool frontend_message_known(char type) {
  return type_of(Direction::kFrontend, type).size != Size::kUnknown;
}
bool backend_message_known(char type) {
  return type_of(Direction::kBackend, type).size != Size::kUnknown;
}
std::string_view message_name(Direction direction, char type) {
  return type_of(direction, type).name;
}

HeadStep next_head(Direction direction, ByteView in, const Limits& limits) {
  if (in.empty()) return NeedMore{kFrameHeadBytes};
  // The type is judged before the length is there: a peer that speaks something else must not
  // keep us waiting for four more bytes.
  const char letter = static_cast<char>(in[0]);
  const Type& type = type_of(direction, letter);
  if (type.size == Size::kUnknown)
    return Bad{direction == Direction::kFrontend ? "not a message that a client may send"
                                                 : "not a message that a server may send"};
  if (in.size() < kFrameHeadBytes) return NeedMore{kFrameHeadBytes};
  const std::uint32_t length = load_u32(in.data() + 1);
  if (length < 4) return Bad{"message length does not cover itself"};
  if (length > limits.stream_message_bytes_max) return Bad{"message is longer than any may be"};
  if (type.size == Size::kSmall && length > limits.small_message_bytes_max)
    return Bad{"message is longer than its type may be"};
  if (type.size == Size::kAuthentication && length > limits.authentication_bytes_max)
    return Bad{"authentication message is too long"};
  return FrameHead{letter, length - 4, std::size_t{1} + length};
}

std::size_t leading_frames(char type, ByteView in, const Limits& limits) {
  std::size_t end = 0;
  while (in.size() - end >= kFrameHeadBytes && in[end] == static_cast<std::uint8_t>(type)) {
    const std::uint32_t length = load_u32(in.data() + end + 1);
    if (length < 4 || length > limits.stream_message_bytes_max || length > in.size() - end - 1)
      break;
    end += std::size_t{1} + length;
  }
  return end;
}

Step next_frame(Direction direction, ByteView in, const Limits& limits) {
  const HeadStep step = next_head(direction, in, limits);
  if (const auto* more = std::get_if<NeedMore>(&step)) return *more;
  if (const auto* bad = std::get_if<Bad>(&step)) return *bad;
  return whole_frame(direction, *std::get_if<FrameHead>(&step), in, limits);
}

Step whole_frame(Direction direction, const FrameHead& head, ByteView in, const Limits& limits) {
  const std::uint32_t bytes_max = direction == Direction::kFrontend
                                      ? limits.frontend_message_bytes_max
                                      : limits.backend_message_bytes_max;
  if (head.size > bytes_max) return Bad{"message is longer than the limit for one message"};
  if (in.size() < head.size) return NeedMore{head.size};
  return Frame{head.type, in.subspan(kFrameHeadBytes, head.body_bytes), head.size};
}

}  // namespace sluice::pg
