// SPDX-License-Identifier: Apache-2.0
// Bytes of one input that the detectors have read as a whole, without a candidate: then no cell in
// them has to be read by itself, which costs many times as much.
#pragma once

#include <sluice/bytes.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "session/postgres/text_guard.h"

namespace sluice::session {

class CleanStretch {
 public:
  // The input is another one. Its bytes may lie where those of the one before lay.
  void forget() { end_ = nullptr; }

  // Whether the message at the front of `rest`, `whole`, holds no candidate. Messages come in the
  // order in which they lie, from one input until forget().
  bool covers(ByteView whole, ByteView rest, TextGuard& guard) {
    if (end_ == nullptr || whole.data() + whole.size() > end_) {
      const std::size_t size = std::max(whole.size(), std::min(rest.size(), kBytes));
      end_ = rest.data() + size;
      clean_ = !guard.may_find(rest.first(size));
    }
    return clean_;
  }

 private:
  // Where there is a candidate, the cells of no more than this are read one by one.
  static constexpr std::size_t kBytes = 16U << 10;

  const std::uint8_t* end_ = nullptr;
  bool clean_ = false;
};

}  // namespace sluice::session
