// SPDX-License-Identifier: Apache-2.0
// Reads a BPF ring buffer in batches that are given up only when the caller says so: what was read
// and not released is read again, by this process or the next one.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <functional>

namespace sluice::kernel {

class Ring {
 public:
  // `map` is borrowed and must outlive the ring.
  static Result<Ring> open(int map);
  ~Ring();
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;

  // Gives each finished record that lies behind the position, up to `bytes_max` of them. Stops
  // where `take` gives an Error, before that record.
  Result<void> read(std::size_t bytes_max, const std::function<Result<void>(ByteView)>& take);
  // The position behind the last record that was read.
  std::uint64_t position() const { return position_; }
  // Goes on at a position that is known from an earlier daemon; what lies before it is released.
  // Error: the ring has never been there.
  Result<void> skip_to(std::uint64_t position);
  // To read again from a position that was not released.
  void rewind(std::uint64_t position) { position_ = position; }
  // The programs may use the room of all that was read.
  void release();

 private:
  Ring() = default;
  void* consumer_ = nullptr;  // a page that begins with the consumer's position
  void* producer_ = nullptr;  // a page with the producer's, then the data, mapped twice in a row
  std::size_t page_ = 0;
  std::size_t size_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace sluice::kernel
