// SPDX-License-Identifier: Apache-2.0
// A cgroup or a process can go at any moment, also between two looks at it: no failure of the
// daemon's.
#pragma once

#include <sluice/result.h>

#include <cerrno>

namespace sluice::daemon {

inline bool is_gone(const Error& error) {
  return error.code() == ENOENT || error.code() == ENODEV || error.code() == ESRCH;
}

}  // namespace sluice::daemon
