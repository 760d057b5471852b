// SPDX-License-Identifier: Apache-2.0
#include "kernel/unix_peers.h"

#include <bpf/bpf.h>
#include <sluice/abi/unix_peer.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;

struct MountPoint {
  fs::path at;           // in this mount namespace
  fs::path root;         // the directory of the file system that is seen there
  std::uint32_t device;  // major << 20 | minor
};

bool lies_in(const fs::path& path, const fs::path& directory) {
  const auto [rest, end] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return rest == directory.end() || (std::next(rest) == directory.end() && rest->empty());
}

// The mount that a path is seen through: the longest, and of those that cover
// one another the last.
std::optional<MountPoint> mount_of(const fs::path& path) {
  std::ifstream mounts{"/proc/self/mountinfo"};
  std::optional<MountPoint> found;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words{line};
    std::string id, parent, device, root, at;
    unsigned major = 0, minor = 0;
    if (!(words >> id >> parent >> device >> root >> at) ||
        std::sscanf(device.c_str(), "%u:%u", &major, &minor) != 2)
      continue;
    if (!lies_in(path, at)) continue;
    if (!found || found->at.native().size() <= at.size())
      found = MountPoint{at, root, major << 20 | minor};
  }
  return found;
}

// Nothing where the path has more names, or longer ones, than a key holds.
std::optional<sluice_unix_peer> key_of(const std::string& text) {
  std::error_code failed;
  const fs::path path = fs::weakly_canonical(text, failed);
  if (failed) return std::nullopt;
  const auto mount = mount_of(path);
  if (!mount) return std::nullopt;
  const fs::path inside =
      (mount->root / path.lexically_relative(mount->at)).lexically_normal().relative_path();
  std::vector<std::string> names;
  for (const fs::path& name : inside) names.push_back(name);
  sluice_unix_peer key{};
  if (names.empty() || names.size() > SLUICE_UNIX_PEER_DEPTH) return std::nullopt;
  key.device = mount->device;
  key.depth = static_cast<__u32>(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[names.size() - 1 - i];
    if (name.size() > SLUICE_UNIX_PEER_NAME - 2) return std::nullopt;
    std::memcpy(key.name[i], name.data(), name.size());
  }
  return key;
}

}  // namespace

std::vector<std::string> default_unix_peers() {
  return {"/run/systemd/resolve/io.systemd.Resolve",
          "/run/nscd/socket",
          "/run/nslcd/socket",
          "/dev/log",
          "/run/systemd/journal/dev-log",
          "/run/systemd/journal/socket",
          "/run/systemd/journal/stdout"};
}

Result<void> set_unix_peers(int map, const std::vector<std::string>& paths) {
  sluice_unix_peer key{};
  const __u32 there = 1;
  while (bpf_map_get_next_key(map, nullptr, &key) == 0)
    if (bpf_map_delete_elem(map, &key) != 0)
      return Error::sys(errno, "empty the map of Unix sockets that runs may reach");
  for (const std::string& path : paths) {
    const auto place = key_of(path);
    if (!place)
      return Error{"'" + path + "' cannot be a Unix socket that runs may reach: at most " +
                   std::to_string(SLUICE_UNIX_PEER_DEPTH) +
                   " names below its file system's root, " + "each of at most " +
                   std::to_string(SLUICE_UNIX_PEER_NAME - 2) + " bytes"};
    if (bpf_map_update_elem(map, &*place, &there, BPF_ANY) != 0)
      return Error::sys(errno, "let runs reach '" + path + "'");
  }
  return {};
}

}  // namespace sluice::kernel
