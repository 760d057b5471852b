// SPDX-License-Identifier: Apache-2.0
#include "keeper/sandbox.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "keeper/capabilities.h"

namespace sluice::keeper {
namespace {

constexpr std::size_t kAccountBytesMax = 64 * 1024;  // buffer for one entry of passwd or group

struct Ids {
  uid_t uid = 0;
  gid_t gid = 0;
};

Result<Ids> find_ids(const WorkerIdentity& identity) {
  std::vector<char> buffer(kAccountBytesMax);
  passwd user{};
  passwd* found = nullptr;
  int err = ::getpwnam_r(identity.user.c_str(), &user, buffer.data(), buffer.size(), &found);
  if (err != 0) return Error::sys(err, "look up the user '" + identity.user + "'");
  if (found == nullptr)
    return Error("there is no user '" + identity.user +
                 "' for the worker; make it with 'useradd --system --no-create-home --shell "
                 "/usr/sbin/nologin " +
                 identity.user + "', or name another as 'user' in the configuration");
  Ids ids{user.pw_uid, user.pw_gid};
  if (!identity.group.empty()) {
    group entry{};
    group* found_group = nullptr;
    err = ::getgrnam_r(identity.group.c_str(), &entry, buffer.data(), buffer.size(), &found_group);
    if (err != 0) return Error::sys(err, "look up the group '" + identity.group + "'");
    if (found_group == nullptr) return Error("there is no group '" + identity.group + "'");
    ids.gid = entry.gr_gid;
  }
  if (ids.uid == 0 || ids.gid == 0)
    return Error("the worker must not be root; name another 'user' in the configuration");
  return ids;
}

Result<void> close_others(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = 3;
  for (const int fd : keep) {
    if (fd < static_cast<int>(first)) continue;
    const auto kept = static_cast<unsigned>(fd);
    if (kept > first && ::close_range(first, kept - 1, 0) != 0)
      return Error::sys(errno, "close inherited descriptors");
    first = kept + 1;
  }
  if (::close_range(first, ~0U, 0) != 0) return Error::sys(errno, "close inherited descriptors");
  return {};
}

Result<void> change_user(const Ids& ids) {
  if (::setgroups(0, nullptr) != 0) return Error::sys(errno, "give up supplementary groups");
  if (::setresgid(ids.gid, ids.gid, ids.gid) != 0) return Error::sys(errno, "change the group");
  if (::setresuid(ids.uid, ids.uid, ids.uid) != 0) return Error::sys(errno, "change the user");
  return {};
}

Result<void> set_process_flags(pid_t keeper) {
  const rlimit no_core{0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return Error::sys(errno, "forbid core files");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Error::sys(errno, "set no_new_privs");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Error::sys(errno, "become not dumpable");
  // After the change of user, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
    return Error::sys(errno, "ask to be killed when the keeper dies");
  if (::getppid() != keeper) return Error("the keeper died while the worker was set up");
  return {};
}

// What the lines above should have done, read back: a kernel or library that pretends is found out.
Result<void> check_powerless(const Ids& ids) {
  uid_t real = 0, effective = 0, saved = 0;
  ::getresuid(&real, &effective, &saved);
  if (real != ids.uid || effective != ids.uid || saved != ids.uid || ::setuid(0) == 0)
    return Error("the worker could not give up root");
  if (has_any_capability()) return Error("the worker still has a capability");
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
    return Error("the worker is still dumpable or may gain privileges");
  return {};
}

}  // namespace

Result<void> become_worker(const WorkerIdentity& identity) {
  const auto steps = [&]() -> Result<void> {
    SLUICE_TRY(const Ids ids, find_ids(identity));
    SLUICE_TRY_VOID(close_others(identity.keep_fds));
    // Needs CAP_SETPCAP, so it goes before the user does.
    SLUICE_TRY_VOID(lower_bounding_set({}));
    SLUICE_TRY_VOID(change_user(ids));
    SLUICE_TRY_VOID(limit_capabilities({}));
    SLUICE_TRY_VOID(set_process_flags(identity.keeper));
    return check_powerless(ids);
  };
  const auto done = steps();
  if (!done) return done.error().within("become the worker");
  return {};
}

}  // namespace sluice::keeper
