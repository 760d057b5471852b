// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a Unix socket, as the kernel says.
#pragma once

#include "base/cgroup_mount.h"
#include "base/unique_fd.h"
#include "control/backend.h"

#include <sluice/result.h>

namespace sluice::control {

// The process that connected. Holds a pidfd, so that what is read about the pid later is known to
// be about this process and no other that got its number.
class Peer {
 public:
  static Result<Peer> of(int socket);

  std::uint32_t uid() const { return uid_; }
  std::int32_t pid() const { return pid_; }

  // As it stands now, without lineage. An Error when the process has ended (its socket may live on
  // in another one, whose cgroup nobody vouches for) or its cgroup cannot be told. `pidfd` is
  // borrowed from this object.
  Result<Caller> caller(const CgroupMount& mount) const;

 private:
  bool gone() const;

  std::uint32_t uid_ = 0;
  std::uint32_t gid_ = 0;
  std::int32_t pid_ = 0;
  UniqueFd pidfd_;
};

// Name and groups from the user data base; a uid without a name is "#1234" and in no group.
struct UserNames {
  std::string user;
  std::vector<std::string> groups;
};
UserNames names_of_user(std::uint32_t uid);

}  // namespace sluice::control
