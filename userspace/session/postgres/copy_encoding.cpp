// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/copy_encoding.h"

#include <algorithm>
#include <array>

namespace sluice::session {

const std::string& copy_encoding(const CopyFormat& format, const std::string& client_encoding) {
  return format.encoding.empty() ? client_encoding : format.encoding;
}

bool copy_encoding_is_readable(std::string_view encoding) {
  // As the server compares names: letters and digits alone.
  std::string name;
  for (const char c : encoding) {
    if (c >= 'A' && c <= 'Z')
      name.push_back(static_cast<char>(c + ('a' - 'A')));
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      name.push_back(c);
  }
  constexpr std::array<std::string_view, 14> kWhole{
      "utf8",  "unicode", "sqlascii", "eucjp",        "euccn", "euckr", "euctw",
      "koi8r", "koi8u",   "koi8",     "muleinternal", "win",   "alt",   "eucjis2004"};
  const auto numbered = [&](std::string_view family) {
    return name.size() > family.size() && name.starts_with(family) &&
           name.find_first_not_of("0123456789", family.size()) == std::string::npos;
  };
  return std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end() || numbered("latin") ||
         numbered("iso8859") || name == "win866" || name == "win874" || numbered("win125");
}

}  // namespace sluice::session
