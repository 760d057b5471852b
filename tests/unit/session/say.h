// SPDX-License-Identifier: Apache-2.0
// Messages of an agent and of a server, one after the other: Say{}.parse("s", "select 1").sync().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/postgres/build.h"
#include "proto/postgres/startup.h"

namespace sluice::session::test {

using Values = std::vector<std::optional<std::string>>;

inline std::vector<pg::Cell> cells_of(const Values& values) {
  std::vector<pg::Cell> cells;
  for (const auto& value : values)
    cells.push_back(value ? pg::Cell{as_bytes(*value)} : std::nullopt);
  return cells;
}

struct Say {
  Bytes bytes;
  operator ByteView() const { return bytes; }

  Say& startup(std::vector<pg::StartupParameter> parameters = {{"user", "me"},
                                                               {"database", "shop"}},
               std::uint16_t minor = 0) {
    static_cast<void>(pg::append_startup_message(bytes, minor, parameters));
    return *this;
  }
  Say& ssl_request() { return pg::append_ssl_request(bytes), *this; }
  Say& gss_request() { return pg::append_gssenc_request(bytes), *this; }
  Say& query(std::string_view text) { return pg::append_query(bytes, text), *this; }
  Say& parse(std::string_view name, std::string_view text, std::vector<std::uint32_t> types = {}) {
    return pg::append_parse(bytes, name, text, types), *this;
  }
  Say& bind(std::string_view portal, std::string_view statement, const Values& values = {},
            std::vector<pg::Format> result_formats = {}) {
    const auto cells = cells_of(values);
    pg::append_bind(bytes, {portal, statement, {}, cells, result_formats});
    return *this;
  }
  Say& describe_portal(std::string_view name) {
    return pg::append_describe(bytes, pg::Target::kPortal, name), *this;
  }
  Say& describe_statement(std::string_view name) {
    return pg::append_describe(bytes, pg::Target::kStatement, name), *this;
  }
  Say& execute(std::string_view portal, std::int32_t limit = 0) {
    return pg::append_execute(bytes, portal, limit), *this;
  }
  Say& close_statement(std::string_view name) {
    return pg::append_close(bytes, pg::Target::kStatement, name), *this;
  }
  Say& close_portal(std::string_view name) {
    return pg::append_close(bytes, pg::Target::kPortal, name), *this;
  }
  Say& sync() { return pg::append_sync(bytes), *this; }
  Say& flush() { return pg::append_flush(bytes), *this; }
  Say& terminate() { return pg::append_terminate(bytes), *this; }
  Say& function_call(std::uint32_t oid, const Values& values = {}) {
    const auto cells = cells_of(values);
    pg::append_function_call(bytes, {oid, {}, cells, pg::Format::kText});
    return *this;
  }
  Say& copy_data(std::string_view data) {
    return pg::append_copy_data(bytes, as_bytes(data)), *this;
  }
  Say& copy_done() { return pg::append_copy_done(bytes), *this; }
  Say& copy_fail(std::string_view why) { return pg::append_copy_fail(bytes, why), *this; }
};

struct Field {
  std::string name;
  std::uint32_t table = 0;
  std::int16_t attnum = 0;
  std::uint32_t type = 25;
  pg::Format format = pg::Format::kText;
  std::int32_t modifier = -1;
};

struct Reply {
  Bytes bytes;
  operator ByteView() const { return bytes; }

  Reply& authentication_ok() { return pg::append_authentication_ok(bytes), *this; }
  Reply& parameter(std::string_view name, std::string_view value) {
    return pg::append_parameter_status(bytes, name, value), *this;
  }
  Reply& key() {
    const Bytes key{0, 0, 0, 9, 1, 2, 3, 4};
    return pg::append_backend_key_data(bytes, key), *this;
  }
  Reply& ready(char status = 'I') {
    return pg::append_ready_for_query(bytes, static_cast<pg::TransactionStatus>(status)), *this;
  }
  Reply& columns(const std::vector<Field>& fields) {
    std::vector<pg::FieldDescription> all;
    for (const Field& field : fields)
      all.push_back(
          {field.name, field.table, field.attnum, field.type, -1, field.modifier, field.format});
    return pg::append_row_description(bytes, all), *this;
  }
  Reply& row(const Values& values) {
    const auto cells = cells_of(values);
    return pg::append_data_row(bytes, cells), *this;
  }
  Reply& complete(std::string_view tag) { return pg::append_command_complete(bytes, tag), *this; }
  Reply& empty() { return pg::append_empty_query_response(bytes), *this; }
  Reply& parsed() { return pg::append_parse_complete(bytes), *this; }
  Reply& bound() { return pg::append_bind_complete(bytes), *this; }
  Reply& closed() { return pg::append_close_complete(bytes), *this; }
  Reply& no_data() { return pg::append_no_data(bytes), *this; }
  Reply& parameters(std::vector<std::uint32_t> types) {
    return pg::append_parameter_description(bytes, types), *this;
  }
  Reply& suspended() { return pg::append_portal_suspended(bytes), *this; }
  Reply& error(std::string sqlstate, std::string message, std::string detail = {},
               std::string severity = "ERROR") {
    pg::Report report;
    report.severity = std::move(severity);
    report.sqlstate = std::move(sqlstate);
    report.message = std::move(message);
    report.detail = std::move(detail);
    return pg::append_error_response(bytes, report), *this;
  }
  // An ErrorResponse of just these fields.
  Reply& error_fields(const std::vector<std::pair<char, std::string>>& fields) {
    Bytes body;
    for (const auto& [code, text] : fields) {
      body.push_back(static_cast<std::uint8_t>(code));
      append(body, text);
      body.push_back(0);
    }
    body.push_back(0);
    bytes.push_back('E');
    const std::size_t size = body.size() + 4;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
      bytes.push_back(static_cast<std::uint8_t>(size >> shift));
    append(bytes, ByteView{body});
    return *this;
  }
  Reply& notice(std::string message, std::string detail = {}) {
    pg::Report report;
    report.severity = "NOTICE";
    report.sqlstate = "00000";
    report.message = std::move(message);
    report.detail = std::move(detail);
    return pg::append_notice_response(bytes, report), *this;
  }
  Reply& notification(std::string_view channel, std::string_view payload) {
    return pg::append_notification_response(bytes, 9, channel, payload), *this;
  }
  Reply& copy_in(pg::Format format = pg::Format::kText) {
    return pg::append_copy_in_response(bytes, format, {}), *this;
  }
  Reply& copy_out(std::size_t columns, pg::Format format = pg::Format::kText) {
    const std::vector<pg::Format> formats(columns, format);
    return pg::append_copy_out_response(bytes, format, formats), *this;
  }
  Reply& copy_data(std::string_view data) {
    return pg::append_copy_data(bytes, as_bytes(data)), *this;
  }
  Reply& copy_done() { return pg::append_copy_done(bytes), *this; }
  Reply& function_result(std::string_view value) {
    return pg::append_function_call_response(bytes, as_bytes(value)), *this;
  }
};

}  // namespace sluice::session::test
