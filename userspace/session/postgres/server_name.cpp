// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/server_name.h"

#include <algorithm>

#include "sql/words.h"

namespace sluice::session {

std::string_view server_name(std::string_view name) {
  return name.substr(0, sql::kServerNameBytesMax);
}

bool is_ascii(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace sluice::session
