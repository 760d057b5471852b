// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/visible.h"

#include "cli/replay/utf8.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace sluice::cli {
namespace {

struct Range {
  std::uint32_t first, last;
};

// What a reader does not see, or takes for a space: of Unicode's properties all of
// Default_Ignorable_Code_Point and Bidi_Control, and White_Space but for U+0020; beside them the
// marks of annotations, the null note head and the empty Braille pattern, which look like nothing.
constexpr Range kUnseen[] = {
    {0xA0, 0xA0},       {0xAD, 0xAD},       {0x034F, 0x034F},   {0x061C, 0x061C},
    {0x115F, 0x1160},   {0x1680, 0x1680},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x2800, 0x2800},
    {0x3000, 0x3000},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFC},   {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159},
    {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool is_safe(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  return code < kUnseen[0].first ||
         std::none_of(std::begin(kUnseen), std::end(kUnseen), [code](const Range& range) {
           return code >= range.first && code <= range.last;
         });
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
