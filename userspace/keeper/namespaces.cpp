// SPDX-License-Identifier: Apache-2.0
#include "keeper/namespaces.h"

#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <set>

#include "kernel/cgroup.h"

namespace sluice::keeper {

Result<std::vector<NamespaceOfProcess>> namespaces_of(const std::string& cgroup_directory,
                                                      std::size_t count_max) {
  struct stat own {};
  if (::stat("/proc/self/ns/net", &own) != 0)
    return Error::sys(errno, "look at our own network namespace");
  SLUICE_TRY(const std::set<pid_t> processes, kernel::cgroup_processes(cgroup_directory));
  std::map<std::uint64_t, pid_t> found;
  for (const pid_t process : processes) {
    struct stat status {};
    const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
    if (::stat(path.c_str(), &status) != 0 || status.st_ino == own.st_ino) continue;
    if (found.size() < count_max) found.emplace(status.st_ino, process);
  }
  std::vector<NamespaceOfProcess> namespaces;
  for (const auto& [inode, pid] : found) namespaces.push_back({inode, pid});
  return namespaces;
}

}  // namespace sluice::keeper
