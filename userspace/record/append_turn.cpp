// SPDX-License-Identifier: Apache-2.0
#include "record/append_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

namespace sluice::record {

Result<AppendTurn> AppendTurn::of(const std::string& directory) {
  UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return Error::sys(errno, "open '" + directory + "'");
  return AppendTurn{std::move(fd)};
}

Result<void> AppendTurn::take() {
  while (::flock(directory_.get(), LOCK_EX) != 0)
    if (errno != EINTR) return Error::sys(errno, "lock the recordings directory");
  return {};
}

void AppendTurn::give_back() { ::flock(directory_.get(), LOCK_UN); }

bool has_living_writer(const std::string& session_path) {
  const UniqueFd fd{::open(session_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace sluice::record
