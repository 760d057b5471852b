// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/server_name.h"

namespace sluice::session {

std::string_view server_name(std::string_view name) {
  return name.substr(0, sql::kServerNameBytesMax);
}

}  // namespace sluice::session
