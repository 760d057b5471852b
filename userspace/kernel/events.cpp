// SPDX-License-Identifier: Apache-2.0
#include "kernel/events.h"

#include <bpf/bpf.h>
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
#include "kernel/ring.h"
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
      .subject = raw.subject,
      .pid = raw.pid,
      .task_start_ns = raw.task_start_ns,
      .executable = {.device = raw.executable_device, .inode = raw.executable_inode},
      .netns_cookie = raw.netns_cookie,
      .destination = endpoint_of(raw.destination, raw.destination_port),
      .unix_name = {},
      .ip_protocol = raw.ip_protocol,
      .verdict = *verdict,
      .denied_errno = static_cast<int>(raw.denied_errno),
      .reason = reason,
      .rule = raw.rule,
      .bytes_sent = raw.bytes_sent,
      .bytes_received = raw.bytes_received,
  };
}

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::size_t kBatchEvents = kBatchBytes / (sizeof(sluice_event) + 16);

// Zeros where the bytes are neither kind of record.
sluice_unix_event raw_of(ByteView bytes) {
  sluice_unix_event raw{};
  if (bytes.size() == sizeof raw.event || bytes.size() == sizeof raw)
    std::memcpy(&raw, bytes.data(), bytes.size());
  return raw;
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
  UniqueFd events, audited_map;
  std::optional<Ring> ring;
  std::map<std::uint32_t, SequenceRange> ranges;     // by CPU
  std::map<std::uint32_t, SequenceRange> unsettled;  // with those of the batch that is being read
  sluice_audited audited{};                          // as it is in the map

  Result<void> settle(const sluice_audited& now) {
    const __u32 zero = 0;
    if (bpf_map_update_elem(audited_map.get(), &zero, &now, BPF_ANY) != 0)
      return Error::sys(errno, "keep count of the kernel's events");
    audited = now;
    ranges = unsettled;
    ring->release();
    return {};
  }

  Result<void> read_batch(const std::function<Result<void>(ByteView)>& take, const Written& written,
                          sluice_audited& now) {
    SLUICE_TRY_VOID(ring->read(kBatchBytes, take));
    if (written) {
      SLUICE_TRY(now.lost, written(audited.lost));
    }
    now.position = ring->position();
    if (now.position == audited.position && now.lost == audited.lost) return {};
    return settle(now);
  }

  Result<void> take(ByteView bytes, const Consumer& consumer, sluice_audited& now) {
    const sluice_unix_event with_name = raw_of(bytes);
    const sluice_event& raw = with_name.event;
    auto event = understood(raw);
    if (!event || with_name.name_length > SLUICE_UNIX_NAME_MAX)
      return Error{"a kernel event of " + std::to_string(bytes.size()) + " bytes has kind " +
                   std::to_string(raw.kind) + ", verdict " + std::to_string(raw.verdict) +
                   ", reason " + std::to_string(raw.reason) + ", which mean nothing to this build"};
    event->unix_name.assign(reinterpret_cast<const char*>(with_name.name), with_name.name_length);
    consumer(*event);
    unsettled[event->cpu].add(event->sequence);
    ++now.events[raw.reason];
    return {};
  }
};

EventReader::EventReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventReader::EventReader(EventReader&&) noexcept = default;
EventReader& EventReader::operator=(EventReader&&) noexcept = default;
EventReader::~EventReader() = default;

Result<EventReader> EventReader::open(UniqueFd events, UniqueFd audited) {
  auto impl = std::make_unique<Impl>();
  impl->events = std::move(events);
  impl->audited_map = std::move(audited);
  SLUICE_TRY(Ring ring, Ring::open(impl->events.get()));
  impl->ring.emplace(std::move(ring));
  const __u32 zero = 0;
  if (bpf_map_lookup_elem(impl->audited_map.get(), &zero, &impl->audited) != 0)
    return Error::sys(errno, "read which kernel events are accounted for");
  SLUICE_TRY_VOID(impl->ring->skip_to(impl->audited.position));
  return EventReader{std::move(impl)};
}

int EventReader::poll_fd() const { return impl_->events.get(); }

Result<std::size_t> EventReader::drain(const Consumer& consumer, const Written& written) {
  std::size_t given = 0;
  std::size_t before = 0;
  do {
    before = given;
    sluice_audited now = impl_->audited;
    const auto count = [&](ByteView bytes) -> Result<void> {
      SLUICE_TRY_VOID(impl_->take(bytes, consumer, now));
      ++given;
      return {};
    };
    impl_->unsettled = impl_->ranges;
    Result<void> done;
    try {
      done = impl_->read_batch(count, written, now);
    } catch (const std::exception& thrown) {
      done = Error{std::string{"a kernel event could not be handled: "} + thrown.what()};
    }
    if (!done) {
      impl_->ring->rewind(impl_->audited.position);
      return done.error();
    }
  } while (given - before >= kBatchEvents);
  return given;
}

std::map<std::string, std::uint64_t> EventReader::audited() const {
  std::map<std::string, std::uint64_t> events;
  for (std::uint32_t reason = SLUICE_REASON_NONE + 1; reason < SLUICE_REASON_COUNT; ++reason)
    events[std::string{reason_name(reason)}] = impl_->audited.events[reason];
  return events;
}

std::uint64_t EventReader::lost() const {
  std::uint64_t lost = 0;
  for (const auto& [cpu, range] : impl_->ranges) lost += range.lost();
  return lost;
}

}  // namespace sluice::kernel
