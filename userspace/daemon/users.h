// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/result.h>
#include <sys/types.h>

#include <string>

namespace sluice::daemon {

struct UserId {
  uid_t uid = 0;
  gid_t gid = 0;
};
// ENOENT where the user data base has no such user.
Result<UserId> find_user(const std::string& name);

}  // namespace sluice::daemon
