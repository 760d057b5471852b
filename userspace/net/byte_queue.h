// SPDX-License-Identifier: Apache-2.0
// Bytes in order, added at the end and taken from the front. Holds no memory while it was released
// empty: an idle flow must cost next to nothing.
#pragma once

#include <sluice/bytes.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sluice::net {

class ByteQueue {
 public:
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }
  // Valid until the next append(), spare() or release(); consume() moves nothing.
  ByteView view() const { return {memory_.get() + begin_, size()}; }
  void append(ByteView bytes);
  void consume(std::size_t count);
  // At least `least` writable bytes behind the last one; added() says how many were used.
  std::span<std::uint8_t> spare(std::size_t least);
  void added(std::size_t count) { end_ += count; }
  void release();  // gives the memory back if nothing is in it

 private:
  // begin <= end <= capacity; [begin, end) is what is held.
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sluice::net
