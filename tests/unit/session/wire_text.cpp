// SPDX-License-Identifier: Apache-2.0
#include "wire_text.h"

#include "proto/postgres/backend.h"
#include "proto/postgres/frontend.h"

namespace sluice::session::test {
namespace {

std::string text_of(const std::optional<ByteView>& value) {
  return value ? std::string{as_text(*value)} : "NULL";
}

template <class List>
std::string joined(const List& values) {
  std::string text;
  bool first = true;
  for (const auto value : values) {
    text += (first ? "" : "|") + text_of(value);
    first = false;
  }
  return text;
}

std::string report(const pg::ErrorFields& fields) {
  std::string text = std::string{fields.find('V')} + " " + std::string{fields.find('C')} + " " +
                     std::string{fields.find('M')};
  if (!fields.find('D').empty()) text += " / " + std::string{fields.find('D')};
  return text;
}

std::string backend_line(const pg::Frame& frame, const pg::BackendMessage& message) {
  if (const auto* m = std::get_if<pg::RowDescription>(&message)) {
    std::string text = "Columns";
    for (const auto& field : m->fields) text += " " + std::string{field.name};
    return text;
  }
  if (const auto* m = std::get_if<pg::DataRow>(&message)) return "Row " + joined(m->cells);
  if (const auto* m = std::get_if<pg::CommandComplete>(&message))
    return "Complete " + std::string{m->tag};
  if (const auto* m = std::get_if<pg::ReadyForQuery>(&message))
    return std::string{"Ready "} + static_cast<char>(m->status);
  if (const auto* m = std::get_if<pg::ErrorResponse>(&message)) return report(m->fields);
  if (const auto* m = std::get_if<pg::NoticeResponse>(&message)) return report(m->fields);
  if (const auto* m = std::get_if<pg::ParameterStatus>(&message))
    return "Parameter " + std::string{m->name} + "=" + std::string{m->value};
  if (const auto* m = std::get_if<pg::NotificationResponse>(&message))
    return "Notification " + std::string{m->channel} + " " + std::string{m->payload};
  if (const auto* m = std::get_if<pg::CopyData>(&message))
    return "CopyData " + std::string{as_text(m->data)};
  return std::string{pg::message_name(pg::Direction::kBackend, frame.type)};
}

std::string frontend_line(const pg::Frame& frame, const pg::FrontendMessage& message) {
  const std::string name{pg::message_name(pg::Direction::kFrontend, frame.type)};
  if (const auto* m = std::get_if<pg::Query>(&message)) return name + " " + std::string{m->text};
  if (const auto* m = std::get_if<pg::Parse>(&message))
    return name + " " + std::string{m->statement} + " " + std::string{m->text};
  if (const auto* m = std::get_if<pg::Bind>(&message))
    return name + " " + std::string{m->portal} + " " + std::string{m->statement} + " " +
           joined(m->parameters);
  if (const auto* m = std::get_if<pg::Describe>(&message))
    return name + " " + static_cast<char>(m->target) + " " + std::string{m->name};
  if (const auto* m = std::get_if<pg::Close>(&message))
    return name + " " + static_cast<char>(m->target) + " " + std::string{m->name};
  if (const auto* m = std::get_if<pg::Execute>(&message))
    return name + " " + std::string{m->portal};
  if (const auto* m = std::get_if<pg::CopyData>(&message))
    return name + " " + std::string{as_text(m->data)};
  return name;
}

}  // namespace

std::vector<std::string> wire_lines(pg::Direction direction, ByteView bytes) {
  const pg::Limits limits;
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto step = pg::next_frame(direction, bytes, limits);
    const auto* frame = std::get_if<pg::Frame>(&step);
    if (frame == nullptr) {
      lines.push_back("cut <" + std::to_string(bytes.size()) + " bytes>");
      break;
    }
    if (direction == pg::Direction::kBackend) {
      const auto message = pg::decode_backend(*frame, limits);
      lines.push_back(message ? backend_line(*frame, *message) : message.error().text());
    } else {
      const auto message = pg::decode_frontend(*frame, limits);
      lines.push_back(message ? frontend_line(*frame, *message) : message.error().text());
    }
    bytes = bytes.subspan(frame->size);
  }
  return lines;
}

}  // namespace sluice::session::test
