// SPDX-License-Identifier: Apache-2.0
#include "net/blocking_stream.h"

#include "net/connect.h"
#include "net/tls_context_impl.h"
#include "net/upstream_tls.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace sluice::net {

namespace {
// How often a wait looks whether the daemon is stopping.
constexpr std::chrono::milliseconds kWaitSlice{250};
}  // namespace

Result<std::unique_ptr<BlockingStream>> BlockingStream::connect(const UpstreamSettings& upstream,
                                                                const Clock& clock,
                                                                SteadyTime deadline,
                                                                const std::atomic<bool>* stopping) {
  SLUICE_TRY(Connecting connecting, start_connect(upstream.target));
  std::unique_ptr<BlockingStream> stream{new BlockingStream(upstream, clock, deadline, stopping)};
  const int fd = connecting.fd.get();
  stream->socket_.open(std::move(connecting.fd));
  if (!connecting.done) {
    if (auto ready = stream->wait(POLLOUT); !ready)
      return ready.error().within("connect to " + upstream.target.text());
    SLUICE_TRY_VOID(connect_error(fd, upstream.target));
  }
  return stream;
}

Result<void> BlockingStream::wait(short events) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - clock_.steady());
    if (left.count() <= 0) return Error{"no answer in time"};
    if (stopping_ != nullptr && stopping_->load()) return Error{"the daemon is stopping"};
    pollfd waiting{socket_.fd(), events, 0};
    const int count = ::poll(&waiting, 1, static_cast<int>(std::min(left, kWaitSlice).count()));
    if (count < 0 && errno != EINTR) return Error::sys(errno, "wait for the upstream");
    if (count <= 0) continue;
    socket_.note_events(static_cast<std::uint32_t>(waiting.revents));
    return {};
  }
}

Result<void> BlockingStream::start_tls(UpstreamTlsContexts& contexts, bool direct) {
  SLUICE_TRY(auto context, contexts.get(upstream_.tls, upstream_.ca_file));
  SLUICE_TRY(tls_, TlsStream::connect(std::move(context), socket_, upstream_, direct, {}));
  for (;;) {
    switch (tls_->handshake()) {
      case IoStatus::kBytes: return {};
      case IoStatus::kAgain: break;
      default: return Error{tls_->failure()};
    }
    socket_.flush();
    SLUICE_TRY_VOID(wait(socket_.queued() > 0 ? POLLIN | POLLOUT : POLLIN));
  }
}

Result<void> BlockingStream::write(ByteView bytes) {
  if (tls_)
    tls_->send(bytes);
  else
    socket_.send(bytes);
  while (socket_.queued() > 0) {
    SLUICE_TRY_VOID(wait(POLLOUT));
    socket_.flush();
  }
  if (socket_.write_broken()) return Error{"the upstream closed the connection"};
  return {};
}

Result<std::size_t> BlockingStream::read(std::span<std::uint8_t> into) {
  for (;;) {
    const IoResult got = tls_ ? tls_->receive(into) : socket_.receive(into);
    switch (got.status) {
      case IoStatus::kBytes: return got.count;
      case IoStatus::kEnd: return std::size_t{0};
      case IoStatus::kReset: return Error{"the upstream reset the connection"};
      case IoStatus::kAgain: break;
    }
    SLUICE_TRY_VOID(wait(POLLIN));
  }
}

}  // namespace sluice::net
