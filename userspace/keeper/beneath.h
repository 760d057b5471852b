// SPDX-License-Identifier: Apache-2.0
// openat2(2) with the flags that keep a path inside a directory.
#pragma once

#include <sluice/result.h>

#include <cstdint>
#include <string>

#include "base/unique_fd.h"

namespace sluice::keeper {

enum class Mounts : std::uint8_t { kStay, kMayCross };

// Opens `path`, relative to `dir`, without leaving it, without a symbolic link in any component.
// Always close-on-exec. On failure the error's code is the errno; ELOOP, EXDEV: it tried to leave.
Result<UniqueFd> open_beneath(int dir, const std::string& path, int flags, Mounts mounts);

}  // namespace sluice::keeper
