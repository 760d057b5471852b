// SPDX-License-Identifier: Apache-2.0
// Counts work instead of time: basic blocks of the counted modules, and bytes that are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace sluice::work {

struct Work {
  std::uint64_t blocks = 0;       // of our own code; libraries are not counted
  std::uint64_t bytes_asked = 0;  // by operator new, in all
  std::uint64_t bytes_most = 0;   // by operator new, at one time
  std::size_t stack_bytes = 0;    // the deepest place that was written
};

// Runs it on a thread of its own with a stack of so many bytes.
Work measure(std::size_t stack_bytes, const std::function<void()>& act);

}  // namespace sluice::work
