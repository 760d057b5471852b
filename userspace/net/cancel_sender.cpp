// SPDX-License-Identifier: Apache-2.0
#include "net/cancel_sender.h"

#include "net/blocking_stream.h"

#include "proto/postgres/startup.h"

#include <array>

namespace sluice::net {

namespace {

constexpr std::size_t kThreads = 4;
// Cancels that wait for a thread; an agent that sends more at once loses the newest.
constexpr std::size_t kWaitingMax = 256;

// With TLS wherever the policy has it, although the server would take it without: the key in the
// request is a secret.
Result<void> deliver(const UpstreamSettings& upstream, const Bytes& request, const Clock& clock,
                     UpstreamTlsContexts& contexts) {
  const SteadyTime deadline = clock.steady() + upstream.connect_timeout;
  SLUICE_TRY(auto stream, BlockingStream::connect(upstream, clock, deadline, nullptr));
  std::array<std::uint8_t, 64> answer{};
  if (upstream.tls != UpstreamTls::kDisable && upstream.target.unix_path.empty()) {
    Bytes ask;
    pg::append_ssl_request(ask);
    SLUICE_TRY_VOID(stream->write(ask));
    SLUICE_TRY(const std::size_t count, stream->read({answer.data(), 1}));
    if (count != 1 || answer[0] != 'S') return Error{"the upstream does not offer TLS"};
    SLUICE_TRY_VOID(stream->start_tls(contexts, false));
  }
  SLUICE_TRY_VOID(stream->write(request));
  // The server closes once it has signalled the backend: what the agent sends next then cannot
  // overtake the cancel.
  SLUICE_TRY(const std::size_t ignored, stream->read(answer));
  static_cast<void>(ignored);
  return {};
}

}  // namespace

CancelSender::CancelSender(const Clock& clock, UpstreamTlsContexts& contexts)
    : clock_(clock), contexts_(contexts), threads_(kThreads, kWaitingMax) {}

void CancelSender::send(const UpstreamSettings& upstream, Bytes request, CancelReceipt receipt) {
  static_cast<void>(
      threads_.run([this, upstream, request = std::move(request), receipt = std::move(receipt)] {
        static_cast<void>(deliver(upstream, request, clock_, contexts_));
      }));
}

}  // namespace sluice::net
