// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/replay_text.h"

#include <algorithm>
#include <utility>

#include "proto/postgres/type_oids.h"

namespace sluice::pg {
namespace {

using Kind = ReplayEvent::Kind;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 does not deduce this itself

std::string_view encryption_answer(char byte) {
  switch (byte) {
    case 'S': return "the server agrees to TLS";
    case 'G': return "the server agrees to GSSAPI encryption";
    case 'N': return "the server declines encryption";
    default: return {};
  }
}

std::string login_text(const Authentication& authentication) {
  switch (authentication.kind) {
    case AuthenticationKind::kOk: return "authenticated";
    case AuthenticationKind::kKerberosV5: return "asks for Kerberos V5";
    case AuthenticationKind::kCleartextPassword: return "asks for a cleartext password";
    case AuthenticationKind::kMd5Password: return "asks for an MD5 password";
    case AuthenticationKind::kGss: return "asks for GSSAPI";
    case AuthenticationKind::kGssContinue: return "GSSAPI goes on";
    case AuthenticationKind::kSspi: return "asks for SSPI";
    case AuthenticationKind::kSaslContinue: return "SASL goes on";
    case AuthenticationKind::kSaslFinal: return "SASL ends";
    case AuthenticationKind::kSasl: break;
  }
  std::string text = "asks for SASL:";
  for (const std::string_view mechanism : authentication.mechanisms)
    text += " " + std::string(mechanism);
  return text;
}

std::string negotiate_text(const NegotiateProtocolVersion& negotiate) {
  std::string text = "the server speaks protocol 3." + std::to_string(negotiate.minor);
  for (const std::string_view option : negotiate.unknown_options)
    text += "; it does not know " + std::string(option);
  return text;
}

std::string_view field_name(char code) {
  switch (code) {
    case 'D': return "DETAIL";
    case 'H': return "HINT";
    case 'P': return "POSITION";
    case 'p': return "INTERNAL POSITION";
    case 'q': return "QUERY";
    case 'W': return "CONTEXT";
    case 's': return "SCHEMA";
    case 't': return "TABLE";
    case 'c': return "COLUMN";
    case 'd': return "TYPE";
    case 'n': return "CONSTRAINT";
    case 'F': return "FILE";
    case 'L': return "LINE";
    case 'R': return "ROUTINE";
    default: return {};
  }
}

std::string report_text(const ErrorFields& fields) {
  std::string text{fields.find('S')};
  text += " " + std::string(fields.find('C')) + ": " + std::string(fields.find('M'));
  for (const auto& [code, value] : fields) {
    if (code == 'S' || code == 'V' || code == 'C' || code == 'M') continue;
    const std::string_view name = field_name(code);
    text += "\n" + (name.empty() ? "FIELD " + std::string(1, code) : std::string(name)) + ": " +
            std::string(value);
  }
  return text;
}

std::string_view status_text(TransactionStatus status) {
  switch (status) {
    case TransactionStatus::kIdle: return "idle";
    case TransactionStatus::kInTransaction: return "in transaction";
    case TransactionStatus::kFailed: break;
  }
  return "failed transaction";
}

std::string copy_text(std::string_view what, const CopyResponse& copy) {
  return std::string(what) + ", " + (copy.format == Format::kBinary ? "binary" : "text") + ", " +
         std::to_string(copy.column_formats.size()) + " columns";
}

// For bytes whose format is not known.
bool printable(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) {
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
  });
}

std::string guessed_text(ByteView bytes, const RenderLimits& limits) {
  const bool is_text = printable(bytes);
  auto text = render_value(oid::kBytea, is_text ? Format::kText : Format::kBinary, bytes, limits);
  return text ? *std::move(text) : text.error().text();
}

ReplayEvent made(Kind kind, std::string text) { return {kind, std::move(text), {}}; }

}  // namespace

ReplayEvent ReplayText::columns(const RowDescription& description) {
  ReplayEvent event{Kind::kColumns, "", {}};
  columns_.clear();
  for (const FieldDescription& field : description.fields) {
    event.cells.emplace_back(field.name);
    columns_.push_back({field.type_oid, field.format});
  }
  // A statement was described, not a portal: the formats are not known before Bind.
  if (last_type_ == 't') columns_.clear();
  return event;
}

ReplayEvent ReplayText::row(const DataRow& row) const {
  ReplayEvent event{Kind::kRow, "", {}};
  const bool typed = columns_.size() == row.cells.size();
  std::size_t index = 0;
  for (const std::optional<ByteView>& cell : row.cells) {
    const std::size_t column = index++;
    if (!cell) {
      event.cells.emplace_back(std::nullopt);
      continue;
    }
    if (typed) {
      auto text = render_value(columns_[column].type_oid, columns_[column].format, *cell, render_);
      if (text) {
        event.cells.emplace_back(*std::move(text));
        continue;
      }
    }
    event.cells.emplace_back(guessed_text(*cell, render_));
  }
  return event;
}

