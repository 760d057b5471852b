// SPDX-License-Identifier: Apache-2.0
#include "daemon/users.h"

#include <pwd.h>

#include <cerrno>
#include <vector>

namespace sluice::daemon {

Result<UserId> find_user(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return Error::sys(error, "look up user '" + name + "'");
  if (found == nullptr) return Error::sys(ENOENT, "look up user '" + name + "'");
  return UserId{entry.pw_uid, entry.pw_gid};
}

}  // namespace sluice::daemon
