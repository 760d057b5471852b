// SPDX-License-Identifier: Apache-2.0
#include "kernel/sock_destroy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>

#include "kernel/cgroup.h"
#include "kernel/sock_diag.h"

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;

struct Belongings {
  std::set<std::uint64_t> cgroups;
  std::set<std::uint32_t> inodes;  // of the sockets that its processes hold
};

// "socket:[1234]" is what a descriptor of a socket links to.
std::optional<std::uint32_t> socket_inode(const fs::path& descriptor) {
  std::error_code gone;
  const std::string target = fs::read_symlink(descriptor, gone).string();
  constexpr std::string_view kPrefix = "socket:[";
  if (gone || !target.starts_with(kPrefix)) return std::nullopt;
  return static_cast<std::uint32_t>(std::strtoul(target.c_str() + kPrefix.size(), nullptr, 10));
}

void add_sockets_of(pid_t process, std::set<std::uint32_t>& inodes) {
  std::error_code gone;  // processes end, and descriptors are closed, while this looks
  const fs::path directory = "/proc/" + std::to_string(process) + "/fd";
  for (fs::directory_iterator entry{directory, gone}, end; !gone && entry != end;
       entry.increment(gone))
    if (const auto inode = socket_inode(entry->path())) inodes.insert(*inode);
}

Result<Belongings> belongings_of(const std::string& cgroup_path, const std::set<pid_t>& processes) {
  Belongings belongings;
  SLUICE_TRY(belongings.cgroups, cgroup_subtree_ids(cgroup_path));
  for (const pid_t process : processes) add_sockets_of(process, belongings.inodes);
  return belongings;
}

Result<std::size_t> destroy_here(SockDiag& diag, std::uint8_t ip_protocol,
                                 const Belongings& belongings) {
  std::size_t destroyed = 0;
  SLUICE_TRY(const auto sockets, diag.list(ip_protocol));
  for (const DiagSocket& socket : sockets) {
    if (!belongings.cgroups.contains(socket.cgroup_id) &&
        (socket.inode == 0 || !belongings.inodes.contains(socket.inode)))
      continue;
    SLUICE_TRY(const bool was_there, diag.destroy(ip_protocol, socket));
    destroyed += was_there ? 1 : 0;
  }
  return destroyed;
}

Result<DestroyedSockets> destroy_in_this_namespace(const Belongings& belongings) {
  SLUICE_TRY(SockDiag diag, SockDiag::open());
  DestroyedSockets destroyed;
  SLUICE_TRY(destroyed.tcp, destroy_here(diag, IPPROTO_TCP, belongings));
  SLUICE_TRY(destroyed.udp, destroy_here(diag, IPPROTO_UDP, belongings));
  return destroyed;
}

// On a thread of its own, which ends with the namespace that it went into.
Result<DestroyedSockets> destroy_in_namespace(int network_namespace, const Belongings& belongings) {
  Result<DestroyedSockets> result = DestroyedSockets{};
  std::thread visitor{[&] {
    if (::setns(network_namespace, CLONE_NEWNET) != 0)
      result = Error::sys(errno, "enter a network namespace of the run");
    else
      result = destroy_in_this_namespace(belongings);
  }};
  visitor.join();
  return result;
}

struct NamespaceIdentity {
  dev_t device;
  ino_t inode;
  auto operator<=>(const NamespaceIdentity&) const = default;
};

std::optional<NamespaceIdentity> identity_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  return NamespaceIdentity{status.st_dev, status.st_ino};
}

}  // namespace

Result<DestroyedSockets> destroy_sockets_of_run(const std::string& cgroup_path) {
  SLUICE_TRY(const std::set<pid_t> processes, cgroup_processes(cgroup_path));
  SLUICE_TRY(const Belongings belongings, belongings_of(cgroup_path, processes));
  SLUICE_TRY(DestroyedSockets all, destroy_in_this_namespace(belongings));
  const UniqueFd own{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!own) return Error::sys(errno, "open /proc/self/ns/net");
  std::set<NamespaceIdentity> visited;
  if (const auto identity = identity_of(own.get())) visited.insert(*identity);
  for (const pid_t process : processes) {
    const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
    const UniqueFd other{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!other && (errno == ENOENT || errno == ESRCH)) continue;  // it has ended
    if (!other) return Error::sys(errno, "open '" + path + "'");
    const auto identity = identity_of(other.get());
    if (!identity || !visited.insert(*identity).second) continue;
    SLUICE_TRY(const DestroyedSockets there, destroy_in_namespace(other.get(), belongings));
    all.tcp += there.tcp;
    all.udp += there.udp;
  }
  return all;
}

}  // namespace sluice::kernel
