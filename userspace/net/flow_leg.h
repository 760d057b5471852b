// SPDX-License-Identifier: Apache-2.0
// One side of a flow: its socket, TLS on it, and what was received and is not consumed yet.
#pragma once

#include "net/byte_queue.h"
#include "net/socket.h"
#include "net/tls_stream.h"

#include <sluice/bytes.h>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sluice::net {

// Memory that all flows of one thread share for the length of one read: whole messages pass through
// it without ever being copied or allocated for.
struct ReadScratch {
  static constexpr std::size_t kBytes = 64U << 10;
  std::unique_ptr<std::uint8_t[]> memory = std::make_unique_for_overwrite<std::uint8_t[]>(kBytes);
  std::span<std::uint8_t> span() const { return {memory.get(), kBytes}; }
};

class FlowLeg {
 public:
  enum class State : std::uint8_t {
    kNone,        // no connection yet
    kConnecting,  // upstream only
    kOpen,
    kHandshaking,  // TLS; nothing is offered to the session
    kClosed
  };

  State state = State::kNone;
  bool read_ended = false;      // nothing more will come
  bool finish_wanted = false;   // half-close once the queue is empty
  bool finished = false;        // half-closed
  bool over_watermark = false;  // its queue is too long; cleared when it is short again
  Socket socket;
  std::unique_ptr<TlsStream> tls;

  bool is_open() const { return state == State::kOpen; }
  bool may_have_bytes() const { return socket.readable() || tls_may_have_bytes_; }

  // Reads once, into `scratch` if nothing is pending. kBytes: pending() has grown.
  IoResult receive(ReadScratch& scratch);
  // What was received and not consumed. Valid until keep(), receive() or take_pending().
  ByteView pending() const { return scratch_view_.empty() ? kept_.view() : scratch_view_; }
  void consume(std::size_t count);  // moves nothing
  // Before the scratch is used again: copies what is left into memory of its own.
  void keep();
  Bytes take_pending();
  void release_if_empty() { kept_.release(); }

  // Sends now or queues. Dropped if the leg is not open.
  void send(std::span<iovec> parts);
  void start_handshake(std::unique_ptr<TlsStream> stream);
  void handshake_done();
  // close_notify and FIN, once the queue is empty. Call again after each flush.
  void finish_if_due();
  std::size_t queued() const { return socket.queued(); }

 private:
  IoResult receive_into(std::span<std::uint8_t> space);

  ByteView scratch_view_;  // unconsumed part of the scratch; empty: what is left is in kept_
  ByteQueue kept_;
  bool filled_ = false;  // the last read filled the space it was given
  bool tls_may_have_bytes_ = false;
  bool notified_ = false;  // close_notify was sent
};

}  // namespace sluice::net
