// SPDX-License-Identifier: Apache-2.0
#include "net/flow_leg.h"

#include "base/check.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::net {

namespace {
// Space for one read behind bytes that wait: enough for a small message at first, for bulk later.
constexpr std::size_t kSmallRead = 4U << 10;
constexpr std::size_t kBulkRead = 64U << 10;
// TLS gives at most one record of this size per call.
constexpr std::size_t kTlsRecordBytes = 16U << 10;
}  // namespace

IoResult FlowLeg::receive_into(std::span<std::uint8_t> space) {
  if (!tls) return socket.receive(space);
  std::size_t total = 0;
  IoResult got;
  do {
    got = tls->receive(space.subspan(total));
    if (got.status == IoStatus::kBytes) total += got.count;
  } while (got.status == IoStatus::kBytes && space.size() - total >= kTlsRecordBytes);
  // An end that was found behind bytes is found again by the next call.
  tls_may_have_bytes_ = got.status != IoStatus::kAgain;
  if (total > 0) return {IoStatus::kBytes, total};
  return got;
}

IoResult FlowLeg::receive(ReadScratch& scratch) {
  SLUICE_CHECK(scratch_view_.empty());
  const bool into_scratch = kept_.empty();
  const auto space = into_scratch ? scratch.span() : kept_.spare(filled_ ? kBulkRead : kSmallRead);
  const IoResult got = receive_into(space);
  if (got.status != IoStatus::kBytes) return got;
  filled_ = got.count + kTlsRecordBytes >= space.size();
  if (into_scratch)
    scratch_view_ = space.first(got.count);
  else
    kept_.added(got.count);
  return got;
}

void FlowLeg::consume(std::size_t count) {
  if (scratch_view_.empty()) {
    kept_.consume(count);
  } else {
    SLUICE_CHECK(count <= scratch_view_.size());
    scratch_view_ = scratch_view_.subspan(count);
  }
}

void FlowLeg::keep() {
  if (scratch_view_.empty()) return;
  kept_.append(scratch_view_);
  scratch_view_ = {};
}

Bytes FlowLeg::take_pending() {
  const ByteView left = pending();
  Bytes taken{left.begin(), left.end()};
  scratch_view_ = {};
  kept_.consume(kept_.size());
  return taken;
}

void FlowLeg::send(std::span<iovec> parts) {
  if (!is_open() || finished) return;
  if (!tls) {
    socket.send(parts);
    return;
  }
  // One record for many small views; large ones are encrypted from where they are.
  std::array<std::uint8_t, kTlsRecordBytes> gathered;
  std::size_t used = 0;
  for (const iovec& part : parts) {
    const ByteView view{static_cast<const std::uint8_t*>(part.iov_base), part.iov_len};
    if (used + view.size() > gathered.size() && used > 0) {
      tls->send({gathered.data(), used});
      used = 0;
    }
    if (view.size() > gathered.size() || (parts.size() == 1)) {
      tls->send(view);
      continue;
    }
    std::memcpy(gathered.data() + used, view.data(), view.size());
    used += view.size();
  }
  if (used > 0) tls->send({gathered.data(), used});
}

void FlowLeg::start_handshake(std::unique_ptr<TlsStream> stream) {
  tls = std::move(stream);
  tls_may_have_bytes_ = true;
  state = State::kHandshaking;
}

void FlowLeg::handshake_done() {
  state = State::kOpen;
  tls_may_have_bytes_ = true;
}

void FlowLeg::finish_if_due() {
  if (!finish_wanted || finished || !is_open() || queued() > 0) return;
  if (tls && !notified_) {
    notified_ = true;
    tls->close_notify();
    if (queued() > 0) return;
  }
  finished = true;
  socket.shut_down_writing();
}

}  // namespace sluice::net
