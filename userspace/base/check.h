// SPDX-License-Identifier: Apache-2.0
// SLUICE_CHECK guards what must never be false because of our own code, in release builds too: to
// go on would let bytes pass undecided. Never reachable from the network, a file or a user.
#pragma once

namespace sluice {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define SLUICE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::sluice::check_failed(#condition, __FILE__, __LINE__))