ReplayEvent ReplayText::describe(const Frame& frame) {
  const auto decoded = decode_backend(frame, limits_);
  if (!decoded) {
    unreadable_ = true;
    return made(Kind::kUnreadable, decoded.error().text());
  }
  return std::visit(
      Overloaded{
          [](const Authentication& m) { return made(Kind::kLogin, login_text(m)); },
          [](const BackendKeyData&) { return made(Kind::kLogin, "gives a key for cancelling"); },
          [](const NegotiateProtocolVersion& m) { return made(Kind::kLogin, negotiate_text(m)); },
          [](const ParameterStatus& m) {
            return made(Kind::kParameter, std::string(m.name) + " = " + std::string(m.value));
          },
          [](const ReadyForQuery& m) {
            return made(Kind::kReady, std::string(status_text(m.status)));
          },
          [this](const RowDescription& m) { return columns(m); },
          [this](const DataRow& m) { return row(m); },
          [](const CommandComplete& m) { return made(Kind::kCommand, std::string(m.tag)); },
          [](const EmptyQueryResponse&) { return made(Kind::kCommand, "empty query"); },
          [](const PortalSuspended&) { return made(Kind::kCommand, "row limit reached"); },
          [](const ErrorResponse& m) { return made(Kind::kError, report_text(m.fields)); },
          [](const NoticeResponse& m) { return made(Kind::kNotice, report_text(m.fields)); },
          [](const NotificationResponse& m) {
            return made(Kind::kNotification, std::string(m.channel) + " from process " +
                                                 std::to_string(m.process_id) + ": " +
                                                 std::string(m.payload));
          },
          [](const CopyInResponse& m) { return made(Kind::kCopy, copy_text("COPY in", m)); },
          [](const CopyOutResponse& m) { return made(Kind::kCopy, copy_text("COPY out", m)); },
          [](const CopyBothResponse& m) { return made(Kind::kCopy, copy_text("COPY both", m)); },
          [this](const CopyData& m) { return made(Kind::kCopy, guessed_text(m.data, render_)); },
          [](const CopyDone&) { return made(Kind::kCopy, "end of COPY"); },
          [this](const FunctionCallResponse& m) {
            return made(Kind::kStep,
                        "function result: " + (m.value ? guessed_text(*m.value, render_) : "NULL"));
          },
          [](const ParameterDescription& m) {
            return made(Kind::kStep, std::to_string(m.types.size()) + " parameters");
          },
          [&](const auto&) {  // NoData, ParseComplete, BindComplete, CloseComplete: no body
            return made(Kind::kStep, std::string(message_name(Direction::kBackend, frame.type)));
          }},
      *decoded);
}

// One message from the front of `rest`. False: no whole one is there, or nothing more can be read.
bool ReplayText::step(ByteView& rest, std::vector<ReplayEvent>& events) {
  if (unreadable_ || rest.empty()) return false;
  if (before_login_) {
    // No server starts the typed conversation with one of these letters.
    const std::string_view answer = encryption_answer(static_cast<char>(rest[0]));
    if (!answer.empty()) {
      events.push_back(made(Kind::kEncryption, std::string(answer)));
      rest = rest.subspan(1);
      return true;
    }
  }
  const Step step = next_frame(Direction::kBackend, rest, limits_);
  if (std::holds_alternative<NeedMore>(step)) return false;
  if (const auto* bad = std::get_if<Bad>(&step)) {
    unreadable_ = true;
    events.push_back(made(Kind::kUnreadable, std::string(bad->reason)));
    return false;
  }
  const Frame& frame = *std::get_if<Frame>(&step);
  // What a new portal returns is not known before it is described itself.
  if (frame.type == '2') columns_.clear();
  events.push_back(describe(frame));
  before_login_ = false;
  last_type_ = frame.type;
  rest = rest.subspan(frame.size);
  return true;
}

std::vector<ReplayEvent> ReplayText::feed(ByteView bytes) {
  std::vector<ReplayEvent> events;
  if (unreadable_) return events;
  append(held_, bytes);
  ByteView rest = held_;
  while (step(rest, events)) {
  }
  if (unreadable_) {
    held_.clear();
  } else {
    held_.erase(held_.begin(), held_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  }
  return events;
}

std::vector<ReplayEvent> ReplayText::finish() {
  if (unreadable_ || held_.empty()) return {};
  unreadable_ = true;
  return {made(Kind::kUnreadable, "the stream ends inside a message, after " +
                                      std::to_string(held_.size()) + " of its bytes")};
}

}  // namespace sluice::pg
