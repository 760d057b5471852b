// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/backend.h"

#include <string>

namespace sluice::pg {
namespace {

Error malformed(std::string_view message, std::string_view what) {
  return Error{std::string(message) + ": " + std::string(what)};
}

constexpr std::string_view kNotExact = "the body is not exactly its fields";

Result<BackendMessage> decode_sasl_mechanisms(Reader& reader, Authentication authentication,
                                              const Limits& limits) {
  while (!reader.failed()) {
    const std::string_view mechanism = reader.string();
    if (mechanism.empty()) break;
    if (authentication.mechanisms.size() == limits.sasl_mechanisms_max)
      return malformed("AuthenticationSASL", "too many mechanisms");
    authentication.mechanisms.push_back(mechanism);
  }
  if (!reader.exhausted()) return malformed("AuthenticationSASL", kNotExact);
  if (authentication.mechanisms.empty()) return malformed("AuthenticationSASL", "no mechanism");
  return BackendMessage{std::move(authentication)};
}

Result<BackendMessage> decode_authentication(ByteView body, const Limits& limits) {
  Reader reader{body};
  Authentication authentication;
  const std::uint32_t code = reader.u32();
  if (reader.failed()) return malformed("Authentication", "the body ends inside its code");
  authentication.kind = static_cast<AuthenticationKind>(code);
  switch (authentication.kind) {
    case AuthenticationKind::kOk:
    case AuthenticationKind::kKerberosV5:
    case AuthenticationKind::kCleartextPassword:
    case AuthenticationKind::kGss:
    case AuthenticationKind::kSspi: break;
    case AuthenticationKind::kMd5Password:
      for (std::uint8_t& byte : authentication.salt) byte = reader.u8();
      break;
    case AuthenticationKind::kGssContinue:
    case AuthenticationKind::kSaslContinue:
    case AuthenticationKind::kSaslFinal: authentication.data = reader.rest(); break;
    case AuthenticationKind::kSasl:
      return decode_sasl_mechanisms(reader, std::move(authentication), limits);
    default: return malformed("Authentication", "unknown method " + std::to_string(code));
  }
  if (!reader.exhausted()) return malformed("Authentication", kNotExact);
  return BackendMessage{std::move(authentication)};
}

Result<BackendMessage> decode_backend_key_data(ByteView body, const Limits& limits) {
  if (body.size() < 4 + limits.cancel_secret_bytes_min ||
      body.size() > 4 + limits.cancel_secret_bytes_max)
    return malformed("BackendKeyData", "the secret has an impossible length");
  return BackendMessage{BackendKeyData{body}};
}

Result<BackendMessage> decode_parameter_status(ByteView body) {
  Reader reader{body};
  ParameterStatus status;
  status.name = reader.string();
  status.value = reader.string();
  if (!reader.exhausted()) return malformed("ParameterStatus", kNotExact);
  return BackendMessage{status};
}

Result<BackendMessage> decode_command_complete(ByteView body) {
  Reader reader{body};
  const CommandComplete complete{reader.string()};
  if (!reader.exhausted()) return malformed("CommandComplete", kNotExact);
  return BackendMessage{complete};
}

Result<BackendMessage> decode_notification(ByteView body) {
  Reader reader{body};
  NotificationResponse notification;
  notification.process_id = reader.u32();
  notification.channel = reader.string();
  notification.payload = reader.string();
  if (!reader.exhausted()) return malformed("NotificationResponse", kNotExact);
  return BackendMessage{notification};
}

Result<BackendMessage> decode_parameter_description(ByteView body, const Limits& limits) {
  Reader reader{body};
  const auto types = read_oids(reader, limits.parameters_max);
  if (!types || !reader.exhausted()) return malformed("ParameterDescription", kNotExact);
  return BackendMessage{ParameterDescription{*types}};
}

template <class Message>
Result<BackendMessage> decode_copy_response(std::string_view name, ByteView body,
                                            const Limits& limits) {
  Reader reader{body};
  const std::uint8_t format = reader.u8();
  const auto columns = read_formats(reader, limits.columns_max);
  if (!columns || !reader.exhausted()) return malformed(name, kNotExact);
  if (format > 1) return malformed(name, "format is neither 0 nor 1");
  return BackendMessage{Message{{static_cast<Format>(format), *columns}}};
}

Result<BackendMessage> decode_function_call_response(ByteView body) {
  Reader reader{body};
  const auto values = read_values(reader, 1);
  if (!values || !reader.exhausted()) return malformed("FunctionCallResponse", kNotExact);
  return BackendMessage{FunctionCallResponse{*values->begin()}};
}

Result<BackendMessage> decode_negotiate_protocol_version(ByteView body, const Limits& limits) {
  Reader reader{body};
  NegotiateProtocolVersion negotiate;
  const std::uint32_t version = reader.u32();
  // The whole version, though the manual says "minor"; a bare minor is taken too.
  if (version >> 16 != 3 && version >> 16 != 0)
    return malformed("NegotiateProtocolVersion", "the version is not of protocol 3");
  negotiate.minor = version & 0xffff;
  const std::uint32_t count = reader.u32();
  if (count > limits.protocol_options_max)
    return malformed("NegotiateProtocolVersion", "too many options");
  for (std::uint32_t i = 0; i < count && !reader.failed(); ++i)
    negotiate.unknown_options.push_back(reader.string());
  if (!reader.exhausted()) return malformed("NegotiateProtocolVersion", kNotExact);
  return BackendMessage{std::move(negotiate)};
}

template <class Message>
Result<BackendMessage> decode_empty(std::string_view name, ByteView body) {
  if (!body.empty()) return malformed(name, "has a body");
  return BackendMessage{Message{}};
}

template <class T>
Result<BackendMessage> as_message(Result<T> decoded) {
  if (!decoded) return decoded.error();
  return BackendMessage{*std::move(decoded)};
}

template <class Message>
Result<BackendMessage> decode_report(std::string_view name, ByteView body, const Limits& limits) {
  auto fields = decode_error_fields(body, limits);
  if (!fields) return fields.error().within(name);
  return BackendMessage{Message{*fields}};
}

}  // namespace

std::string_view ErrorFields::find(char code) const {
  for (const ErrorField& field : *this)
    if (field.code == code) return field.text;
  return {};
}

Result<ErrorFields> decode_error_fields(ByteView body, const Limits& limits) {
  Reader reader{body};
  for (std::uint32_t count = 0;; ++count) {
    const std::uint8_t code = reader.u8();
    if (reader.failed()) return Error{"the fields have no terminator"};
    if (code == 0) break;
    if (count == limits.error_fields_max) return Error{"too many fields"};
    reader.string();
    if (reader.failed()) return Error{"a field has no end"};
  }
  if (!reader.exhausted()) return Error{"bytes after the terminator"};
  return ErrorFields{body.first(body.size() - 1)};
}

Result<DataRow> decode_data_row(ByteView body, const Limits& limits) {
  Reader reader{body};
  const std::size_t count = reader.u16();
  if (reader.failed()) return malformed("DataRow", "the body ends inside its count");
  if (count > limits.columns_max) return malformed("DataRow", "too many cells");
  const auto cells = read_values(reader, count);
  if (!cells) return malformed("DataRow", "a cell's length is negative or reaches past the body");
  if (!reader.exhausted()) return malformed("DataRow", "bytes after the last cell");
  return DataRow{*cells};
}

Result<RowDescription> decode_row_description(ByteView body, const Limits& limits) {
  Reader reader{body};
  const std::size_t count = reader.u16();
  if (reader.failed()) return malformed("RowDescription", "the body ends inside its count");
  if (count > limits.columns_max) return malformed("RowDescription", "too many columns");
  RowDescription description;
  description.fields.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    FieldDescription field;
    field.name = reader.string();
    field.table_oid = reader.u32();
    field.attribute_number = reader.i16();
    field.type_oid = reader.u32();
    field.type_size = reader.i16();
    field.type_modifier = reader.i32();
    const std::uint16_t format = reader.u16();
    if (reader.failed())
      return malformed("RowDescription", "the body ends inside column " + std::to_string(i + 1));
    if (format > 1)
      return malformed("RowDescription",
                       "column " + std::to_string(i + 1) + " is in neither text nor binary format");
    field.format = static_cast<Format>(format);
    description.fields.push_back(field);
  }
  if (!reader.exhausted()) return malformed("RowDescription", "bytes after the last column");
  return description;
}

