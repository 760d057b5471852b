// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/text_guard.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "mask/masks.h"
#include "proto/postgres/build.h"

namespace sluice::session {
namespace {

constexpr std::string_view kRedactedText = "[redacted]";

bool starts_with_one_of(std::string_view sqlstate, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return sqlstate.starts_with(start); });
}

// True of a message that names objects only, never values. All others (22 data exception, P0 raised
// by a function, XX, ...) may quote what a column held. PostgreSQL's errcodes, appendix A.
bool message_is_safe(const pg::ErrorFields& fields) {
  const std::string_view sqlstate = fields.find('C');
  if (sqlstate.size() != 5) return false;
  // Raised inside of a function, where RAISE chooses the code and the text.
  if (!fields.find('W').empty() || !fields.find('q').empty()) return false;
  // Of what the statement itself is about. Of other limits (54000) the message says how large the
  // value is, and of connections (08003) it is the name: both may be computed from a column.
  if (starts_with_one_of(sqlstate,
                         {"08P01", "23",    "25",    "26",    "28",    "40",    "42501", "42701",
                          "42710", "42723", "42P03", "42P05", "42P06", "42P07", "42P16", "53",
                          "54001", "54011", "54023", "55000", "55006", "55P02", "55P03", "57"}))
    return true;
  // A name that was not found is the agent's own where the server says at which place of the text
  // it stands. Without a place it may be a value: ssn::regclass, has_table_privilege(ssn, ...).
  return !fields.find('P').empty() &&
         starts_with_one_of(sqlstate, {"0A", "34", "3D", "3F", "42", "54"});
}

// Texts in which a server quotes rows: "Key (ssn)=(078-05-1120) already exists.", "Failing row
// contains (...)".
// A field that is not known is one of them.
bool field_is_a_name(char code) {
  return std::string_view{"PpstcdnFLR"}.find(code) != std::string_view::npos;
}
bool field_may_quote_a_row(char code) {
  return code != 'M' && code != 'H' && !field_is_a_name(code);
}
// RAISE ... USING TABLE = value; and the line of the server's source tells what the value was like.
bool field_goes_with_the_message(char code) {
  return std::string_view{"HstcdnFLR"}.find(code) != std::string_view::npos;
}

}  // namespace

TextGuard::TextGuard(const Resource& resource, MaskTools tools) : tools_(std::move(tools)) {
  for (const SensitiveRule& rule : resource.sensitive)
    for (const Detector detector : rule.detectors) {
      wanted_.add(detector);
      masks_.push_back({detector, rule.mask});
    }
}

bool TextGuard::replace_hits(ByteView text, Bytes& out) {
  if (wanted_.empty() || text.empty()) return false;
  hits_.clear();
  if (!tools_.detectors->scan(text, wanted_, *tools_.scratch, hits_)) {
    append(out, kRedactedText);  // not read is not clean (invariant 4)
    return true;
  }
  if (hits_.empty()) return false;
  mask::redact_hits(text, hits_, masks_, *tools_.hash, out);
  return true;
}

std::optional<mask::Masked> TextGuard::mask_hits(const mask::CellType& type, ByteView cell,
                                                 Bytes& out) {
  if (wanted_.empty() || cell.empty()) return std::nullopt;
  hits_.clear();
  if (!tools_.detectors->scan(cell, wanted_, *tools_.scratch, hits_))
    return mask::mask_cell(type, cell, MaskKind::kRedact, *tools_.hash, out);
  if (hits_.empty()) return std::nullopt;
  return mask::mask_hits_in_cell(type, cell, hits_, masks_, *tools_.hash, out);
}

std::string TextGuard::clean(std::string_view text) {
  Bytes replaced;
  if (!replace_hits(as_bytes(text), replaced)) return std::string{text};
  return std::string{as_text(replaced)};
}

void TextGuard::append_report(Bytes& out, const pg::ErrorFields& fields, bool touches_sensitive,
                              bool error) {
  const bool keep_message = !touches_sensitive || message_is_safe(fields);
  if (!error && !keep_message) return;
  const auto replace = [&](char code, std::string_view text) -> std::optional<std::string> {
    if (touches_sensitive && field_may_quote_a_row(code)) return std::nullopt;
    if (!keep_message && field_goes_with_the_message(code)) return std::nullopt;
    if (!keep_message && code == 'M')
      return "message withheld by sluice: it could quote a sensitive column";
    return clean(text);
  };
  if (error)
    pg::append_rewritten_error_response(out, fields, replace);
  else
    pg::append_rewritten_notice_response(out, fields, replace);
}

}  // namespace sluice::session
