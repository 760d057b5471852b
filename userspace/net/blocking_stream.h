// SPDX-License-Identifier: Apache-2.0
// A connection of the daemon's own to an upstream, for a thread that may wait: every call ends by
// one deadline.
#pragma once

#include "net/socket.h"
#include "net/tls_stream.h"
#include "net/upstream.h"

#include <sluice/clock.h>
#include <sluice/result.h>

#include <atomic>
#include <memory>
#include <span>

namespace sluice::net {

class UpstreamTlsContexts;

class BlockingStream {
 public:
  // `stopping` (may be null) ends every wait within a quarter of a second.
  static Result<std::unique_ptr<BlockingStream>> connect(const UpstreamSettings& upstream,
                                                         const Clock& clock, SteadyTime deadline,
                                                         const std::atomic<bool>* stopping);
  // In place; nothing may have been received and not read.
  Result<void> start_tls(UpstreamTlsContexts& contexts, bool direct);
  Result<void> write(ByteView bytes);
  // At least one byte; 0 only at the end of the stream.
  Result<std::size_t> read(std::span<std::uint8_t> into);
  const TlsStream* tls() const { return tls_.get(); }
  void set_deadline(SteadyTime deadline) { deadline_ = deadline; }

 private:
  BlockingStream(const UpstreamSettings& upstream, const Clock& clock, SteadyTime deadline,
                 const std::atomic<bool>* stopping)
      : upstream_(upstream), clock_(clock), deadline_(deadline), stopping_(stopping) {}
  Result<void> wait(short events);

  UpstreamSettings upstream_;
  const Clock& clock_;
  SteadyTime deadline_;
  const std::atomic<bool>* stopping_;
  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace sluice::net
