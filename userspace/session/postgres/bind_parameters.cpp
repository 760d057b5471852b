// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/bind_parameters.h"

#include "proto/postgres/frame.h"
#include "proto/postgres/values.h"
#include "session/postgres/server_name.h"

namespace sluice::session {
namespace {

constexpr std::size_t kShownBytesMax = 4096;

std::string shown_as_hex(ByteView value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\\x";
  for (std::size_t i = 0; i < value.size() && i < kShownBytesMax; ++i) {
    text += kDigits[value[i] >> 4];
    text += kDigits[value[i] & 15];
  }
  if (value.size() > kShownBytesMax) text += "... (" + std::to_string(value.size()) + " bytes)";
  return text;
}

}  // namespace

std::vector<Parameter> render_values(const pg::ValueList& values, const pg::FormatCodes& formats,
                                     const ReadBy& read) {
  std::vector<Parameter> parameters;
  parameters.reserve(values.size());
  std::size_t position = 0;
  for (const auto value : values) {
    const std::size_t i = position++;
    if (!value) {
      parameters.emplace_back(std::nullopt);
      continue;
    }
    const std::uint32_t type = i < read.types.size() ? read.types[i] : 0;
    auto text = pg::render_value(type, formats.of(i), *value);
    // What cannot be its type's value is the server's to refuse; people see the bytes.
    const bool legible = text && (read.as_utf8 || is_ascii(*text));
    parameters.emplace_back(legible ? *std::move(text) : shown_as_hex(*value));
  }
  return parameters;
}

UpcomingBind upcoming_bind(ByteView after, std::string_view statement, const ReadBy& read,
                           const pg::Limits& limits) {
  // Clients send a Bind close behind its Parse. Beyond this each of very many Parses would read all
  // that follows it.
  constexpr int kMessagesMax = 64;
  for (int seen = 0; seen < kMessagesMax; ++seen) {
    const auto step = pg::next_frame(pg::Direction::kFrontend, after, limits);
    if (std::holds_alternative<pg::NeedMore>(step)) return {};
    const auto* frame = std::get_if<pg::Frame>(&step);
    if (frame == nullptr) return {false, true, {}};
    auto message = pg::decode_frontend(*frame, limits);
    if (!message) return {false, true, {}};
    if (const auto* bind = std::get_if<pg::Bind>(&*message)) {
      if (bind->statement == statement)
        return {true, true, render_values(bind->parameters, bind->parameter_formats, read), *bind};
    } else if (const auto* parse = std::get_if<pg::Parse>(&*message)) {
      if (parse->statement == statement) return {false, true, {}};
    } else if (!std::holds_alternative<pg::Describe>(*message)) {
      return {false, true, {}};
    }
    after = after.subspan(frame->size);
  }
  return {false, true, {}};
}

}  // namespace sluice::session
