// SPDX-License-Identifier: Apache-2.0
// Walking over a map from userspace.
#pragma once

#include <bpf/bpf.h>
#include <sluice/result.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace sluice::kernel {

// More keys than any map here has room for: a walk over a map that changes may start over, and must
// end all the same.
constexpr std::size_t kWalkMax = std::size_t{1} << 24;

template <class Key>
Result<std::vector<Key>> keys_of(int fd) {
  std::vector<Key> keys;
  Key last{}, next{};
  int failed = bpf_map_get_next_key(fd, nullptr, &next);
  while (failed == 0 && keys.size() < kWalkMax) {
    keys.push_back(next);
    last = next;
    failed = bpf_map_get_next_key(fd, &last, &next);
  }
  if (failed == 0) return Error{"a walk over a map does not end"};
  if (errno != ENOENT) return Error::sys(errno, "walk over a map");
  return keys;
}

}  // namespace sluice::kernel
