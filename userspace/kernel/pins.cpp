// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;

// The place that every system mounts bpffs at; it is not ours to unmount.
constexpr const char* kCommonMount = "/sys/fs/bpf";

bool on_bpffs(const fs::path& path) {
  struct statfs file_system {};
  return ::statfs(path.c_str(), &file_system) == 0 && file_system.f_type == BPF_FS_MAGIC;
}

bool is_mount_point(const fs::path& path) {
  struct stat here {
  }, above{};
  return ::stat(path.c_str(), &here) == 0 && ::stat((path / "..").c_str(), &above) == 0 &&
         here.st_dev != above.st_dev;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator entry{directory, ignored}, end; !ignored && entry != end;
       entry.increment(ignored))
    names.push_back(entry->path().filename());
  return names;
}

// The kernel itself puts two iterators into every new bpffs (CONFIG_BPF_PRELOAD).
bool holds_only_the_kernels_own(const fs::path& directory) {
  for (const std::string& name : names_in(directory))
    if (name != "maps.debug" && name != "progs.debug") return false;
  return true;
}

Result<void> need_bpffs(const fs::path& parent) {
  if (on_bpffs(parent)) return {};
  std::error_code failed;
  fs::create_directories(parent, failed);
  if (failed) return Error::sys(failed.value(), "make the directory '" + parent.string() + "'");
  // sysfs offers an empty /sys/fs/bpf for this; in another directory a mount could hide files.
  if (!names_in(parent).empty())
    return Error{
        "'" + parent.string() +
        "' is not on bpffs, and not empty, so bpffs is not mounted over it; choose a pin_dir "
        "below /sys/fs/bpf"};
  if (::mount("bpf", parent.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
    return Error::sys(errno, "mount bpffs on '" + parent.string() + "'");
  return {};
}

Result<void> need_private_directory(const fs::path& path) {
  struct stat status {};
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return Error::sys(errno, "make the directory '" + path.string() +
                                 "' on bpffs (its name must be without dots)");
  if (::stat(path.c_str(), &status) != 0)
    return Error::sys(errno, "look at '" + path.string() + "'");
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0)
    return Error{
        "'" + path.string() +
        "' must be a directory of the daemon's user with mode 0700: who can write there can "
        "end the enforcement"};
  return {};
}

// To unlink a pin is enough to end its link, but some kernels end it later. Links of tracing
// programs cannot be detached.
void detach_all(const fs::path& links) {
  for (const std::string& name : names_in(links))
    if (const UniqueFd link{bpf_obj_get((links / name).c_str())}) (void)bpf_link_detach(link.get());
}

Result<void> unlink_all(const fs::path& directory) {
  for (const std::string& name : names_in(directory))
    if (::unlink((directory / name).c_str()) != 0)
      return Error::sys(errno, "unlink '" + (directory / name).string() + "'");
  if (::rmdir(directory.c_str()) != 0 && errno != ENOENT)
    return Error::sys(errno, "remove '" + directory.string() + "'");
  return {};
}

}  // namespace

Result<PinDirectory> PinDirectory::open(const std::string& text) {
  const fs::path path = fs::path{text}.lexically_normal();
  if (!path.is_absolute() || path == "/" || !path.has_filename())
    return Error{"pin_dir '" + text + "' must be an absolute path, without a slash at its end"};
  if (!on_bpffs(path)) SLUICE_TRY_VOID(need_bpffs(path.parent_path()));
  SLUICE_TRY_VOID(need_private_directory(path));
  UniqueFd lock{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error::sys(errno, "lock '" + path.string() + "' (another daemon may be starting there)");
  SLUICE_TRY_VOID(need_private_directory(path / "maps"));
  SLUICE_TRY_VOID(need_private_directory(path / "links"));
  return PinDirectory{path.string(), std::move(lock)};
}

std::vector<std::string> PinDirectory::map_names() const { return names_in(path_ + "/maps"); }
std::vector<std::string> PinDirectory::link_names() const { return names_in(path_ + "/links"); }

Result<void> PinDirectory::remove(const std::string& text) {
  const fs::path path = fs::path{text}.lexically_normal();
  if (!on_bpffs(path)) return {};
  detach_all(path / "links");
  SLUICE_TRY_VOID(unlink_all(path / "links"));
  SLUICE_TRY_VOID(unlink_all(path / "maps"));
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT)
    return Error::sys(errno, "remove '" + path.string() + "'");
  const fs::path parent = path.parent_path();
  if (parent != kCommonMount && is_mount_point(parent) && holds_only_the_kernels_own(parent) &&
      ::umount2(parent.c_str(), UMOUNT_NOFOLLOW) != 0)
    return Error::sys(errno, "unmount bpffs from '" + parent.string() + "'");
  return {};
}

}  // namespace sluice::kernel
