// SPDX-License-Identifier: Apache-2.0
#include "kernel/events.h"

#include <bpf/libbpf.h>
#include <sluice/abi/event.h>
#include <sluice/abi/verdict.h>
#include <sluice/bytes.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <map>
#include <optional>

#include "kernel/reasons.h"
#include "kernel/socket_address.h"

namespace sluice::kernel {
namespace {

std::optional<ConnectVerdict> verdict_of(__u32 kind) {
  switch (kind) {
    case SLUICE_VERDICT_STEER: return ConnectVerdict::kSteer;
    case SLUICE_VERDICT_DIRECT: return ConnectVerdict::kDirect;
    case SLUICE_VERDICT_DENY: return ConnectVerdict::kDeny;
    default: return std::nullopt;
  }
}

std::optional<KernelEvent> understood(const sluice_event& raw) {
  const auto verdict = verdict_of(raw.verdict);
  const std::string_view reason = reason_name(raw.reason);
  if (!verdict || reason.empty() || raw.kind < SLUICE_EVENT_OPENED ||
      raw.kind > SLUICE_EVENT_CLOSED)
    return std::nullopt;
  return KernelEvent{
      .kind = static_cast<KernelEventKind>(raw.kind),
      .cpu = raw.cpu,
      .sequence = raw.sequence,
      .time_ns = raw.time_ns,
      .flow = raw.flow,
      .cgroup_id = raw.cgroup_id,
      .netns_cookie = raw.netns_cookie,
      .subject = raw.subject,
      .pid = raw.pid,
      .task_start_ns = raw.task_start_ns,
      .destination = endpoint_of(raw.destination, raw.destination_port),
      .ip_protocol = raw.ip_protocol,
      .verdict = *verdict,
      .denied_errno = static_cast<int>(raw.denied_errno),
      .reason = reason,
      .rule = raw.rule,
      .bytes_sent = raw.bytes_sent,
      .bytes_received = raw.bytes_received,
  };
}

// Numbers of one CPU may come in another order, so what counts is how many of a range have come.
struct SequenceRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t received = 0;

  void add(std::uint64_t sequence) {
    first = received == 0 ? sequence : std::min(first, sequence);
    last = std::max(last, sequence);
    ++received;
  }
  std::uint64_t lost() const { return received == 0 ? 0 : last - first + 1 - received; }
};

}  // namespace

std::string_view name_of(KernelEventKind kind) {
  switch (kind) {
    case KernelEventKind::kOpened: return "opened";
    case KernelEventKind::kDirect: return "direct";
    case KernelEventKind::kDenied: return "denied";
    case KernelEventKind::kClosed: return "closed";
  }
  return "";
}

struct EventReader::Impl {
  UniqueFd map;
  std::unique_ptr<ring_buffer, void (*)(ring_buffer*)> ring{nullptr, ring_buffer__free};
  std::map<std::uint32_t, SequenceRange> ranges;  // by CPU
  const Consumer* consumer = nullptr;             // while draining
  std::size_t given = 0;
  std::optional<Error> failure;

  // Called by libbpf, through C: no exception may leave it.
  static int take(void* self, void* data, std::size_t size) noexcept {
    return static_cast<Impl*>(self)->take(ByteView{static_cast<const std::uint8_t*>(data), size});
  }

  int take(ByteView bytes) noexcept try {
    sluice_event raw{};
    if (bytes.size() != sizeof raw) {
      failure = Error{"a kernel event has " + std::to_string(bytes.size()) + " bytes instead of " +
                      std::to_string(sizeof raw)};
      return -EPROTO;
    }
    std::memcpy(&raw, bytes.data(), sizeof raw);
    const auto event = understood(raw);
    if (!event) {
      failure = Error{"a kernel event has kind " + std::to_string(raw.kind) + ", verdict " +
                      std::to_string(raw.verdict) + ", reason " + std::to_string(raw.reason) +
                      ", which mean nothing to this build"};
      return -EPROTO;
    }
    ranges[event->cpu].add(event->sequence);
    ++given;
    (*consumer)(*event);
    return 0;
  } catch (const std::exception& thrown) {
    failure = Error{std::string{"a kernel event could not be handled: "} + thrown.what()};
    return -ECANCELED;
  }
};

EventReader::EventReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventReader::EventReader(EventReader&&) noexcept = default;
EventReader& EventReader::operator=(EventReader&&) noexcept = default;
EventReader::~EventReader() = default;

Result<EventReader> EventReader::open(UniqueFd events) {
  auto impl = std::make_unique<Impl>();
  impl->map = std::move(events);
  impl->ring.reset(ring_buffer__new(impl->map.get(), &Impl::take, impl.get(), nullptr));
  if (!impl->ring) return Error::sys(errno, "map the ring buffer of kernel events");
  return EventReader{std::move(impl)};
}

int EventReader::poll_fd() const { return ring_buffer__epoll_fd(impl_->ring.get()); }

Result<std::size_t> EventReader::drain(const Consumer& consumer) {
  impl_->consumer = &consumer;
  impl_->given = 0;
  impl_->failure.reset();
  const int consumed = ring_buffer__consume(impl_->ring.get());
  impl_->consumer = nullptr;
  if (impl_->failure) return *impl_->failure;
  if (consumed < 0) return Error::sys(-consumed, "read kernel events");
  return impl_->given;
}

std::uint64_t EventReader::lost() const {
  std::uint64_t lost = 0;
  for (const auto& [cpu, range] : impl_->ranges) lost += range.lost();
  return lost;
}

}  // namespace sluice::kernel
