// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>

#include <cerrno>

#include "cli/launch/launch.h"

namespace sluice::launch {
namespace {
constexpr std::size_t kAccountBytesMax = 64 * 1024;  // buffer for one entry of passwd
constexpr int kGroupsMax = 65536;                    // NGROUPS_MAX of the kernel
}  // namespace

Result<TargetUser> find_user(const std::string& name) {
  std::vector<char> buffer(kAccountBytesMax);
  passwd entry{};
  passwd* found = nullptr;
  const int err = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (err != 0) return Error::sys(err, "look up the user '" + name + "'");
  if (found == nullptr) return Error::sys(ENOENT, "there is no user '" + name + "'");
  TargetUser user{.name = entry.pw_name,
                  .uid = entry.pw_uid,
                  .gid = entry.pw_gid,
                  .groups = {},
                  .home = entry.pw_dir,
                  .shell = entry.pw_shell};
  int count = 64;
  user.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(entry.pw_name, entry.pw_gid, user.groups.data(), &count) < 0) {
    if (count > kGroupsMax) return Error("user '" + name + "' is in too many groups");
    user.groups.resize(static_cast<std::size_t>(count));
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

}  // namespace sluice::launch
