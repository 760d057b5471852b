// SPDX-License-Identifier: Apache-2.0
// A server's byte stream, as a recording keeps it, turned into events that can be printed
// (`sluice replay`). Ignores nothing: every message gives an event, and what cannot be read says so
// once and ends the stream. Texts and cells hold what the server sent, control characters included:
// whoever prints them to a terminal escapes those first.
#pragma once

#include <sluice/bytes.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/postgres/backend.h"
#include "proto/postgres/limits.h"
#include "proto/postgres/values.h"

namespace sluice::pg {

struct ReplayEvent {
  enum class Kind : std::uint8_t {
    kEncryption,    // the one-byte answer to SSLRequest or GSSENCRequest
    kLogin,         // Authentication*, BackendKeyData, NegotiateProtocolVersion
    kParameter,     // ParameterStatus: "name = value"
    kColumns,       // RowDescription: cells are the column names
    kRow,           // DataRow: cells as text, nullopt is NULL
    kCommand,       // CommandComplete: the tag; also EmptyQueryResponse and PortalSuspended
    kError,         // ErrorResponse: "ERROR 42501: text", then a line per other field
    kNotice,        // NoticeResponse, the same
    kNotification,  // NotificationResponse
    kReady,         // ReadyForQuery: "idle", "in transaction", "failed transaction"
    kCopy,          // Copy*Response, CopyData, CopyDone
    kStep,          // ParseComplete, BindComplete, CloseComplete, NoData, ParameterDescription, ...
    kUnreadable,    // what was not understood; nothing follows
  };
  Kind kind = Kind::kStep;
  std::string text;
  std::vector<std::optional<std::string>> cells;  // kColumns and kRow
  bool operator==(const ReplayEvent&) const = default;
};

class ReplayText {
 public:
  // Where in the connection the bytes begin: with its first one, or after the login.
  enum class Begin : std::uint8_t { kConnection, kConversation };
  explicit ReplayText(Begin begin = Begin::kConnection, const Limits& limits = {},
                      const RenderLimits& render = {})
      : limits_(limits), render_(render), before_login_(begin == Begin::kConnection) {}

  // Bytes in the order the agent got them, cut anywhere. Holds at most one message.
  std::vector<ReplayEvent> feed(ByteView bytes);
  // The recording ended here: an event if that was inside a message.
  std::vector<ReplayEvent> finish();

 private:
  struct Column {
    std::uint32_t type_oid;
    Format format;
  };

  bool step(ByteView& rest, std::vector<ReplayEvent>& events);
  ReplayEvent describe(const Frame& frame);
  ReplayEvent columns(const RowDescription& description);
  ReplayEvent row(const DataRow& row) const;

  Limits limits_;
  RenderLimits render_;
  Bytes held_;  // the beginning of a message whose end has not come
  bool before_login_;
  bool unreadable_ = false;
  char last_type_ = 0;
  // Of the portal that was described last; empty when only the Bind, which the server's stream does
  // not show, knew the formats. Then cells are shown as text if they are printable, else as hex.
  std::vector<Column> columns_;
};

}  // namespace sluice::pg
