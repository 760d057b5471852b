// SPDX-License-Identifier: Apache-2.0
// Which network namespaces processes are in.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "base/unique_fd.h"
#include "keeper/cgroups.h"

namespace sluice::keeper {

struct NetworkNamespace {
  UniqueFd fd;
  std::uint64_t inode = 0;  // names it for as long as it lives
};
// Of the main thread of the process behind the pidfd. ESRCH: it has ended.
Result<NetworkNamespace> namespace_of(int pidfd);
Result<std::uint64_t> own_namespace();

struct Namespaces {
  std::map<std::uint64_t, pid_t> process_in;  // by inode; our own is not among them
  bool whole = true;                          // every process and every namespace was looked at
};
// Of the processes in a cgroup and below it.
Result<Namespaces> namespaces_in(const CgroupTree& tree, std::string_view cgroup);

}  // namespace sluice::keeper
