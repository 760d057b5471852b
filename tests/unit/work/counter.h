// SPDX-License-Identifier: Apache-2.0
// Counts work instead of time: basic blocks of the counted modules, and bytes that are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace sluice::work {

// What a thread of the worker has, where `ulimit -s` says nothing else.
inline constexpr std::size_t kStackBytes = std::size_t{8} << 20;

struct Work {
  std::uint64_t blocks = 0;       // of our own code; libraries are not counted
  std::uint64_t bytes_asked = 0;  // by operator new, in all
  std::uint64_t bytes_most = 0;   // by operator new, at one time
  std::size_t stack_bytes = 0;    // the deepest place that was written
};

// Runs it on a thread of its own with the stack of a worker thread.
Work measure(const std::function<void()>& act);

}  // namespace sluice::work
