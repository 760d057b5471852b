// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/visible.h"

#include "cli/replay/utf8.h"

#include <cstdio>

namespace sluice::cli {
namespace {

bool is_safe(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  const bool reorders = code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
                        (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F);
  const bool hides = code == 0xAD || code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
                     (code >= 0xE0000 && code <= 0xE0FFF);
  return !reorders && !hides;
}

void show(std::uint32_t code, std::string& out) {
  char text[16];
  if (code == '\n')
    out += "\\n";
  else if (code == '\t')
    out += "\\t";
  else if (code == '\r')
    out += "\\r";
  else {
    std::snprintf(text, sizeof text, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
    out += text;
  }
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto at = [&](std::size_t i) -> std::uint32_t {
    return static_cast<std::uint8_t>(text[i]);
  };
  if (text.empty()) return {};
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return {};
    code = (code << 6) | (at(i) & 0x3FU);
  }
  if (code < kSmallest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, bytes};
}

std::string visible(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = first_character(text);
    if (next.bytes == 0) {
      char byte[8];
      std::snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned>(text[0] & 0xFF));
      out += byte;
      text.remove_prefix(1);
      continue;
    }
    if (is_safe(next.code) || (lines && (next.code == '\n' || next.code == '\t')))
      out += text.substr(0, next.bytes);
    else
      show(next.code, out);
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (char byte : text) columns += (static_cast<std::uint8_t>(byte) & 0xC0U) != 0x80 ? 1 : 0;
  return columns;
}

}  // namespace sluice::cli
