// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "proto/postgres/build.h"
#include "proto/postgres/writer.h"

namespace sluice::pg {
namespace {

Writer authentication(Bytes& out, AuthenticationKind kind) {
  Writer writer{out, 'R'};
  writer.u32(static_cast<std::uint32_t>(kind));
  return writer;
}

void append_empty(Bytes& out, char type) { Writer{out, type}.finish(); }

void append_copy_response(Bytes& out, char type, Format format, std::span<const Format> columns) {
  Writer writer{out, type};
  writer.u8(static_cast<std::uint8_t>(format));
  writer.count(columns.size());
  for (const Format column : columns) writer.u16(static_cast<std::uint16_t>(column));
  writer.finish();
}

// These texts may come from a policy or a peer; a NUL in one must not cut off the fields after it.
void write_field(Writer& writer, char code, std::string_view text) {
  writer.u8(static_cast<std::uint8_t>(code));
  if (text.find('\0') == text.npos) return writer.string(text);
  std::string clean{text};
  std::replace(clean.begin(), clean.end(), '\0', ' ');
  writer.string(clean);
}

void append_report(Bytes& out, char type, const Report& report) {
  Writer writer{out, type};
  write_field(writer, 'S', report.severity);
  write_field(writer, 'V', report.severity);
  write_field(writer, 'C', report.sqlstate);
  write_field(writer, 'M', report.message);
  const std::pair<char, const std::string&> optional_fields[] = {
      {'D', report.detail}, {'H', report.hint},      {'P', report.position},
      {'W', report.where},  {'s', report.schema},    {'t', report.table},
      {'c', report.column}, {'d', report.data_type}, {'n', report.constraint}};
  for (const auto& [code, text] : optional_fields)
    if (!text.empty()) write_field(writer, code, text);
  writer.u8(0);
  writer.finish();
}

void append_rewritten(Bytes& out, char type, const ErrorFields& fields,
                      const ReplaceErrorText& replace) {
  Writer writer{out, type};
  for (const ErrorField& field : fields) {
    if (field.code == 'S' || field.code == 'V' || field.code == 'C') {
      write_field(writer, field.code, field.text);
    } else if (const auto text = replace(field.code, field.text)) {
      write_field(writer, field.code, *text);
    }
  }
  writer.u8(0);
  writer.finish();
}

}  // namespace

void append_authentication_ok(Bytes& out) { authentication(out, AuthenticationKind::kOk).finish(); }
void append_authentication_cleartext_password(Bytes& out) {
  authentication(out, AuthenticationKind::kCleartextPassword).finish();
}
void append_authentication_md5_password(Bytes& out, const std::array<std::uint8_t, 4>& salt) {
  Writer writer = authentication(out, AuthenticationKind::kMd5Password);
  writer.bytes(salt);
  writer.finish();
}
void append_authentication_sasl(Bytes& out, std::span<const std::string_view> mechanisms) {
  Writer writer = authentication(out, AuthenticationKind::kSasl);
  for (const std::string_view mechanism : mechanisms) writer.string(mechanism);
  writer.u8(0);
  writer.finish();
}
void append_authentication_sasl_continue(Bytes& out, ByteView data) {
  Writer writer = authentication(out, AuthenticationKind::kSaslContinue);
  writer.bytes(data);
  writer.finish();
}
void append_authentication_sasl_final(Bytes& out, ByteView data) {
  Writer writer = authentication(out, AuthenticationKind::kSaslFinal);
  writer.bytes(data);
  writer.finish();
}

void append_backend_key_data(Bytes& out, ByteView key) {
  SLUICE_CHECK(key.size() >= 8 && key.size() <= 260);
  Writer writer{out, 'K'};
  writer.bytes(key);
  writer.finish();
}

void append_parameter_status(Bytes& out, std::string_view name, std::string_view value) {
  Writer writer{out, 'S'};
  writer.string(name);
  writer.string(value);
  writer.finish();
}

void append_ready_for_query(Bytes& out, TransactionStatus status) {
  Writer writer{out, 'Z'};
  writer.u8(static_cast<std::uint8_t>(status));
  writer.finish();
}

void append_row_description(Bytes& out, std::span<const FieldDescription> fields) {
  Writer writer{out, 'T'};
  writer.count(fields.size());
  for (const FieldDescription& field : fields) {
    writer.string(field.name);
    writer.u32(field.table_oid);
    writer.u16(static_cast<std::uint16_t>(field.attribute_number));
    writer.u32(field.type_oid);
    writer.u16(static_cast<std::uint16_t>(field.type_size));
    writer.u32(static_cast<std::uint32_t>(field.type_modifier));
    writer.u16(static_cast<std::uint16_t>(field.format));
  }
  writer.finish();
}

void append_data_row(Bytes& out, std::span<const Cell> cells) {
  Writer writer{out, 'D'};
  writer.count(cells.size());
  for (const Cell& cell : cells) writer.value(cell);
  writer.finish();
}

void append_command_complete(Bytes& out, std::string_view tag) {
  Writer writer{out, 'C'};
  writer.string(tag);
  writer.finish();
}
void append_empty_query_response(Bytes& out) { append_empty(out, 'I'); }

void append_notification_response(Bytes& out, std::uint32_t process_id, std::string_view channel,
                                  std::string_view payload) {
  Writer writer{out, 'A'};
  writer.u32(process_id);
  writer.string(channel);
  writer.string(payload);
  writer.finish();
}

void append_parameter_description(Bytes& out, std::span<const std::uint32_t> types) {
  Writer writer{out, 't'};
  writer.count(types.size());
  for (const std::uint32_t type : types) writer.u32(type);
  writer.finish();
}

void append_no_data(Bytes& out) { append_empty(out, 'n'); }
void append_parse_complete(Bytes& out) { append_empty(out, '1'); }
void append_bind_complete(Bytes& out) { append_empty(out, '2'); }
void append_close_complete(Bytes& out) { append_empty(out, '3'); }
void append_portal_suspended(Bytes& out) { append_empty(out, 's'); }

void append_copy_in_response(Bytes& out, Format format, std::span<const Format> columns) {
  append_copy_response(out, 'G', format, columns);
}
void append_copy_out_response(Bytes& out, Format format, std::span<const Format> columns) {
  append_copy_response(out, 'H', format, columns);
}
void append_copy_both_response(Bytes& out, Format format, std::span<const Format> columns) {
  append_copy_response(out, 'W', format, columns);
}

void append_function_call_response(Bytes& out, const Cell& value) {
  Writer writer{out, 'V'};
  writer.value(value);
  writer.finish();
}

void append_error_response(Bytes& out, const Report& report) { append_report(out, 'E', report); }
void append_notice_response(Bytes& out, const Report& report) { append_report(out, 'N', report); }

void append_rewritten_error_response(Bytes& out, const ErrorFields& fields,
                                     const ReplaceErrorText& replace) {
  append_rewritten(out, 'E', fields, replace);
}
void append_rewritten_notice_response(Bytes& out, const ErrorFields& fields,
                                      const ReplaceErrorText& replace) {
  append_rewritten(out, 'N', fields, replace);
}

DataRowBuilder::DataRowBuilder(Bytes& out, std::size_t cell_count)
    : out_(out), start_(out.size()), missing_(cell_count) {
  Writer writer{out_, 'D'};
  writer.count(cell_count);
}

void DataRowBuilder::add(ByteView value) {
  SLUICE_CHECK(missing_ > 0);
  --missing_;
  const auto length = static_cast<std::uint32_t>(value.size());
  const std::uint8_t head[] = {
      static_cast<std::uint8_t>(length >> 24), static_cast<std::uint8_t>(length >> 16),
      static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  append(out_, ByteView{head});
  append(out_, value);
}

void DataRowBuilder::add_null() {
  SLUICE_CHECK(missing_ > 0);
  --missing_;
  out_.insert(out_.end(), 4, 0xff);
}

void DataRowBuilder::finish() {
  SLUICE_CHECK(missing_ == 0);
  Writer::finish_message(out_, start_ + 1);
}

}  // namespace sluice::pg
