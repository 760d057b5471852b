// SPDX-License-Identifier: Apache-2.0
// The cgroup2 tree, as files. Reading it needs no capability.
#pragma once

#include <sys/types.h>

#include <sluice/result.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace sluice::kernel {

// Inode of a cgroup directory: what the kernel calls its id. An error for what is not on cgroup2.
Result<std::uint64_t> cgroup_id_of(const std::string& directory);

// How deep the cgroup with this id lies below `mount` (0). Error code ENOENT if there is none.
Result<std::uint32_t> cgroup_level_of(const std::string& mount, std::uint64_t cgroup_id);

// Id and level of every cgroup below `mount` and of itself (0).
Result<std::map<std::uint64_t, std::uint32_t>> cgroup_levels(const std::string& mount);

// Ids of `directory` and of everything below it.
Result<std::set<std::uint64_t>> cgroup_subtree_ids(const std::string& directory);

// Processes in `directory` and below it.
Result<std::set<pid_t>> cgroup_processes(const std::string& directory);

}  // namespace sluice::kernel
