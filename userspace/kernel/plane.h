// SPDX-License-Identifier: Apache-2.0
// The privileged side: loads the programs, attaches them to a cgroup by links, pins links and maps.
// Pinned, they go on when this process dies: what would be steered finds no listener and is
// refused. Needs CAP_BPF, CAP_NET_ADMIN and, for bpffs, CAP_SYS_ADMIN.
#pragma once

#include <sluice/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel/attachments.h"
#include "kernel/descriptors.h"
#include "kernel/lsm_layer.h"

namespace sluice::kernel {

struct PlaneOptions {
  std::string cgroup_root;  // an existing cgroup2 directory; tasks outside of it are never seen
  std::string
      pin_dir;  // made if missing, mode 0700; bpffs is mounted on its parent if none is there
  std::uint32_t run_capacity = 4096;
  std::uint32_t verdict_capacity = 1u << 20;  // takes memory only as it fills
  std::uint32_t flow_capacity = 65536;        // connections that the daemon has not accepted yet
  std::uint32_t query_capacity = 65536;       // resolvers that sockets ask at present
  // An earlier daemon's listeners stay in force: it lives and hands them over. Otherwise they are
  // forgotten, since the ports may be anybody's.
  bool keep_listeners = false;
  std::uint32_t event_bytes = 4u << 20;  // of the ring buffer; a power of two, at least a page
  // Whether the BPF LSM layer can be used here. Where it cannot, the plane goes on without it.
  std::function<Result<void>()> lsm_works = calls_lsm_programs;
};

// The number of the maps' layout: daemons of another one cannot share them.
std::uint32_t plane_layout();

class Plane {
 public:
  // Where an earlier daemon left pins of the same layout, its runs and verdicts are kept and each
  // link gets the new program in one step, so that there is no moment without enforcement. Pins of
  // another layout, or attached to another cgroup, are an error that says how to remove them.
  static Result<Plane> load(const PlaneOptions& options);

  // Unlinks every pin under `pin_dir`: enforcement ends here, unless a process still holds the
  // links. Nothing there is not an error.
  static Result<void> remove(const std::string& pin_dir);

  // Duplicates of the map descriptors, close-on-exec, for KernelMaps::adopt and EventReader::open.
  Result<MapDescriptors> descriptors() const;

  // The links as they stand, each held by a descriptor of its own: for Attachments.
  Result<std::vector<PinnedLink>> links() const;

  // Whether maps of an earlier daemon were found and kept.
  bool reused() const { return reused_; }

  // Where the BPF LSM layer is in force, no run may signal these processes of the daemon.
  static Result<void> guard(const std::string& pin_dir, const std::vector<pid_t>& processes);

  // What of the BPF LSM layer is in force, and why not the rest.
  const LsmState& lsm() const { return lsm_; }

 private:
  Plane(MapDescriptors maps, std::string pin_dir, bool reused, LsmState lsm)
      : maps_(std::move(maps)),
        pin_dir_(std::move(pin_dir)),
        reused_(reused),
        lsm_(std::move(lsm)) {}

  MapDescriptors maps_;
  std::string pin_dir_;
  bool reused_ = false;
  LsmState lsm_;
};

}  // namespace sluice::kernel
