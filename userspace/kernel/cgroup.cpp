// SPDX-License-Identifier: Apache-2.0
#include "kernel/cgroup.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;

// Calls `visit` for `directory` (depth 0) and all below it until it returns false. What vanishes on
// the way is passed over.
void walk(const fs::path& directory, std::uint32_t depth,
          const std::function<bool(const fs::path&, std::uint32_t, std::uint64_t)>& visit,
          bool& go_on) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return;
  go_on = visit(directory, depth, status.st_ino);
  std::error_code ignored;
  for (fs::directory_iterator entry{directory, ignored}, end; go_on && !ignored && entry != end;
       entry.increment(ignored)) {
    std::error_code gone;
    if (entry->is_directory(gone) && !entry->is_symlink(gone))
      walk(entry->path(), depth + 1, visit, go_on);
  }
}

}  // namespace

Result<std::uint64_t> cgroup_id_of(const std::string& directory) {
  struct statfs file_system {};
  struct stat status {};
  if (::statfs(directory.c_str(), &file_system) != 0 || ::stat(directory.c_str(), &status) != 0)
    return Error::sys(errno, "look at the cgroup '" + directory + "'");
  if (file_system.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(status.st_mode))
    return Error{"'" + directory + "' is no cgroup: it is not a directory of the cgroup2 tree"};
  return std::uint64_t{status.st_ino};
}

Result<std::uint32_t> cgroup_level_of(const std::string& mount, std::uint64_t cgroup_id) {
  std::optional<std::uint32_t> level;
  bool go_on = true;
  walk(
      mount, 0,
      [&](const fs::path&, std::uint32_t depth, std::uint64_t id) {
        if (id == cgroup_id) level = depth;
        return !level;
      },
      go_on);
  if (level) return *level;
  return Error::sys(
      ENOENT, "find the cgroup with id " + std::to_string(cgroup_id) + " below '" + mount + "'");
}

Result<std::map<std::uint64_t, std::uint32_t>> cgroup_levels(const std::string& mount) {
  SLUICE_TRY([[maybe_unused]] auto id_of_mount, cgroup_id_of(mount));
  std::map<std::uint64_t, std::uint32_t> levels;
  bool go_on = true;
  walk(
      mount, 0,
      [&](const fs::path&, std::uint32_t depth, std::uint64_t id) {
        levels.emplace(id, depth);
        return true;
      },
      go_on);
  return levels;
}

Result<std::set<std::uint64_t>> cgroup_subtree_ids(const std::string& directory) {
  SLUICE_TRY(auto levels, cgroup_levels(directory));
  std::set<std::uint64_t> ids;
  for (const auto& [id, level] : levels) ids.insert(id);
  return ids;
}

Result<std::set<pid_t>> cgroup_processes(const std::string& directory) {
  SLUICE_TRY([[maybe_unused]] auto id, cgroup_id_of(directory));
  std::set<pid_t> processes;
  bool go_on = true;
  walk(
      directory, 0,
      [&](const fs::path& path, std::uint32_t, std::uint64_t) {
        std::ifstream list{path / "cgroup.procs"};
        for (pid_t pid = 0; list >> pid;) processes.insert(pid);
        return true;
      },
      go_on);
  return processes;
}

}  // namespace sluice::kernel
