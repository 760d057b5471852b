// SPDX-License-Identifier: Apache-2.0
// Bodies of what a client sends. Every decoder consumes its body exactly or returns an Error; all
// members view the frame and live as long as its bytes.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "proto/postgres/frame.h"
#include "proto/postgres/limits.h"
#include "proto/postgres/wire.h"

namespace sluice::pg {

// What Describe and Close speak of.
enum class Target : char { kStatement = 'S', kPortal = 'P' };

struct Query {
  std::string_view text;
};
struct Parse {
  std::string_view statement;  // "" is the unnamed one
  std::string_view text;
  OidList parameter_types;  // 0: the server infers it; may be shorter than the parameters
};
struct Bind {
  std::string_view portal;
  std::string_view statement;
  FormatCodes parameter_formats;  // none, one or one per parameter
  ValueList parameters;
  FormatCodes result_formats;  // none, one or one per column
};
struct Describe {
  Target target = Target::kStatement;
  std::string_view name;
};
struct Execute {
  std::string_view portal;
  std::int32_t row_limit = 0;  // 0 or less: no limit, as the server reads it
};
struct Close {
  Target target = Target::kStatement;
  std::string_view name;
};
struct Sync {};
struct Flush {};
struct FunctionCall {
  std::uint32_t function_oid = 0;
  FormatCodes argument_formats;
  ValueList arguments;
  Format result_format = Format::kText;
};
struct CopyData {
  ByteView data;
};
struct CopyDone {};
struct CopyFail {
  std::string_view message;
};
struct Terminate {};
// 'p': PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse. Which one depends on
// what the server asked; the three functions below read it.
struct PasswordMessage {
  ByteView body;
};

using FrontendMessage =
    std::variant<Query, Parse, Bind, Describe, Execute, Close, Sync, Flush, FunctionCall, CopyData,
                 CopyDone, CopyFail, Terminate, PasswordMessage>;

// Decodes by frame.type. Error: "Bind: 2 parameter formats for 3 parameters".
Result<FrontendMessage> decode_frontend(const Frame& frame, const Limits& limits);

struct SaslInitialResponse {
  std::string_view mechanism;
  std::optional<ByteView> response;
};
Result<SaslInitialResponse> decode_sasl_initial_response(ByteView body);
// The password of an AuthenticationCleartextPassword or MD5 answer.
Result<std::string_view> decode_password(ByteView body);

}  // namespace sluice::pg
