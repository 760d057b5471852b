// SPDX-License-Identifier: Apache-2.0
// Reads the programs' events through inherited descriptors; needs no capability. One thread at a
// time, and one reader per ring buffer.
#pragma once

#include <sluice/identity.h>
#include <sluice/ports.h>
#include <sluice/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::kernel {

enum class KernelEventKind : std::uint8_t { kOpened = 1, kDirect = 2, kDenied = 3, kClosed = 4 };
std::string_view name_of(KernelEventKind kind);

struct KernelEvent {
  KernelEventKind kind = KernelEventKind::kDenied;
  std::uint32_t cpu = 0;
  std::uint64_t sequence = 0;      // on that CPU
  std::uint64_t time_ns = 0;       // CLOCK_MONOTONIC
  FlowId flow = 0;                 // 0 for a refused socket()
  std::uint64_t cgroup_id = 0;     // of the deepest run above the task
  std::uint64_t netns_cookie = 0;  // of the socket
  std::uint32_t subject = 0;
  std::uint32_t pid = 0;            // thread group id, initial pid namespace
  std::uint64_t task_start_ns = 0;  // CLOCK_BOOTTIME
  Endpoint destination;             // as the agent named it
  std::uint8_t ip_protocol = 0;
  ConnectVerdict verdict = ConnectVerdict::kDeny;
  int denied_errno = 0;     // what the caller was told; 0 where nothing was refused
  std::string_view reason;  // "revoked"; lives for ever
  std::uint32_t rule = 0;
  std::uint64_t bytes_sent = 0;  // kClosed, TCP: payload
  std::uint64_t bytes_received = 0;
};

class EventReader {
 public:
  using Consumer = std::function<void(const KernelEvent&)>;

  // Takes the descriptor of the map kEvents. Reads on where an earlier reader stopped.
  static Result<EventReader> open(UniqueFd events);

  EventReader(EventReader&&) noexcept;
  EventReader& operator=(EventReader&&) noexcept;
  ~EventReader();

  int poll_fd() const;  // readable (epoll, poll) when there is something to drain; owned by this
  // Gives every event that is there. Returns how many. An event that cannot be understood is an
  // error: program and reader are of different builds.
  Result<std::size_t> drain(const Consumer& consumer);

  // Numbers that no event came with so far, over all CPUs: 0 when every connection is accounted
  // for. Right once drain() has returned and no hook is running.
  std::uint64_t lost() const;

 private:
  struct Impl;
  explicit EventReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kernel
