// SPDX-License-Identifier: Apache-2.0
// What is done as root before the split: directories, programs and pins, listeners, the control
// socket. What it leaves behind for the worker is descriptors.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "control/config.h"
#include "keeper/hand_over.h"
#include "kernel/attachments.h"
#include "kernel/descriptors.h"
#include "kernel/probe.h"

namespace sluice::daemon {

struct Prepared {
  std::vector<kernel::Feature> features;
  kernel::MapDescriptors maps;
  std::vector<kernel::PinnedLink> links;
  bool maps_reused = false;
  std::vector<UniqueFd> listeners;  // TCP over IPv4 and IPv6, and one of an abstract Unix name
  std::vector<Endpoint> listening;  // where those for TCP are
  std::vector<UniqueFd> resolver_sockets;  // UDP; kernel::kResolverPorts for each address family
  UniqueFd control_socket;
  UniqueFd hand_over_socket;  // the keeper's
  UniqueFd predecessor;       // the channel to the daemon that this one takes over from
};

// Error: one sentence that says what is missing and what to do.
// With `replace`, a daemon that lives there gives its sockets, and its listeners stay in force.
Result<Prepared> prepare_as_root(const control::Config& config, bool replace);

keeper::Installation installation_of(const control::Config& config);

}  // namespace sluice::daemon
