// SPDX-License-Identifier: Apache-2.0
// Where cgroup2 is mounted, and how the paths that the kernel prints relate to that mount. A path
// "below the mount" begins with '/', "/" being the mount itself; it is the form of
// Run::cgroup_path.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <string>
#include <string_view>

namespace sluice {

struct CgroupMount {
  std::string path;  // "/sys/fs/cgroup", without a trailing '/'
  std::string root;  // the cgroup that is mounted there; "/" unless it is a bind mount of a part

  // The file system path of a cgroup that is given below the mount.
  std::string file_path(std::string_view below_mount) const;
  // What /proc/PID/cgroup prints, as a path below the mount. An error where the mount does not show
  // that cgroup.
  Result<std::string> below_mount(std::string_view printed_by_kernel) const;
};

// The first cgroup2 mount of this process. Never assumes /sys/fs/cgroup: on a hybrid host it is
// /sys/fs/cgroup/unified.
Result<CgroupMount> find_cgroup_mount();
// The same over the text of a mountinfo file (proc(5)).
Result<CgroupMount> find_cgroup_mount_in(std::string_view mountinfo);

// The "0::" line of /proc/PID/cgroup, below the mount. The process may move at any time: whoever
// decides by it must hold the process by a pidfd and check afterwards.
Result<std::string> cgroup_of_process(const CgroupMount& mount, pid_t pid);
// The same over the text of a /proc/PID/cgroup file.
Result<std::string> cgroup_in(const CgroupMount& mount, std::string_view proc_cgroup);

// True where `cgroup` is `ancestor` or lies below it. Both below the mount.
bool is_same_or_below(std::string_view ancestor, std::string_view cgroup);

}  // namespace sluice
