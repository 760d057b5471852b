// SPDX-License-Identifier: Apache-2.0
// Cgroups below one root directory. Every path is opened beneath that directory without following a
// symbolic link or crossing a mount, so that no name can lead elsewhere.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/cgroup_mount.h"
#include "base/unique_fd.h"

namespace sluice::keeper {

// A path below the cgroup2 mount that this program is willing to name: absolute, no empty
// component, no "." or "..", only the characters that systemd and container runtimes use.
Result<void> check_cgroup_path(std::string_view path);
// "run-" and 16 lower-case hex digits.
bool is_run_id(std::string_view name);
std::string_view last_component(std::string_view path);
std::string_view parent_of(std::string_view path);  // "/" of "/a"

class CgroupTree {
 public:
  // `root_dir`: a directory of cgroup2; "" is the mount itself.
  static Result<CgroupTree> open(const std::string& root_dir);

  const CgroupMount& mount() const { return mount_; }
  const std::string& root() const { return root_; }  // below the mount

  // All take a path below the mount that is the root's own or below it.
  Result<UniqueFd> open_cgroup(std::string_view path) const;
  Result<std::uint64_t> id_of(std::string_view path) const;  // inode: what BPF calls the cgroup id
  Result<std::uint64_t> make(std::string_view path) const;   // one level; EEXIST where it is there
  Result<void> remove(std::string_view path) const;          // with empty cgroups below it
  Result<bool> populated(std::string_view path) const;       // a live process in it or below it
  Result<void> kill(std::string_view path) const;
  // Calls `look` with each process in it and below it, until it says false. False: not all were
  // seen.
  Result<bool> each_process(std::string_view path, const std::function<bool(pid_t)>& look) const;
  // The same on kernels before 5.14, which have no cgroup.kill; kill() falls back to it.
  Result<void> kill_while_frozen(std::string_view path) const;
  Result<void> move(std::string_view path, pid_t pid) const;

 private:
  CgroupTree() = default;
  Result<std::string> relative(std::string_view path) const;

  CgroupMount mount_;
  std::string root_;
  UniqueFd root_fd_;
};

// Writes `text` to the control file `name` of an open cgroup.
Result<void> write_control(int cgroup, const char* name, std::string_view text);
// The text of a control file, at most a few MiB of it.
Result<std::string> read_control(int cgroup, const char* name);

}  // namespace sluice::keeper