Result<ReadyForQuery> decode_ready_for_query(ByteView body) {
  const char status = body.size() == 1 ? static_cast<char>(body[0]) : '\0';
  if (status != 'I' && status != 'T' && status != 'E')
    return malformed("ReadyForQuery", "the transaction status is not I, T or E");
  return ReadyForQuery{static_cast<TransactionStatus>(status)};
}

Result<BackendMessage> decode_backend(const Frame& frame, const Limits& limits) {
  const ByteView body = frame.body;
  switch (frame.type) {
    case '1': return decode_empty<ParseComplete>("ParseComplete", body);
    case '2': return decode_empty<BindComplete>("BindComplete", body);
    case '3': return decode_empty<CloseComplete>("CloseComplete", body);
    case 'A': return decode_notification(body);
    case 'C': return decode_command_complete(body);
    case 'D': return as_message(decode_data_row(body, limits));
    case 'E': return decode_report<ErrorResponse>("ErrorResponse", body, limits);
    case 'G': return decode_copy_response<CopyInResponse>("CopyInResponse", body, limits);
    case 'H': return decode_copy_response<CopyOutResponse>("CopyOutResponse", body, limits);
    case 'I': return decode_empty<EmptyQueryResponse>("EmptyQueryResponse", body);
    case 'K': return decode_backend_key_data(body, limits);
    case 'N': return decode_report<NoticeResponse>("NoticeResponse", body, limits);
    case 'R': return decode_authentication(body, limits);
    case 'S': return decode_parameter_status(body);
    case 'T': return as_message(decode_row_description(body, limits));
    case 'V': return decode_function_call_response(body);
    case 'W': return decode_copy_response<CopyBothResponse>("CopyBothResponse", body, limits);
    case 'Z': return as_message(decode_ready_for_query(body));
    case 'c': return decode_empty<CopyDone>("CopyDone", body);
    case 'd': return BackendMessage{CopyData{body}};
    case 'n': return decode_empty<NoData>("NoData", body);
    case 's': return decode_empty<PortalSuspended>("PortalSuspended", body);
    case 't': return decode_parameter_description(body, limits);
    case 'v': return decode_negotiate_protocol_version(body, limits);
    default: return Error{"not a message that a server may send"};
  }
}

}  // namespace sluice::pg
