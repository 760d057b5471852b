// SPDX-License-Identifier: Apache-2.0
// The kernel's own name for a network namespace: never used again, unlike its inode.
#pragma once

#include <sluice/result.h>

#include <cstdint>

namespace sluice::kernel {

// Of the namespace that the socket is in.
Result<std::uint64_t> netns_cookie_of(int socket);
// Of the namespace that the calling thread is in.
Result<std::uint64_t> own_netns_cookie();

}  // namespace sluice::kernel
