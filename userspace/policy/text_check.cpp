// SPDX-License-Identifier: Apache-2.0
#include "policy/text_check.h"

#include <string>

namespace sluice::policy {
namespace {

// Bidirectional overrides, isolates and marks, zero-width characters, the byte order mark in the
// middle of a text.
bool is_invisible(std::uint32_t c) {
  return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xfeff || c == 0x061c;
}

bool is_control(std::uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || (c >= 0x7f && c <= 0x9f);
}

std::string number_of(std::uint32_t c) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string digits;
  for (; c != 0 || digits.size() < 4; c >>= 4U) digits.insert(digits.begin(), kHex[c & 15U]);
  return "U+" + digits;
}

}  // namespace

std::size_t utf8_character(std::string_view text, std::uint32_t& code_point) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  std::uint32_t value = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80) return 0;
    value = (value << 6U) | (next & 0x3fU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) return 0;
  code_point = value;
  return length;
}

bool check_text(std::string_view text, std::uint32_t file, Findings& findings) {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  bool indenting = true;
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    std::uint32_t c = 0;
    const std::size_t length = utf8_character(text.substr(at), c);
    const Place place{file, line, column};
    if (length == 0) {
      findings.error(place, "a byte here is not UTF-8", "save the file as UTF-8");
      return false;
    }
    if (is_control(c) || is_invisible(c)) {
      findings.error(place, "the invisible character " + number_of(c) + " is not allowed",
                     "remove it; what is read must be what is meant");
      return false;
    }
    if (c == '\t' && indenting) {
      findings.error(place, "a tab is used for indentation", "indent with spaces");
      return false;
    }
    if (c == '\n') {
      ++line;
      column = 1;
      indenting = true;
    } else {
      ++column;
      if (c != ' ') indenting = false;
    }
    at += length;
  }
  return true;
}

bool is_printable(std::string_view text, std::size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) return false;
  while (!text.empty()) {
    std::uint32_t c = 0;
    const std::size_t length = utf8_character(text, c);
    if (length == 0 || c < 0x20 || is_control(c) || is_invisible(c)) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace sluice::policy
