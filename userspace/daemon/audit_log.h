// SPDX-License-Identifier: Apache-2.0
// One JSON line for each event of the kernel: connections opened, passed direct, denied and closed.
// Lost events are counted by the gap in their sequence and said in a line of their own.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/rule_ids.h"
#include "daemon/run_registry.h"
#include "kernel/events.h"
#include "kernel/kernel_maps.h"

namespace sluice::daemon {

class AuditLog {
 public:
  using Observer = std::function<void(const kernel::KernelEvent&)>;
  // Opens the file for appending, mode 0640. `also` is given each event, on the thread that drains.
  static Result<AuditLog> open(const std::string& file, kernel::EventReader reader, Observer also);

  int poll_fd() const { return reader_.poll_fd(); }
  // Writes what is there, one write(2) for each batch, then settles it with the kernel. A line is
  // there twice where a daemon died between the two: same cpu, same sequence. Any thread.
  Result<void> drain(const RunRegistry& runs, const RuleIds& rules,
                     const kernel::KernelMaps& kernel, const Clock& clock);
  // By reason, since the kernel's maps were made; by earlier daemons too. Any thread.
  std::map<std::string, std::uint64_t> audited() const;
  // A line for each connection that an enrolled process had before: found, and killed or kept.
  Result<void> write_found_open(const std::vector<FoundOpen>& found, const Clock& clock);
  // Whole lines that did not come from the kernel. Any thread.
  Result<void> append(const std::string& lines);

 private:
  AuditLog(UniqueFd file, std::string name, kernel::EventReader reader, Observer also)
      : file_(std::move(file)),
        name_(std::move(name)),
        reader_(std::move(reader)),
        also_(std::move(also)) {}
  Result<void> write(const std::string& lines);

  UniqueFd file_;
  std::string name_;
  kernel::EventReader reader_;
  Observer also_;
  std::unique_ptr<std::mutex> mutex_ =
      std::make_unique<std::mutex>();  // guards the reader and the file
};

}  // namespace sluice::daemon
