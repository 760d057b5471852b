// SPDX-License-Identifier: Apache-2.0
#include "net/byte_queue.h"

#include "base/check.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::net {

namespace {
constexpr std::size_t kFirstBytes = 8U << 10;
}

void ByteQueue::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(spare(bytes.size()).data(), bytes.data(), bytes.size());
  added(bytes.size());
}

void ByteQueue::consume(std::size_t count) {
  SLUICE_CHECK(count <= size());
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

std::span<std::uint8_t> ByteQueue::spare(std::size_t least) {
  if (capacity_ - end_ < least) {
    const std::size_t held = size();
    // Moving at most as much as is free in front keeps the cost per byte constant.
    if (begin_ >= held && capacity_ - held >= least) {
      std::memmove(memory_.get(), memory_.get() + begin_, held);
    } else {
      const std::size_t wanted = std::max(kFirstBytes, std::bit_ceil(held + least));
      auto memory = std::make_unique_for_overwrite<std::uint8_t[]>(wanted);
      if (held > 0) std::memcpy(memory.get(), memory_.get() + begin_, held);
      memory_ = std::move(memory);
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = held;
  }
  return {memory_.get() + end_, capacity_ - end_};
}

void ByteQueue::release() {
  if (!empty() || !memory_) return;
  memory_.reset();
  begin_ = end_ = capacity_ = 0;
}

}  // namespace sluice::net
