// SPDX-License-Identifier: Apache-2.0
// Who acts. A run is one life of an agent; its identity comes from the cgroup that the privileged
// side gave it (invariant 1), never from anything the agent says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

using RunId =
    std::string;  // "run-" and 16 hex digits; unique for the life of the host's state directory
using FlowId = std::uint64_t;  // unique within one daemon's life; the kernel's socket cookie
using TicketId = std::string;  // short and typeable: 8 characters of a-z2-7
using SessionId =
    std::string;  // "ses-" and 16 hex digits; unique for the life of the host's state directory

struct Run {
  RunId id;
  std::string agent;            // name in the policy
  std::uint64_t cgroup_id = 0;  // inode of the cgroup2 directory, as the kernel reports it
  std::string cgroup_path;      // below the cgroup2 mount, begins with '/'
  std::string
      launched_by;  // user name of the launcher, attested by SO_PEERCRED; "" for an enrolled cgroup
  std::string on_behalf_of;  // attested, see DESIGN invariant 2
  std::string task;          // free text from --task; shown and recorded, never judged
};

// Outermost run first, the acting run last. Never empty.
using Lineage = std::vector<Run>;

}  // namespace sluice
