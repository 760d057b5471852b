// SPDX-License-Identifier: Apache-2.0
#include "base/unix_name.h"

namespace sluice {

std::string printable_unix_name(std::string_view name) {
  constexpr char kDigits[] = "0123456789abcdef";
  const std::size_t nuls = name.starts_with('\0') ? 1 : 0;
  std::string text(nuls, '@');
  name.remove_prefix(nuls);
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '\\') {
      text += c;
    } else {
      text += '\\';
      text += 'x';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

}  // namespace sluice
