// SPDX-License-Identifier: Apache-2.0
// Builders: each appends one whole message to `out`. They are the inverse of frontend.h and
// backend.h. Text that the wire ends with NUL must hold none: for statements and names that is our
// own bug (SLUICE_CHECK), in texts for people (error fields) a NUL becomes a space, and where it
// may come from a file or a user the builder returns an Error.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/postgres/backend.h"
#include "proto/postgres/frontend.h"
#include "proto/postgres/wire.h"

namespace sluice::pg {

using Cell = std::optional<ByteView>;  // nullopt is NULL

// --- what a client sends (build_frontend.cpp)

void append_query(Bytes& out, std::string_view text);
void append_parse(Bytes& out, std::string_view statement, std::string_view text,
                  std::span<const std::uint32_t> parameter_types = {});
struct BindFields {
  std::string_view portal{};
  std::string_view statement{};
  std::span<const Format> parameter_formats{};  // none, one or one per parameter
  std::span<const Cell> parameters{};
  std::span<const Format> result_formats{};  // none, one or one per column
};
void append_bind(Bytes& out, const BindFields& fields);
void append_describe(Bytes& out, Target target, std::string_view name);
void append_execute(Bytes& out, std::string_view portal, std::int32_t row_limit = 0);
void append_close(Bytes& out, Target target, std::string_view name);
void append_sync(Bytes& out);
void append_flush(Bytes& out);
struct FunctionCallFields {
  std::uint32_t function_oid = 0;
  std::span<const Format> argument_formats{};
  std::span<const Cell> arguments{};
  Format result_format = Format::kText;
};
void append_function_call(Bytes& out, const FunctionCallFields& fields);
void append_copy_data(Bytes& out, ByteView data);  // the same in both directions
void append_copy_done(Bytes& out);                 // the same in both directions
void append_copy_fail(Bytes& out, std::string_view message);
void append_terminate(Bytes& out);

// A cleartext password, or md5.h's answer. Error if it holds a NUL. `out` then holds a secret.
Result<void> append_password_message(Bytes& out, const Secret& password);
void append_sasl_initial_response(Bytes& out, std::string_view mechanism,
                                  std::optional<ByteView> response);
void append_sasl_response(Bytes& out, ByteView response);

// --- what a server sends (build_backend.cpp)

void append_authentication_ok(Bytes& out);
void append_authentication_cleartext_password(Bytes& out);
void append_authentication_md5_password(Bytes& out, const std::array<std::uint8_t, 4>& salt);
void append_authentication_sasl(Bytes& out, std::span<const std::string_view> mechanisms);
void append_authentication_sasl_continue(Bytes& out, ByteView data);
void append_authentication_sasl_final(Bytes& out, ByteView data);
void append_backend_key_data(Bytes& out, ByteView key);  // process id and secret, 8 to 260 bytes
void append_parameter_status(Bytes& out, std::string_view name, std::string_view value);
void append_ready_for_query(Bytes& out, TransactionStatus status);
void append_row_description(Bytes& out, std::span<const FieldDescription> fields);
void append_data_row(Bytes& out, std::span<const Cell> cells);
void append_command_complete(Bytes& out, std::string_view tag);
void append_empty_query_response(Bytes& out);
void append_notification_response(Bytes& out, std::uint32_t process_id, std::string_view channel,
                                  std::string_view payload);
void append_parameter_description(Bytes& out, std::span<const std::uint32_t> types);
void append_no_data(Bytes& out);
void append_parse_complete(Bytes& out);
void append_bind_complete(Bytes& out);
void append_close_complete(Bytes& out);
void append_portal_suspended(Bytes& out);
void append_copy_in_response(Bytes& out, Format format, std::span<const Format> columns);
void append_copy_out_response(Bytes& out, Format format, std::span<const Format> columns);
void append_copy_both_response(Bytes& out, Format format, std::span<const Format> columns);
void append_function_call_response(Bytes& out, const Cell& value);

// An error or notice of our own. Empty optional texts are left out; severity, sqlstate and message
// always go, the severity as both 'S' (localised) and 'V'.
struct Report {
  std::string severity = "ERROR";  // ERROR FATAL PANIC; WARNING NOTICE DEBUG INFO LOG
  std::string sqlstate{};          // five characters, "42501"
  std::string message{};
  std::string detail{};
  std::string hint{};
  std::string position{};  // decimal, 1-based character of the statement
  std::string where{};
  std::string schema{};
  std::string table{};
  std::string column{};
  std::string data_type{};
  std::string constraint{};
};
void append_error_response(Bytes& out, const Report& report);
void append_notice_response(Bytes& out, const Report& report);

// Somebody else's error or notice with its texts changed: `replace` gets each field in order and
// gives the new text, or nullopt to leave the field out. 'S', 'V' and 'C' are copied without
// asking: clients decide by them and they hold no data.
using ReplaceErrorText = std::function<std::optional<std::string>(char code, std::string_view)>;
void append_rewritten_error_response(Bytes& out, const ErrorFields& fields,
                                     const ReplaceErrorText& replace);
void append_rewritten_notice_response(Bytes& out, const ErrorFields& fields,
                                      const ReplaceErrorText& replace);

// Appends a DataRow cell by cell, without a list of cells: for a masker that copies most of them.
class DataRowBuilder {
 public:
  DataRowBuilder(Bytes& out, std::size_t cell_count);
  void add(ByteView value);
  void add_null();
  // Must be called once, after exactly cell_count cells.
  void finish();

 private:
  Bytes& out_;
  std::size_t start_;
  std::size_t missing_;
};

}  // namespace sluice::pg
