// SPDX-License-Identifier: Apache-2.0
#include "control/peer.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

// Linux 6.5; the C library of Debian 12 does not know it yet.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace sluice::control {
namespace {

// A user in more groups than this has the rest ignored: fewer rights, never more.
constexpr int kGroupsMax = 1024;
constexpr std::size_t kNameBufferMax = 1 << 20;

// Effective uid of a process, from /proc/PID/status; -1 where it cannot be read.
std::int64_t effective_uid(std::int32_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  std::string word;
  while (status >> word) {
    if (word == "Uid:") {
      std::int64_t real = -1, effective = -1;
      status >> real >> effective;
      return effective;
    }
  }
  return -1;
}

Result<UniqueFd> open_pidfd(int socket, std::int32_t pid, std::uint32_t uid) {
  int fd = -1;
  socklen_t size = sizeof fd;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0) return UniqueFd{fd};
  if (errno != ENOPROTOOPT) return Error::sys(errno, "ask for the caller's pidfd");
  // Before Linux 6.5: by number. The number may have changed hands since the connect; the check of
  // its user catches one that went to somebody else.
  UniqueFd opened{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!opened) return Error::sys(errno, "open the caller's pid " + std::to_string(pid));
  if (effective_uid(pid) != static_cast<std::int64_t>(uid))
    return Error{"pid " + std::to_string(pid) + " is not the process that connected"};
  return opened;
}

std::string group_name(gid_t gid) {
  std::vector<char> buffer(1024);
  for (;;) {
    group entry{};
    group* found = nullptr;
    const int code = ::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found);
    if (code == ERANGE && buffer.size() < kNameBufferMax) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    return found ? std::string{found->gr_name} : std::string{};
  }
}

}  // namespace

UserNames names_of_user(std::uint32_t uid) {
  std::vector<char> buffer(1024);
  passwd entry{};
  passwd* found = nullptr;
  for (;;) {
    const int code = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (code != ERANGE || buffer.size() >= kNameBufferMax) break;
    buffer.resize(buffer.size() * 2);
  }
  UserNames names;
  if (!found) {
    names.user = "#" + std::to_string(uid);
    return names;
  }
  names.user = found->pw_name;
  std::vector<gid_t> gids(kGroupsMax);
  int count = kGroupsMax;
  if (::getgrouplist(found->pw_name, found->pw_gid, gids.data(), &count) < 0) count = kGroupsMax;
  for (int i = 0; i < count; ++i)
    if (std::string name = group_name(gids[static_cast<std::size_t>(i)]); !name.empty())
      names.groups.push_back(std::move(name));
  return names;
}

Result<Peer> Peer::of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return Error::sys(errno, "ask who connected");
  if (credentials.pid <= 0)
    return Error{"the caller is in a pid namespace that the daemon cannot see into"};
  Peer peer;
  peer.uid_ = credentials.uid;
  peer.gid_ = credentials.gid;
  peer.pid_ = credentials.pid;
  SLUICE_TRY(peer.pidfd_, open_pidfd(socket, credentials.pid, credentials.uid));
  return peer;
}

bool Peer::gone() const {
  pollfd state{pidfd_.get(), POLLIN, 0};
  return ::poll(&state, 1, 0) != 0;
}

Result<Caller> Peer::caller(const CgroupMount& mount) const {
  auto cgroup = cgroup_of_process(mount, pid_);
  // After the reading: had it ended before, the number could have been somebody else's.
  if (gone()) return Error{"the process that connected has ended"};
  if (!cgroup) return cgroup.error().within("find the caller's cgroup");
  Caller caller;
  caller.uid = uid_;
  caller.gid = gid_;
  caller.pid = pid_;
  caller.pidfd = pidfd_.get();
  caller.cgroup_path = *std::move(cgroup);
  UserNames names = names_of_user(uid_);
  caller.user = std::move(names.user);
  caller.groups = std::move(names.groups);
  return caller;
}

}  // namespace sluice::control
