// SPDX-License-Identifier: Apache-2.0
#include "cli/launch/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cerrno>

#include "keeper/capabilities.h"

namespace sluice::launch {
namespace {

constexpr int kKept[] = {CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FOWNER,
                         CAP_FSETID,     CAP_KILL,         CAP_SETGID,
                         CAP_SETUID,     CAP_SETPCAP,      CAP_NET_BIND_SERVICE,
                         CAP_SYS_CHROOT, CAP_AUDIT_WRITE,  CAP_SETFCAP};

}  // namespace

Result<void> become_user(const TargetUser& user) {
  if (::geteuid() != 0) {
    if (user.uid == ::getuid() && user.uid == ::geteuid()) return {};
    return Error::sys(EPERM, "only root may run an agent as another user ('" + user.name + "')");
  }
  if (::setgroups(user.groups.size(), user.groups.data()) != 0)
    return Error::sys(errno, "take the groups of '" + user.name + "'");
  if (::setresgid(user.gid, user.gid, user.gid) != 0)
    return Error::sys(errno, "take the group of '" + user.name + "'");
  if (::setresuid(user.uid, user.uid, user.uid) != 0)
    return Error::sys(errno, "become the user '" + user.name + "'");
  if (user.uid != 0 && (::setuid(0) == 0 || ::getuid() != user.uid))
    return Error("the agent could not give up root");
  return {};
}

Result<void> reduce_capabilities() {
  // Who may not lower the bounding set has no_new_privs to keep what is left in it out of reach.
  if (keeper::may_lower_bounding_set()) SLUICE_TRY_VOID(keeper::lower_bounding_set(kKept));
  return keeper::limit_capabilities(kKept);
}

}  // namespace sluice::launch
