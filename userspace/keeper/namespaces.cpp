// SPDX-License-Identifier: Apache-2.0
#include "keeper/namespaces.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "keeper/processes.h"
#include "keeper/protocol.h"

namespace sluice::keeper {
namespace {

// Looked at in one request, which all others wait for: some 30 ms.
constexpr std::size_t kProcessesMax = 16384;

std::string path_of(pid_t pid) { return "/proc/" + std::to_string(pid) + "/ns/net"; }

}  // namespace

Result<NetworkNamespace> namespace_of(int pidfd) {
  SLUICE_TRY(const pid_t pid, pid_of(pidfd));
  NetworkNamespace found;
  found.fd = UniqueFd{::open(path_of(pid).c_str(), O_RDONLY | O_CLOEXEC)};
  if (!found.fd) return Error::sys(errno, "open the network namespace of a process");
  struct stat status {};
  if (::fstat(found.fd.get(), &status) != 0)
    return Error::sys(errno, "look at the network namespace of a process");
  found.inode = status.st_ino;
  // If the pidfd still answers with it, the number meant this process all along.
  SLUICE_TRY_VOID(pid_of(pidfd));
  return found;
}

Result<std::uint64_t> own_namespace() {
  struct stat status {};
  if (::stat("/proc/self/ns/net", &status) != 0)
    return Error::sys(errno, "look at our own network namespace");
  return std::uint64_t{status.st_ino};
}

Result<Namespaces> namespaces_in(const CgroupTree& tree, std::string_view cgroup) {
  SLUICE_TRY(const std::uint64_t own, own_namespace());
  Namespaces found;
  std::size_t seen = 0;
  const auto look = [&](pid_t pid) {
    struct stat status {};
    if (++seen > kProcessesMax) return false;
    if (::stat(path_of(pid).c_str(), &status) != 0 || status.st_ino == own) return true;
    if (found.process_in.size() == kNamespacesMax && !found.process_in.contains(status.st_ino))
      return false;
    found.process_in.emplace(status.st_ino, pid);
    return true;
  };
  SLUICE_TRY(found.whole, tree.each_process(cgroup, look));
  return found;
}

}  // namespace sluice::keeper
