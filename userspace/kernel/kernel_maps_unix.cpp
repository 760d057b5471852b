// SPDX-License-Identifier: Apache-2.0
// The maps of Unix sockets.
#include <bpf/bpf.h>
#include <sluice/abi/settings.h>
#include <sluice/abi/unix.h>
#include <sluice/abi/verdict.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "kernel/kernel_maps.h"
#include "kernel/map_keys.h"
#include "kernel/netns_cookie.h"

namespace sluice::kernel {
namespace {

__u32 kind_of(UnixVerdict verdict) {
  switch (verdict) {
    case UnixVerdict::kSteer: return SLUICE_VERDICT_STEER;
    case UnixVerdict::kDirect: return SLUICE_VERDICT_DIRECT;
    case UnixVerdict::kDeny: return SLUICE_VERDICT_DENY;
    case UnixVerdict::kOwn: return SLUICE_UNIX_OWN;
  }
  return SLUICE_VERDICT_NONE;
}

Result<void> check(const UnixVerdictEntry& entry) {
  if (entry.name.size() > SLUICE_UNIX_NAME_MAX)
    return Error{"verdict entry: the name of a Unix socket has " +
                 std::to_string(entry.name.size()) + " bytes; at most " +
                 std::to_string(SLUICE_UNIX_NAME_MAX) + " fit"};
  if (entry.verdict == UnixVerdict::kSteer && entry.name.empty())
    return Error{"verdict entry: only a named Unix socket can be steered"};
  if (entry.verdict == UnixVerdict::kOwn && !entry.name.empty())
    return Error{"verdict entry: 'own' is for Unix sockets without an entry"};
  if (entry.verdict == UnixVerdict::kDeny &&
      (entry.denied_errno <= 0 || entry.denied_errno > static_cast<int>(SLUICE_ERRNO_MAX)))
    return Error{"verdict entry: " + std::to_string(entry.denied_errno) +
                 " is no errno to deny with"};
  return {};
}

}  // namespace

Result<void> KernelMaps::set_unix_verdict(const UnixVerdictEntry& entry, InForce from) {
  SLUICE_TRY_VOID(check(entry));
  const std::lock_guard lock{mutex_};
  SLUICE_TRY(std::uint64_t epoch, setting(SLUICE_SETTING_EPOCH));
  if (from == InForce::kFromNextEpoch) ++epoch;
  sluice_unix_key key{};
  key.subject = entry.subject;
  key.epoch = static_cast<__u32>(epoch);
  key.length = static_cast<__u32>(entry.name.size());
  std::copy(entry.name.begin(), entry.name.end(), key.name);
  sluice_unix_verdict value{};
  value.kind = kind_of(entry.verdict);
  if (entry.verdict == UnixVerdict::kDeny)
    value.denied_errno = static_cast<__u32>(entry.denied_errno);
  value.rule = entry.rule;
  if (bpf_map_update_elem(fd(MapName::kUnixVerdicts), &key, &value, BPF_ANY) == 0) return {};
  return Error::sys(errno, errno == E2BIG
                               ? "set a verdict: the map of verdicts for Unix sockets is full"
                               : "set a verdict for a Unix socket");
}

Result<void> KernelMaps::drop_prepared_unix_verdicts() {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY(const std::uint64_t epoch, setting(SLUICE_SETTING_EPOCH));
  return drop_dead_unix_verdicts(epoch);
}

Result<void> KernelMaps::drop_dead_unix_verdicts(std::uint64_t epoch) {
  const int map = fd(MapName::kUnixVerdicts);
  SLUICE_TRY(const auto keys, keys_of<sluice_unix_key>(map));
  for (const sluice_unix_key& key : keys)
    if (key.epoch != static_cast<__u32>(epoch) && bpf_map_delete_elem(map, &key) != 0 &&
        errno != ENOENT)
      return Error::sys(errno, "drop a dead verdict for a Unix socket");
  return {};
}

Result<void> KernelMaps::drop_unix_verdicts_up_to(std::uint32_t subject) {
  const int map = fd(MapName::kUnixVerdicts);
  SLUICE_TRY(const auto keys, keys_of<sluice_unix_key>(map));
  for (const sluice_unix_key& key : keys)
    if (key.subject <= subject && bpf_map_delete_elem(map, &key) != 0 && errno != ENOENT)
      return Error::sys(errno, "drop an earlier daemon's verdict for a Unix socket");
  return {};
}

Result<void> KernelMaps::set_unix_listener(int listener_fd) {
  const int map = fd(MapName::kUnixListeners);
  if (listener_fd < 0) {
    SLUICE_TRY(const auto cookies, keys_of<std::uint64_t>(map));
    for (const std::uint64_t cookie : cookies)
      if (bpf_map_delete_elem(map, &cookie) != 0 && errno != ENOENT)
        return Error::sys(errno, "forget the listener for Unix sockets");
    return {};
  }
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener_fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return Error::sys(errno, "ask the listener for Unix sockets for its name");
  constexpr socklen_t kFamilyBytes = offsetof(sockaddr_un, sun_path);
  if (address.sun_family != AF_UNIX || size <= kFamilyBytes + 1 || address.sun_path[0] != '\0')
    return Error{"the listener for Unix sockets has no abstract name"};
  SLUICE_TRY(const std::uint64_t cookie, netns_cookie_of(listener_fd));
  sluice_unix_listener listener{};
  listener.length = size - kFamilyBytes;
  std::memcpy(listener.name, address.sun_path, listener.length);
  if (bpf_map_update_elem(map, &cookie, &listener, BPF_ANY) != 0)
    return Error::sys(errno, "set the listener for Unix sockets");
  return {};
}

// Asking for the name makes the program of getsockname() put the record on this end of the
// connection. A process outside of every run has none.
Result<UnixFlowRecord> KernelMaps::take_unix_record(int accepted_fd) {
  sockaddr_un own{};
  socklen_t size = sizeof own;
  if (::getsockname(accepted_fd, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    return Error::sys(errno, "ask an accepted connection for its name");
  sluice_unix_socket socket{};
  if (bpf_map_lookup_elem(fd(MapName::kUnixSockets), &accepted_fd, &socket) != 0)
    return Error::sys(errno, "find the record of a connection to a Unix socket");
  if (socket.about.kind != SLUICE_VERDICT_STEER || socket.asked.length == 0 ||
      socket.asked.length > SLUICE_UNIX_NAME_MAX)
    return Error{"the record of a connection to a Unix socket says that it was not steered"};
  UnixFlowRecord record;
  record.flow = socket.about.flow;
  record.cgroup_id = socket.about.cgroup_id;
  record.name.assign(reinterpret_cast<const char*>(socket.asked.name), socket.asked.length);
  record.pid = socket.about.pid;
  return record;
}

}  // namespace sluice::kernel
