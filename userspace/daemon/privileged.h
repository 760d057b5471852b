// SPDX-License-Identifier: Apache-2.0
// What is done as root before the split: directories, programs and pins, listeners, the control
// socket. What it leaves behind for the worker is descriptors.
#pragma once

#include <sluice/result.h>

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "control/config.h"
#include "kernel/descriptors.h"
#include "kernel/probe.h"
#include "kernel/steering_listener.h"

namespace sluice::daemon {

struct Prepared {
  std::vector<kernel::Feature> features;
  kernel::MapDescriptors maps;
  bool maps_reused = false;
  std::vector<UniqueFd> listeners;
  kernel::NamespaceListeners listening;  // in this namespace
  UniqueFd control_socket;
};

// Error: one sentence that says what is missing and what to do.
Result<Prepared> prepare_as_root(const control::Config& config);

}  // namespace sluice::daemon
