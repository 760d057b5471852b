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

// The view of the host's files that process 1 has, by which the programs tell whether a path means
// to a task what it means to the host. Needs root.
struct HostView {
  std::uint64_t root_mount = 0;      // id of the mount that is its root
  std::uint64_t user_namespace = 0;  // inode
};
Result<HostView> host_view();

}  // namespace sluice::kernel
