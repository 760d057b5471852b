// SPDX-License-Identifier: Apache-2.0
// The kernel plane's part for Unix sockets. A name is the bytes that stand in sun_path: a path
// without its NUL, or an abstract name with its leading NUL; at most 108 bytes.
#pragma once

#include <sluice/identity.h>
#include <sluice/result.h>

#include <cstdint>
#include <string>

namespace sluice {

enum class UnixVerdict : std::uint8_t {
  kSteer,   // byte streams only
  kDirect,  // only for tasks that see the host's own files
  kDeny,
  kOwn  // only where `name` is "": peers of the same run, as far as the kernel can tell
};

// What the members of a lineage may do with the Unix socket of this name, typed exactly so.
struct UnixVerdictEntry {
  std::uint32_t subject = 0;  // see kernel/subjects.h
  std::string name;           // "" = every name without an entry
  UnixVerdict verdict = UnixVerdict::kDeny;
  int denied_errno = 0;  // for kDeny: what connect() returns
  std::uint32_t rule = 0;
};

// What the kernel knows of an accepted connection to a Unix socket. See FlowRecord.
struct UnixFlowRecord {
  FlowId flow = 0;
  std::uint64_t cgroup_id = 0;
  std::string name;  // as the agent typed it
  std::uint32_t pid = 0;
};

enum class InForce : std::uint8_t { kNow, kFromNextEpoch };

class UnixPlane {
 public:
  virtual ~UnixPlane() = default;
  // Names without any entry are refused.
  virtual Result<void> set_unix_verdict(const UnixVerdictEntry& entry, InForce from) = 0;
  // Forgets what was written for the next epoch.
  virtual Result<void> drop_prepared_unix_verdicts() = 0;
  virtual Result<UnixFlowRecord> take_unix_record(int accepted_fd) = 0;
};

}  // namespace sluice
