// SPDX-License-Identifier: Apache-2.0
// The BPF LSM programs: tags on tasks and sockets, and what they decide by them. Separate objects,
// because a kernel may not have the layer; each object is a family that is there whole or not.
// Programs of this kind are not bound to a cgroup: the kernel calls them for every task.
#pragma once

#include <sluice/result.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/objects.h"
#include "kernel/pins.h"
#include "kernel/probe.h"

namespace sluice::kernel {

// The pins of the layer's links begin with this.
inline constexpr const char* kLsmLinkPrefix = "sluice_lsm_";

struct LsmFamilyState {
  std::string name;     // "lsm_sockets"
  bool active = false;  // attached, and seen to be called
  std::string why_not;  // "" where active
};

struct LsmState {
  bool active = false;  // every family is
  std::string why_not;  // why the layer as a whole was left out; "" where it was not
  std::vector<LsmFamilyState> families;
};

// Tells whether this kernel calls BPF LSM programs at all, by attaching one and waking it.
Result<void> calls_lsm_programs();

// Loads the families, attaches them, wakes each program once, and pins links, and the maps that
// only this layer has. `shared` has the maps of all objects. Where `works` says that the kernel
// does not call such programs, nothing is loaded, and the state says why. A layer that an earlier
// daemon left is renewed without a moment between: the new link is there before the old one goes;
// what cannot be renewed is an error, because going on would end what it holds.
Result<LsmState> attach_lsm_layer(const MapsByName& shared, const PinDirectory& pins,
                                  const std::function<Result<void>()>& works);

// Unpins what an earlier daemon left of it.
Result<void> detach_lsm_layer(const PinDirectory& pins);

// Processes of the daemon, which no run may signal. Those of an earlier one stay while they live.
// Nothing to do, and no error, where the layer is not there.
Result<void> guard_daemon(const std::string& pin_dir, const std::vector<pid_t>& processes);

// Adds the features of the layer, as the state has them, to what probe_without_lsm() found.
void add_lsm_features(std::vector<Feature>& features, const LsmState& state);

}  // namespace sluice::kernel
