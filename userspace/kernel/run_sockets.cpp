// SPDX-License-Identifier: Apache-2.0
#include "kernel/run_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "kernel/cgroup.h"

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;

struct Belongings {
  std::set<std::uint64_t> cgroups;
  std::map<std::uint32_t, pid_t> holders;  // by the inode of a socket
};

// "socket:[1234]" is what a descriptor of a socket links to.
std::optional<std::uint32_t> socket_inode(const fs::path& descriptor) {
  std::error_code gone;
  const std::string target = fs::read_symlink(descriptor, gone).string();
  constexpr std::string_view kPrefix = "socket:[";
  if (gone || !target.starts_with(kPrefix)) return std::nullopt;
  return static_cast<std::uint32_t>(std::strtoul(target.c_str() + kPrefix.size(), nullptr, 10));
}

void add_sockets_of(pid_t process, std::map<std::uint32_t, pid_t>& holders) {
  std::error_code gone;  // processes end, and descriptors are closed, while this looks
  const fs::path directory = "/proc/" + std::to_string(process) + "/fd";
  for (fs::directory_iterator entry{directory, gone}, end; !gone && entry != end;
       entry.increment(gone))
    if (const auto inode = socket_inode(entry->path())) holders.emplace(*inode, process);
}

Result<Belongings> belongings_of(const std::string& cgroup_path, const std::set<pid_t>& processes) {
  Belongings belongings;
  SLUICE_TRY(belongings.cgroups, cgroup_subtree_ids(cgroup_path));
  for (const pid_t process : processes) add_sockets_of(process, belongings.holders);
  return belongings;
}

Result<void> visit_protocol(SockDiag& diag, std::uint8_t ip_protocol, const Belongings& belongings,
                            const VisitSocket& visit) {
  SLUICE_TRY(const auto sockets, diag.list(ip_protocol));
  for (const DiagSocket& socket : sockets) {
    const auto held =
        socket.inode == 0 ? belongings.holders.end() : belongings.holders.find(socket.inode);
    const bool is_held = held != belongings.holders.end();
    if (is_held || belongings.cgroups.contains(socket.cgroup_id))
      SLUICE_TRY_VOID(visit(diag, ip_protocol, socket, is_held ? held->second : 0));
  }
  return {};
}

Result<void> visit_this_namespace(const Belongings& belongings, const VisitSocket& visit) {
  SLUICE_TRY(SockDiag diag, SockDiag::open());
  SLUICE_TRY_VOID(visit_protocol(diag, IPPROTO_TCP, belongings, visit));
  return visit_protocol(diag, IPPROTO_UDP, belongings, visit);
}

// On a thread of its own, which ends with the namespace that it went into.
Result<void> visit_namespace(int network_namespace, const Belongings& belongings,
                             const VisitSocket& visit) {
  Result<void> result;
  std::thread visitor{[&] {
    if (::setns(network_namespace, CLONE_NEWNET) != 0)
      result = Error::sys(errno, "enter a network namespace of the run");
    else
      result = visit_this_namespace(belongings, visit);
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

Result<void> for_each_socket_of_run(const std::string& cgroup_path, const VisitSocket& visit) {
  SLUICE_TRY(const std::set<pid_t> processes, cgroup_processes(cgroup_path));
  SLUICE_TRY(const Belongings belongings, belongings_of(cgroup_path, processes));
  SLUICE_TRY_VOID(visit_this_namespace(belongings, visit));
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
    SLUICE_TRY_VOID(visit_namespace(other.get(), belongings, visit));
  }
  return {};
}

}  // namespace sluice::kernel
