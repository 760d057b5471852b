// SPDX-License-Identifier: Apache-2.0
// Bodies of what a server sends. Every decoder consumes its body exactly or returns an Error; all
// members view the frame and live as long as its bytes.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/postgres/frame.h"
#include "proto/postgres/frontend.h"
#include "proto/postgres/limits.h"
#include "proto/postgres/wire.h"

namespace sluice::pg {

// 'R'. The enumerators are the wire's own codes.
enum class AuthenticationKind : std::uint32_t {
  kOk = 0,
  kKerberosV5 = 2,
  kCleartextPassword = 3,
  kMd5Password = 5,
  kGss = 7,
  kGssContinue = 8,
  kSspi = 9,
  kSasl = 10,
  kSaslContinue = 11,
  kSaslFinal = 12,
};
struct Authentication {
  AuthenticationKind kind = AuthenticationKind::kOk;
  std::array<std::uint8_t, 4> salt{};        // kMd5Password
  std::vector<std::string_view> mechanisms;  // kSasl, in the server's order; never empty there
  ByteView data;                             // kGssContinue, kSaslContinue, kSaslFinal
};
struct BackendKeyData {
  ByteView key;  // process id (4 bytes) and secret (4 to 256): what a CancelRequest must carry
};
struct ParameterStatus {
  std::string_view name;
  std::string_view value;
};
enum class TransactionStatus : char { kIdle = 'I', kInTransaction = 'T', kFailed = 'E' };
struct ReadyForQuery {
  TransactionStatus status = TransactionStatus::kIdle;
};

struct FieldDescription {
  std::string_view name;
  std::uint32_t table_oid = 0;        // 0: not a column of a table
  std::int16_t attribute_number = 0;  // 0: not a column of a table
  std::uint32_t type_oid = 0;
  std::int16_t type_size = 0;  // below 0: variable
  std::int32_t type_modifier = -1;
  Format format = Format::kText;  // always text when a statement (not a portal) was described
  bool operator==(const FieldDescription&) const = default;
};
struct RowDescription {
  std::vector<FieldDescription> fields;
};
struct DataRow {
  ValueList cells;
};
struct CommandComplete {
  std::string_view tag;  // "INSERT 0 1"
};
struct EmptyQueryResponse {};

struct ErrorField {
  char code = 0;  // 'S' severity, 'C' SQLSTATE, 'M' message, 'D' detail, ...
  std::string_view text;
  bool operator==(const ErrorField&) const = default;
};
// Fields of an ErrorResponse or NoticeResponse in the order sent.
class ErrorFields {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = ErrorField;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    ErrorField operator*() const { return {*at_, std::string_view(at_ + 1)}; }
    Iterator& operator++() {
      at_ += 1 + std::string_view(at_ + 1).size() + 1;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const char* at_ = nullptr;
  };

  ErrorFields() = default;
  explicit ErrorFields(ByteView fields) : fields_(as_text(fields)) {}
  Iterator begin() const { return Iterator{fields_.data()}; }
  Iterator end() const { return Iterator{fields_.data() + fields_.size()}; }
  // The first of that code; "" if there is none.
  std::string_view find(char code) const;

 private:
  std::string_view fields_;  // code, text, NUL, over and over; without the last terminator
};
struct ErrorResponse {
  ErrorFields fields;
};
struct NoticeResponse {
  ErrorFields fields;
};
struct NotificationResponse {
  std::uint32_t process_id = 0;
  std::string_view channel;
  std::string_view payload;
};
struct ParameterDescription {
  OidList types;
};
struct NoData {};
struct ParseComplete {};
struct BindComplete {};
struct CloseComplete {};
struct PortalSuspended {};
// 'G' in, 'H' out, 'W' both (replication).
struct CopyResponse {
  Format format = Format::kText;  // of the whole COPY
  FormatCodes column_formats;     // one per column
};
struct CopyInResponse : CopyResponse {};
struct CopyOutResponse : CopyResponse {};
struct CopyBothResponse : CopyResponse {};
struct FunctionCallResponse {
  std::optional<ByteView> value;  // nullopt: NULL
};
struct NegotiateProtocolVersion {
  std::uint32_t minor = 0;  // the newest the server speaks, without the major (3.0 is 0)
  std::vector<std::string_view> unknown_options;
};

using BackendMessage =
    std::variant<Authentication, BackendKeyData, ParameterStatus, ReadyForQuery, RowDescription,
                 DataRow, CommandComplete, EmptyQueryResponse, ErrorResponse, NoticeResponse,
                 NotificationResponse, ParameterDescription, NoData, ParseComplete, BindComplete,
                 CloseComplete, PortalSuspended, CopyInResponse, CopyOutResponse, CopyBothResponse,
                 CopyData, CopyDone, FunctionCallResponse, NegotiateProtocolVersion>;

// Decodes by frame.type. Error: "DataRow: body ends inside cell 3".
Result<BackendMessage> decode_backend(const Frame& frame, const Limits& limits);

// The hot ones alone, for a caller that has looked at frame.type itself.
Result<DataRow> decode_data_row(ByteView body, const Limits& limits);
Result<RowDescription> decode_row_description(ByteView body, const Limits& limits);
Result<ErrorFields> decode_error_fields(ByteView body, const Limits& limits);
Result<ReadyForQuery> decode_ready_for_query(ByteView body);

}  // namespace sluice::pg
