// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/text_guard.h"

#include <optional>

#include "mask/masks.h"
#include "proto/postgres/build.h"

namespace sluice::session {
namespace {

constexpr std::string_view kRedactedText = "[redacted]";

// Messages of these classes name objects, never values: PostgreSQL's errcodes, appendix A. All
// others (22 data exception, P0 raised by a function, XX, ...) may quote what a column held.
bool message_is_safe(std::string_view sqlstate) {
  if (sqlstate.size() != 5) return false;
  constexpr std::string_view kSafe[] = {"08", "0A", "23", "25", "26", "28", "34", "3D",
                                        "3F", "40", "42", "53", "54", "55", "57"};
  for (const std::string_view safe : kSafe)
    if (sqlstate.starts_with(safe)) return true;
  return false;
}

// Texts in which a server quotes rows: "Key (ssn)=(078-05-1120) already exists.", "Failing row
// contains (...)".
bool field_may_quote_a_row(char code) { return code == 'D' || code == 'W' || code == 'q'; }

bool field_is_text(char code) {
  return code == 'M' || code == 'D' || code == 'H' || code == 'W' || code == 'q';
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

std::string TextGuard::clean(std::string_view text) {
  Bytes replaced;
  if (!replace_hits(as_bytes(text), replaced)) return std::string{text};
  return std::string{as_text(replaced)};
}

void TextGuard::append_report(Bytes& out, const pg::ErrorFields& fields, bool touches_sensitive,
                              bool error) {
  const bool keep_message = !touches_sensitive || message_is_safe(fields.find('C'));
  const auto replace = [&](char code, std::string_view text) -> std::optional<std::string> {
    if (touches_sensitive && field_may_quote_a_row(code)) return std::nullopt;
    if (!keep_message && code == 'H') return std::nullopt;
    if (!keep_message && code == 'M')
      return "message withheld by sluice: it could quote a sensitive column";
    return field_is_text(code) ? clean(text) : std::string{text};
  };
  if (error)
    pg::append_rewritten_error_response(out, fields, replace);
  else
    pg::append_rewritten_notice_response(out, fields, replace);
}

}  // namespace sluice::session
