// SPDX-License-Identifier: Apache-2.0
// Reads the programs' events through inherited descriptors; needs no capability. One thread at a
// time, and one reader per ring buffer.
#pragma once

#include <sluice/identity.h>
#include <sluice/ports.h>
#include <sluice/result.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::kernel {

enum class KernelEventKind : std::uint8_t { kOpened = 1, kDirect = 2, kDenied = 3, kClosed = 4 };
std::string_view name_of(KernelEventKind kind);

// Names a file for as long as it is there.
struct FileId {
  std::uint32_t device = 0;  // major << 20 | minor
  std::uint64_t inode = 0;   // 0: none
  auto operator<=>(const FileId&) const = default;
};

struct KernelEvent {
  KernelEventKind kind = KernelEventKind::kDenied;
  std::uint32_t cpu = 0;
  std::uint64_t sequence = 0;   // on that CPU
  std::uint64_t time_ns = 0;    // CLOCK_MONOTONIC
  FlowId flow = 0;              // 0 for a refused socket()
  std::uint64_t cgroup_id = 0;  // of the deepest run above the task
  std::uint32_t subject = 0;
  std::uint32_t pid = 0;            // thread group id, initial pid namespace
  std::uint64_t task_start_ns = 0;  // CLOCK_BOOTTIME
  FileId executable;                // of the process, when it asked
  std::uint64_t netns_cookie = 0;   // of the socket's network namespace; 0: it asked for none
  Endpoint destination;             // as the agent named it
  std::string unix_name;            // not empty: a Unix socket, and `destination` is nothing
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

  // Makes durable what the consumer was given. Takes how many lost events were told of before,
  // returns how many now are.
  using Written = std::function<Result<std::uint64_t>(std::uint64_t)>;

  // Takes the descriptors of the maps kEvents and kAudited. Goes on behind the last batch that an
  // earlier reader settled.
  static Result<EventReader> open(UniqueFd events, UniqueFd audited);
  EventReader(EventReader&&) noexcept;
  EventReader& operator=(EventReader&&) noexcept;
  ~EventReader();

  // Readable while events wait. The programs wake its poller only when much is waiting: look
  // every 100 ms.
  int poll_fd() const;
  // Gives every waiting event to `consumer`, then calls `written`, then settles the batch in the
  // pinned map. After an error, or a death in between, the batch is given again: an event is
  // counted once, and may be written twice. Returns how many were given.
  Result<std::size_t> drain(const Consumer& consumer, const Written& written = {});
  // Events that were settled since the maps were made, by reason; by earlier daemons too.
  std::map<std::string, std::uint64_t> audited() const;
  // Numbers that no event came with so far, over all CPUs: 0 when every connection is accounted
  // for. Right once drain() has returned and no hook is running.
  std::uint64_t lost() const;

 private:
  struct Impl;
  explicit EventReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kernel
