// SPDX-License-Identifier: Apache-2.0
// The network namespaces that the processes of a run are in.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::keeper {

struct NamespaceOfProcess {
  std::uint64_t inode = 0;  // names the namespace for as long as it lives
  pid_t pid = 0;            // one of the processes in it
};

// One entry for each namespace other than our own that a process in or below the cgroup is in; at
// most `count_max`. A process that ends meanwhile is left out.
Result<std::vector<NamespaceOfProcess>> namespaces_of(const std::string& cgroup_directory,
                                                      std::size_t count_max);

}  // namespace sluice::keeper
