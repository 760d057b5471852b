// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/frontend.h"

#include <string>

namespace sluice::pg {
namespace {

Error malformed(std::string_view message, std::string_view what) {
  return Error{std::string(message) + ": " + std::string(what)};
}

constexpr std::string_view kNotExact = "the body is not exactly its fields";
constexpr std::string_view kBadFormats = "format codes are cut short, too many or not 0 or 1";

Result<FrontendMessage> decode_query(ByteView body) {
  Reader reader{body};
  const Query query{reader.string()};
  if (!reader.exhausted()) return malformed("Query", kNotExact);
  return FrontendMessage{query};
}

Result<FrontendMessage> decode_parse(ByteView body, const Limits& limits) {
  Reader reader{body};
  Parse parse;
  parse.statement = reader.string();
  parse.text = reader.string();
  const auto types = read_oids(reader, limits.parameters_max);
  if (!types) return malformed("Parse", "parameter types are cut short or too many");
  parse.parameter_types = *types;
  if (!reader.exhausted()) return malformed("Parse", kNotExact);
  return FrontendMessage{parse};
}

// Formats and values as Bind and FunctionCall have them.
Result<void> read_arguments(Reader& reader, std::size_t count_max, FormatCodes& formats,
                            ValueList& values) {
  const auto codes = read_formats(reader, count_max);
  if (!codes) return Error{std::string(kBadFormats)};
  const std::size_t count = reader.u16();
  if (reader.failed()) return Error{"the body ends before the parameters"};
  if (count > count_max) return Error{"too many parameters"};
  if (codes->size() > 1 && codes->size() != count)
    return Error{std::to_string(codes->size()) + " parameter formats for " + std::to_string(count) +
                 " parameters"};
  const auto list = read_values(reader, count);
  if (!list) return Error{"a parameter's length is negative or reaches past the body"};
  formats = *codes;
  values = *list;
  return {};
}

Result<FrontendMessage> decode_bind(ByteView body, const Limits& limits) {
  Reader reader{body};
  Bind bind;
  bind.portal = reader.string();
  bind.statement = reader.string();
  auto arguments =
      read_arguments(reader, limits.parameters_max, bind.parameter_formats, bind.parameters);
  if (!arguments) return arguments.error().within("Bind");
  const auto results = read_formats(reader, limits.columns_max);
  if (!results) return malformed("Bind", kBadFormats);
  bind.result_formats = *results;
  if (!reader.exhausted()) return malformed("Bind", kNotExact);
  return FrontendMessage{bind};
}

Result<FrontendMessage> decode_function_call(ByteView body, const Limits& limits) {
  Reader reader{body};
  FunctionCall call;
  call.function_oid = reader.u32();
  auto arguments =
      read_arguments(reader, limits.function_arguments_max, call.argument_formats, call.arguments);
  if (!arguments) return arguments.error().within("FunctionCall");
  const std::uint16_t format = reader.u16();
  if (!reader.exhausted()) return malformed("FunctionCall", kNotExact);
  if (format > 1) return malformed("FunctionCall", "result format is neither 0 nor 1");
  call.result_format = static_cast<Format>(format);
  return FrontendMessage{call};
}

template <class Message>  // Describe and Close
Result<FrontendMessage> decode_target(std::string_view name, ByteView body) {
  Reader reader{body};
  const char target = static_cast<char>(reader.u8());
  const std::string_view object = reader.string();
  if (!reader.exhausted()) return malformed(name, kNotExact);
  if (target != 'S' && target != 'P')
    return malformed(name, "speaks of neither a statement nor a portal");
  return FrontendMessage{Message{static_cast<Target>(target), object}};
}

Result<FrontendMessage> decode_execute(ByteView body) {
  Reader reader{body};
  Execute execute;
  execute.portal = reader.string();
  execute.row_limit = reader.i32();
  if (!reader.exhausted()) return malformed("Execute", kNotExact);
  return FrontendMessage{execute};
}

Result<FrontendMessage> decode_copy_fail(ByteView body) {
  Reader reader{body};
  const CopyFail fail{reader.string()};
  if (!reader.exhausted()) return malformed("CopyFail", kNotExact);
  return FrontendMessage{fail};
}

template <class Message>
Result<FrontendMessage> decode_empty(std::string_view name, ByteView body) {
  if (!body.empty()) return malformed(name, "has a body");
  return FrontendMessage{Message{}};
}

}  // namespace

Result<FrontendMessage> decode_frontend(const Frame& frame, const Limits& limits) {
  const ByteView body = frame.body;
  switch (frame.type) {
    case 'B': return decode_bind(body, limits);
    case 'C': return decode_target<Close>("Close", body);
    case 'D': return decode_target<Describe>("Describe", body);
    case 'E': return decode_execute(body);
    case 'F': return decode_function_call(body, limits);
    case 'H': return decode_empty<Flush>("Flush", body);
    case 'P': return decode_parse(body, limits);
    case 'Q': return decode_query(body);
    case 'S': return decode_empty<Sync>("Sync", body);
    case 'X': return decode_empty<Terminate>("Terminate", body);
    case 'c': return decode_empty<CopyDone>("CopyDone", body);
    case 'd': return FrontendMessage{CopyData{body}};
    case 'f': return decode_copy_fail(body);
    case 'p': return FrontendMessage{PasswordMessage{body}};
    default: return Error{"not a message that a client may send"};
  }
}

Result<SaslInitialResponse> decode_sasl_initial_response(ByteView body) {
  Reader reader{body};
  SaslInitialResponse initial;
  initial.mechanism = reader.string();
  const std::int32_t length = reader.i32();
  if (length < -1) return malformed("SASLInitialResponse", "negative length");
  if (length >= 0) initial.response = reader.bytes(static_cast<std::size_t>(length));
  if (!reader.exhausted()) return malformed("SASLInitialResponse", kNotExact);
  return initial;
}

Result<std::string_view> decode_password(ByteView body) {
  Reader reader{body};
  const std::string_view password = reader.string();
  if (!reader.exhausted()) return malformed("PasswordMessage", kNotExact);
  return password;
}

}  // namespace sluice::pg
