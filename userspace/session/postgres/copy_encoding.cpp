// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/copy_encoding.h"

#include <algorithm>
#include <array>

namespace sluice::session {
namespace {

// As the server compares names: letters and digits alone.
std::string plain_name(std::string_view encoding) {
  std::string name;
  for (const char c : encoding) {
    if (c >= 'A' && c <= 'Z')
      name.push_back(static_cast<char>(c + ('a' - 'A')));
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      name.push_back(c);
  }
  return name;
}

bool is_utf8(const std::string& plain) { return plain == "utf8" || plain == "unicode"; }

}  // namespace

const std::string& copy_encoding(const CopyFormat& format, const std::string& client_encoding) {
  return format.encoding.empty() ? client_encoding : format.encoding;
}

bool copy_encoding_is_readable(std::string_view encoding) {
  const std::string name = plain_name(encoding);
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

// A server converts nothing from or to SQL_ASCII.
bool comes_as_utf8(std::string_view encoding, std::string_view server_encoding) {
  const std::string name = plain_name(encoding), of_server = plain_name(server_encoding);
  return is_utf8(name) || of_server == "sqlascii" || (name == "sqlascii" && is_utf8(of_server));
}

}  // namespace sluice::session
