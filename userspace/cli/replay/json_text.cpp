// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/json_text.h"

#include "cli/replay/utf8.h"

#include <cstdio>

namespace sluice::cli {

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Utf8Character next = first_character(text);
    if (next.bytes == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    char escaped[8];
    if (next.code == '"' || next.code == '\\') {
      out += '\\';
      out += static_cast<char>(next.code);
    } else if (next.code == '\n') {
      out += "\\n";
    } else if (next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0)) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", next.code);
      out += escaped;
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  out += '"';
  return out;
}

}  // namespace sluice::cli
