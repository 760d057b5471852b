// SPDX-License-Identifier: Apache-2.0
// Builds a decoded message again with build.h. For unit tests and fuzz targets: what was decoded
// and is built again must be the same bytes, or one of the two lost something.
#pragma once

#include <optional>
#include <vector>

#include "proto/postgres/build.h"
#include "proto/postgres/startup.h"

namespace sluice::pg::testing {

inline std::vector<Format> list(const FormatCodes& codes) {
  std::vector<Format> formats;
  for (std::size_t i = 0; i < codes.size(); ++i) formats.push_back(codes.at(i));
  return formats;
}
inline std::vector<std::uint32_t> list(const OidList& oids) {
  std::vector<std::uint32_t> types;
  for (std::size_t i = 0; i < oids.size(); ++i) types.push_back(oids[i]);
  return types;
}
inline std::vector<Cell> list(const ValueList& values) { return {values.begin(), values.end()}; }
inline std::optional<std::string> same(char, std::string_view text) { return std::string(text); }

struct FrontendBuilder {
  Bytes& out;
  void operator()(const Query& m) { append_query(out, m.text); }
  void operator()(const Parse& m) {
    append_parse(out, m.statement, m.text, list(m.parameter_types));
  }
  void operator()(const Bind& m) {
    const auto formats = list(m.parameter_formats), results = list(m.result_formats);
    const auto values = list(m.parameters);
    append_bind(out, {m.portal, m.statement, formats, values, results});
  }
  void operator()(const Describe& m) { append_describe(out, m.target, m.name); }
  void operator()(const Execute& m) { append_execute(out, m.portal, m.row_limit); }
  void operator()(const Close& m) { append_close(out, m.target, m.name); }
  void operator()(const Sync&) { append_sync(out); }
  void operator()(const Flush&) { append_flush(out); }
  void operator()(const FunctionCall& m) {
    const auto formats = list(m.argument_formats);
    const auto values = list(m.arguments);
    append_function_call(out, {m.function_oid, formats, values, m.result_format});
  }
  void operator()(const CopyData& m) { append_copy_data(out, m.data); }
  void operator()(const CopyDone&) { append_copy_done(out); }
  void operator()(const CopyFail& m) { append_copy_fail(out, m.message); }
  void operator()(const Terminate&) { append_terminate(out); }
  void operator()(const PasswordMessage& m) { append_sasl_response(out, m.body); }
};

struct BackendBuilder {
  Bytes& out;
  void operator()(const Authentication& m) {
    switch (m.kind) {
      case AuthenticationKind::kOk: return append_authentication_ok(out);
      case AuthenticationKind::kCleartextPassword:
        return append_authentication_cleartext_password(out);
      case AuthenticationKind::kMd5Password: return append_authentication_md5_password(out, m.salt);
      case AuthenticationKind::kSasl: return append_authentication_sasl(out, m.mechanisms);
      case AuthenticationKind::kSaslContinue:
        return append_authentication_sasl_continue(out, m.data);
      case AuthenticationKind::kSaslFinal: return append_authentication_sasl_final(out, m.data);
      default: return;  // a proxy never makes the others
    }
  }
  void operator()(const BackendKeyData& m) { append_backend_key_data(out, m.key); }
  void operator()(const ParameterStatus& m) { append_parameter_status(out, m.name, m.value); }
  void operator()(const ReadyForQuery& m) { append_ready_for_query(out, m.status); }
  void operator()(const RowDescription& m) { append_row_description(out, m.fields); }
  void operator()(const DataRow& m) {
    Bytes row;
    append_data_row(row, list(m.cells));
    DataRowBuilder builder{out, m.cells.size()};
    for (const Cell& cell : m.cells) cell ? builder.add(*cell) : builder.add_null();
    builder.finish();
    if (!std::equal(row.rbegin(), row.rend(), out.rbegin())) out.clear();
  }
  void operator()(const CommandComplete& m) { append_command_complete(out, m.tag); }
  void operator()(const EmptyQueryResponse&) { append_empty_query_response(out); }
  void operator()(const ErrorResponse& m) { append_rewritten_error_response(out, m.fields, same); }
  void operator()(const NoticeResponse& m) {
    append_rewritten_notice_response(out, m.fields, same);
  }
  void operator()(const NotificationResponse& m) {
    append_notification_response(out, m.process_id, m.channel, m.payload);
  }
  void operator()(const ParameterDescription& m) {
    append_parameter_description(out, list(m.types));
  }
  void operator()(const NoData&) { append_no_data(out); }
  void operator()(const ParseComplete&) { append_parse_complete(out); }
  void operator()(const BindComplete&) { append_bind_complete(out); }
  void operator()(const CloseComplete&) { append_close_complete(out); }
  void operator()(const PortalSuspended&) { append_portal_suspended(out); }
  void operator()(const CopyInResponse& m) {
    append_copy_in_response(out, m.format, list(m.column_formats));
  }
  void operator()(const CopyOutResponse& m) {
    append_copy_out_response(out, m.format, list(m.column_formats));
  }
  void operator()(const CopyBothResponse& m) {
    append_copy_both_response(out, m.format, list(m.column_formats));
  }
  void operator()(const CopyData& m) { append_copy_data(out, m.data); }
  void operator()(const CopyDone&) { append_copy_done(out); }
  void operator()(const FunctionCallResponse& m) { append_function_call_response(out, m.value); }
  void operator()(const NegotiateProtocolVersion& m) {
    append_negotiate_protocol_version(out, static_cast<std::uint16_t>(m.minor), m.unknown_options);
  }
};

// Empty where build.h has no builder, because a proxy never makes that message.
inline Bytes reencode(const FrontendMessage& message) {
  Bytes out;
  std::visit(FrontendBuilder{out}, message);
  return out;
}
inline Bytes reencode(const BackendMessage& message) {
  Bytes out;
  std::visit(BackendBuilder{out}, message);
  return out;
}

// Also empty for a StartupMessage whose options stood between its parameters: their places are
// not kept.
inline Bytes reencode(const StartupPacket& startup) {
  Bytes out;
  if (std::holds_alternative<SslRequest>(startup.packet)) append_ssl_request(out);
  if (std::holds_alternative<GssEncRequest>(startup.packet)) append_gssenc_request(out);
  if (const auto* cancel = std::get_if<CancelRequest>(&startup.packet))
    append_cancel_request(out, cancel->key);
  if (const auto* message = std::get_if<StartupMessage>(&startup.packet)) {
    if (!message->protocol_options.empty()) return out;
    if (!append_startup_message(out, message->minor, message->parameters)) out.clear();
  }
  return out;
}

}  // namespace sluice::pg::testing
