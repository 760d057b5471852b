// SPDX-License-Identifier: Apache-2.0
#include "keeper/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>

namespace sluice::keeper {

Result<UniqueFd> open_beneath(int dir, const std::string& path, int flags, Mounts mounts) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (mounts == Mounts::kStay) how.resolve |= RESOLVE_NO_XDEV;
  long fd = 0;
  // RESOLVE_BENEATH asks to try again when a directory was renamed meanwhile; an attacker who
  // renames without end gets an error in the end.
  for (int tries = 0; tries < 8; ++tries) {
    fd = ::syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (fd >= 0) return UniqueFd{static_cast<int>(fd)};
  const int err = errno;
  if (err == ELOOP) return Error::sys(err, "open '" + path + "' (symbolic links are not followed)");
  if (err == EXDEV) return Error::sys(err, "open '" + path + "' (it leads out of its directory)");
  return Error::sys(err, "open '" + path + "'");
}

}  // namespace sluice::keeper
