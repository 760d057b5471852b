// SPDX-License-Identifier: Apache-2.0
// What one input makes a session send to one side: ranges of the input, which are not copied, and
// bytes of our own, in order. Everything recorded goes before the first byte sent, so that one
// commit covers the batch.
#pragma once

#include <sluice/bytes.h>
#include <sluice/flow.h>

#include <cstddef>
#include <deque>
#include <vector>

namespace sluice::session {

class Output {
 public:
  explicit Output(Side side) : side_(side) {}

  // Whether what is written from now on goes into the recording as AgentSees. Start-up bytes do
  // not: they hold the cancel key.
  void set_recorded(bool recorded) { recorded_ = recorded; }
  // `bytes` must live until the next handle(). Neighbouring ranges become one.
  void pass(ByteView bytes);
  // Append here. The reference is good until the next call of pass() or flush().
  Bytes& own();
  // Emits records (for recorded bytes) and sends; afterwards nothing is pending.
  void flush(FlowActions& out);
  // A new input begins: what was flushed before is not referenced any more.
  void begin();
  bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    ByteView range;  // used where chunk is null
    const Bytes* chunk = nullptr;
    bool recorded = false;
  };
  // More than this is given back when idle, so that a flow that once had a large row stays small.
  static constexpr std::size_t kKeptBytes = 8192;

  Side side_;
  bool recorded_ = false;
  std::vector<Piece> pieces_;
  std::deque<Bytes> chunks_;  // a deque, because pieces point at its elements
  std::size_t chunks_used_ = 0;
};

}  // namespace sluice::session
