// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "proto/postgres/build.h"
#include "proto/postgres/writer.h"

namespace sluice::pg {
namespace {

void write_formats(Writer& writer, std::span<const Format> formats) {
  writer.count(formats.size());
  for (const Format format : formats) writer.u16(static_cast<std::uint16_t>(format));
}

void write_arguments(Writer& writer, std::span<const Format> formats,
                     std::span<const Cell> values) {
  SLUICE_CHECK(formats.size() <= 1 || formats.size() == values.size());
  write_formats(writer, formats);
  writer.count(values.size());
  for (const Cell& value : values) writer.value(value);
}

void append_target(Bytes& out, char type, Target target, std::string_view name) {
  Writer writer{out, type};
  writer.u8(static_cast<std::uint8_t>(target));
  writer.string(name);
  writer.finish();
}

void append_text(Bytes& out, char type, std::string_view text) {
  Writer writer{out, type};
  writer.string(text);
  writer.finish();
}

void append_body(Bytes& out, char type, ByteView body) {
  Writer writer{out, type};
  writer.bytes(body);
  writer.finish();
}

}  // namespace

void append_query(Bytes& out, std::string_view text) { append_text(out, 'Q', text); }

void append_parse(Bytes& out, std::string_view statement, std::string_view text,
                  std::span<const std::uint32_t> parameter_types) {
  Writer writer{out, 'P'};
  writer.string(statement);
  writer.string(text);
  writer.count(parameter_types.size());
  for (const std::uint32_t type : parameter_types) writer.u32(type);
  writer.finish();
}

void append_bind(Bytes& out, const BindFields& fields) {
  Writer writer{out, 'B'};
  writer.string(fields.portal);
  writer.string(fields.statement);
  write_arguments(writer, fields.parameter_formats, fields.parameters);
  write_formats(writer, fields.result_formats);
  writer.finish();
}

void append_describe(Bytes& out, Target target, std::string_view name) {
  append_target(out, 'D', target, name);
}

void append_execute(Bytes& out, std::string_view portal, std::int32_t row_limit) {
  Writer writer{out, 'E'};
  writer.string(portal);
  writer.u32(static_cast<std::uint32_t>(row_limit));
  writer.finish();
}

void append_close(Bytes& out, Target target, std::string_view name) {
  append_target(out, 'C', target, name);
}

void append_sync(Bytes& out) { append_body(out, 'S', {}); }
void append_flush(Bytes& out) { append_body(out, 'H', {}); }

void append_function_call(Bytes& out, const FunctionCallFields& fields) {
  Writer writer{out, 'F'};
  writer.u32(fields.function_oid);
  write_arguments(writer, fields.argument_formats, fields.arguments);
  writer.u16(static_cast<std::uint16_t>(fields.result_format));
  writer.finish();
}

void append_copy_data(Bytes& out, ByteView data) { append_body(out, 'd', data); }
void append_copy_done(Bytes& out) { append_body(out, 'c', {}); }
void append_copy_fail(Bytes& out, std::string_view message) { append_text(out, 'f', message); }
void append_terminate(Bytes& out) { append_body(out, 'X', {}); }

Result<void> append_password_message(Bytes& out, const Secret& password) {
  const std::string_view text = as_text(password.for_wire());
  if (text.find('\0') != text.npos)
    return Error{"the password holds a NUL byte, which the protocol cannot carry"};
  append_text(out, 'p', text);
  return {};
}

void append_sasl_initial_response(Bytes& out, std::string_view mechanism,
                                  std::optional<ByteView> response) {
  Writer writer{out, 'p'};
  writer.string(mechanism);
  writer.value(response);
  writer.finish();
}

void append_sasl_response(Bytes& out, ByteView response) { append_body(out, 'p', response); }

}  // namespace sluice::pg
