// SPDX-License-Identifier: Apache-2.0
// What the programs for Unix sockets need of a kernel and a host.
#pragma once

#include <bpf/libbpf.h>
#include <sluice/result.h>

#include <cstdint>

namespace sluice::kernel {

// Whether connect(), sendto() and the names of Unix sockets have hooks (Linux 6.7). Tried, by
// loading a program that does nothing. Where not, the object "unix" is not loaded.
Result<void> has_unix_hooks();

// libbpf 1.1 does not know the sections of these programs: gives each its type.
void set_unix_attach_types(bpf_object* object);

// A view of the host's files, by which the programs tell whether a path means to a task what it
// means to the host: then nobody without root can make it mean something else.
struct HostView {
  std::uint64_t root_mount = 0;      // id of the mount that is the root
  std::uint64_t user_namespace = 0;  // inode
};
// That of process 1. Needs root and the right to look at that process, which not every host gives.
Result<HostView> host_view();
// The caller's own. Of a daemon of root it is as good for the tasks that share it; those that do
// not, the host's own among them where the daemon has mounts of its own, are then let go nowhere.
Result<HostView> own_view();

}  // namespace sluice::kernel
