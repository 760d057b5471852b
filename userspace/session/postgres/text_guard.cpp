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
// A field that is not known is one of them.
bool field_is_a_name(char code) {
  return std::string_view{"PpstcdnFLR"}.find(code) != std::string_view::npos;
}
bool field_may_quote_a_row(char code) {
  return code != 'M' && code != 'H' && !field_is_a_name(code);
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
  const bool keep_message = !touches_sensitive || message_is_safe(fields.find('C'));
  const auto replace = [&](char code, std::string_view text) -> std::optional<std::string> {
    if (touches_sensitive && field_may_quote_a_row(code)) return std::nullopt;
    if (!keep_message && code == 'H') return std::nullopt;
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
