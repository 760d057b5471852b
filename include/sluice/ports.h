// SPDX-License-Identifier: Apache-2.0
// What the middle of the program needs from the outside world, as interfaces. record/, approval/,
// kernel/ ... implement them; daemon/wire.cpp joins them; tests pass fakes. All are called from any
// worker thread unless said otherwise.
#pragma once

#include <sluice/event.h>
#include <sluice/flow.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice {

// One session's recording. Used by one thread at a time.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;
  // Encodes and chains; nothing is durable yet. Cheap.
  virtual Result<void> append(WallTime at, const Event& event) = 0;
  // All that was appended survives the death of this process when this returns without an error.
  virtual Result<void> commit() = 0;
  // Seals the session: its head goes into the host's chain. No append after it.
  virtual Result<void> close() = 0;
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  // Writes and commits the opening, so that no session can exist without a trace.
  virtual Result<std::unique_ptr<SessionWriter>> open(WallTime at, const SessionOpened& opened) = 0;
};

// Where held statements wait for people. The answer comes exactly once, on any thread.
class Approvals {
 public:
  using Answer = std::function<void(const Decision&)>;
  virtual ~Approvals() = default;
  virtual Result<void> ask(const Ask& ask, const SessionId& session, Answer answer) = 0;
  // No answer is delivered after withdraw() returned. Asking for one that is already decided is not
  // an error.
  virtual void withdraw(const TicketId& ticket, const std::string& reason) = 0;
  // For the people who decide: how many rows the statement would touch, as far as the planner
  // knows. Of a ticket that is not pending: nothing.
  virtual void note_rows(const TicketId& ticket, std::uint64_t rows) = 0;
};

// What the kernel knows of an accepted connection.
struct FlowRecord {
  FlowId flow = 0;              // socket cookie
  std::uint64_t cgroup_id = 0;  // of the deepest run above the connecting task
  Endpoint agent_address;
  Endpoint original_destination;
  std::uint32_t pid = 0;  // thread group id, initial pid namespace; for people, never for a verdict
};

enum class ConnectVerdict : std::uint8_t { kSteer, kDirect, kDeny };

// One entry of the kernel's verdict map. `subject` names a lineage of agents; see
// kernel/subjects.h.
struct VerdictEntry {
  std::uint32_t subject = 0;
  IpAddress network{};
  std::uint8_t prefix_length = 128;  // of the 128-bit form
  std::uint16_t port = 0;            // host order; 0 = any
  std::uint8_t ip_protocol = 6;      // IPPROTO_TCP or IPPROTO_UDP
  ConnectVerdict verdict = ConnectVerdict::kDeny;
  int denied_errno = 0;           // for kDeny: what connect() returns
  std::uint32_t rule = 0;         // number of the rule, for counters and events
  std::uint64_t lifetime_ns = 0;  // 0 = until the epoch changes
};

class KernelPlane {
 public:
  virtual ~KernelPlane() = default;
  // Looks the accepted connection up by its netns cookie and peer address, and deletes the record:
  // one use only.
  virtual Result<FlowRecord> take_flow_record(int accepted_fd) = 0;
  // From now on tasks under the cgroup are a run of `subject`. A revoked run is refused every
  // connect.
  virtual Result<void> add_run(std::uint64_t cgroup_id, std::uint32_t subject) = 0;
  virtual Result<void> revoke_run(std::uint64_t cgroup_id) = 0;
  virtual Result<void> remove_run(std::uint64_t cgroup_id) = 0;
  virtual Result<void> set_verdict(const VerdictEntry& entry) = 0;
  // Every entry written before is dead from here on: they count as a miss.
  virtual Result<void> next_epoch() = 0;
  // Numbers of the rules whose decisions in the kernel are counted.
  virtual Result<void> count_rules(const std::set<std::uint32_t>& rules) = 0;
};

}  // namespace sluice
