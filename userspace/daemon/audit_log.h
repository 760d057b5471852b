// SPDX-License-Identifier: Apache-2.0
// One JSON line for each event of the kernel: connections opened, passed direct, denied and closed.
// Lost events are counted by the gap in their sequence and said in a line of their own.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "kernel/events.h"

namespace sluice::daemon {

class AuditLog {
 public:
  // Opens the file for appending, mode 0640.
  static Result<AuditLog> open(const std::string& file, kernel::EventReader reader);

  int poll_fd() const { return reader_.poll_fd(); }
  // Writes what is there, one write(2) for the batch.
  Result<void> drain(const RunRegistry& runs, const PolicyHolder& policies, const Clock& clock);
  // A line for each connection that an enrolled process had before: found, and killed or kept.
  Result<void> write_found_open(const std::vector<FoundOpen>& found, const Clock& clock);
  std::uint64_t events() const { return events_; }
  std::uint64_t lost() const { return reader_.lost(); }

 private:
  AuditLog(UniqueFd file, std::string name, kernel::EventReader reader)
      : file_(std::move(file)), name_(std::move(name)), reader_(std::move(reader)) {}
  Result<void> write(const std::string& lines);

  UniqueFd file_;
  std::string name_;
  kernel::EventReader reader_;
  std::uint64_t events_ = 0;
  std::uint64_t lost_said_ = 0;
};

}  // namespace sluice::daemon
