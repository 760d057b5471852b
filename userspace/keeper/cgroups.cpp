// SPDX-License-Identifier: Apache-2.0
#include "keeper/cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <vector>

#include "keeper/beneath.h"
#include "keeper/protocol.h"

namespace sluice::keeper {
namespace {

// An agent that runs as root may make cgroups of its own below its run; deeper or more than this is
// not cleaned up for it.
constexpr int kDepthMax = 32;
constexpr std::size_t kChildrenMax = 4096;
// cgroup.procs of a run is read whole; a run with more processes than this is killed in rounds.
constexpr std::size_t kControlBytesMax = 4U << 20;
constexpr int kKillRoundsMax = 64;

constexpr int kDirectory = O_RDONLY | O_DIRECTORY;

struct CloseDir {
  void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.:@\\+").find(c) != std::string_view::npos;
}

Result<std::vector<std::string>> children_of(int cgroup) {
  const int copy = ::openat(cgroup, ".", kDirectory | O_CLOEXEC);
  if (copy < 0) return Error::sys(errno, "list a cgroup");
  std::unique_ptr<DIR, CloseDir> dir{::fdopendir(copy)};
  if (!dir) {
    ::close(copy);
    return Error::sys(ENOMEM, "list a cgroup");
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name{entry->d_name};
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (names.size() == kChildrenMax)
      return Error::sys(E2BIG, "more than " + std::to_string(kChildrenMax) + " cgroups below one");
    names.push_back(name);
  }
  return names;
}

Result<void> remove_children(int cgroup, int depth) {
  if (depth == kDepthMax)
    return Error::sys(ELOOP, "cgroups nested deeper than " + std::to_string(kDepthMax));
  SLUICE_TRY(const auto names, children_of(cgroup));
  for (const std::string& name : names) {
    SLUICE_TRY(const UniqueFd child, open_beneath(cgroup, name, kDirectory, Mounts::kStay));
    SLUICE_TRY_VOID(remove_children(child.get(), depth + 1));
    if (::unlinkat(cgroup, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
      return Error::sys(errno, "remove the cgroup '" + name + "'");
  }
  return {};
}

// False: `look` said so, and the walk ended there.
Result<bool> walk_processes(int cgroup, int depth, const std::function<bool(pid_t)>& look) {
  if (depth == kDepthMax)
    return Error::sys(ELOOP, "cgroups nested deeper than " + std::to_string(kDepthMax));
  SLUICE_TRY(std::string procs, read_control(cgroup, "cgroup.procs"));
  procs.resize(procs.rfind('\n') + 1);  // a number that was cut would name another process
  const char* at = procs.data();
  const char* const end = at + procs.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [stop, failure] = std::from_chars(at, end, pid);
    // 0 stands for a process that this pid namespace does not show.
    if (failure == std::errc{} && pid > 0 && !look(pid)) return false;
    at = std::find(stop, end, '\n') + 1;
  }
  SLUICE_TRY(const auto names, children_of(cgroup));
  for (const std::string& name : names) {
    SLUICE_TRY(const UniqueFd child, open_beneath(cgroup, name, kDirectory, Mounts::kStay));
    SLUICE_TRY(const bool goes_on, walk_processes(child.get(), depth + 1, look));
    if (!goes_on) return false;
  }
  return true;
}

Result<std::size_t> signal_processes(int cgroup) {
  std::size_t signalled = 0;
  SLUICE_TRY_VOID(walk_processes(cgroup, 0, [&](pid_t pid) {
    if (::kill(pid, SIGKILL) == 0) ++signalled;
    return true;
  }));
  return signalled;
}

// Frozen first, so that nothing can fork between two looks at the list. A frozen
// process dies of SIGKILL all the same.
Result<void> kill_each(int cgroup) {
  const auto frozen = write_control(cgroup, "cgroup.freeze", "1");
  if (!frozen) return frozen.error();
  Result<void> outcome;
  for (int round = 0; round < kKillRoundsMax; ++round) {
    const auto signalled = signal_processes(cgroup);
    if (!signalled) outcome = signalled.error();
    if (!signalled || *signalled == 0) break;
  }
  const auto thawed = write_control(cgroup, "cgroup.freeze", "0");
  if (!outcome) return outcome;
  return thawed;
}

}  // namespace

bool is_run_id(std::string_view name) {
  return name.size() == 20 && name.starts_with("run-") &&
         name.find_first_not_of("0123456789abcdef", 4) == std::string_view::npos;
}

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? std::string_view("/") : path.substr(0, slash);
}

Result<void> check_cgroup_path(std::string_view path) {
  const auto bad = [&](const char* why) {
    return Error::sys(EINVAL, "cgroup path '" + std::string(path) + "' " + why);
  };
  if (path.empty() || path[0] != '/') return bad("does not begin with '/'");
  if (path.size() >= kPathBytesMax) return bad("is too long");
  std::size_t start = 1;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    if (name.empty() || name == "." || name == "..") return bad("has a component '', '.' or '..'");
    if (!std::all_of(name.begin(), name.end(), is_name_char))
      return Error::sys(EINVAL, "a cgroup path has a character that no cgroup here is named with");
    start = end + 1;
  }
  return {};
}

Result<std::string> read_control(int cgroup, const char* name) {
  const UniqueFd file{::openat(cgroup, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file) return Error::sys(errno, std::string("open ") + name);
  std::string text;
  char buffer[4096];
  while (text.size() < kControlBytesMax) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::sys(errno, std::string("read ") + name);
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

Result<void> write_control(int cgroup, const char* name, std::string_view text) {
  const UniqueFd file{::openat(cgroup, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file) return Error::sys(errno, std::string("open ") + name);
  ssize_t put = 0;
  do {
    put = ::write(file.get(), text.data(), text.size());
  } while (put < 0 && errno == EINTR);
  if (put != static_cast<ssize_t>(text.size()))
    return Error::sys(put < 0 ? errno : EIO, std::string("write ") + name);
  return {};
}

Result<CgroupTree> CgroupTree::open(const std::string& root_dir) {
  CgroupTree tree;
  SLUICE_TRY(tree.mount_, find_cgroup_mount());
  const std::string wanted = root_dir.empty() ? tree.mount_.path : root_dir;
  const std::unique_ptr<char, decltype(&::free)> real{::realpath(wanted.c_str(), nullptr), &::free};
  if (!real)
    return Error::sys(errno, "cgroup_root '" + wanted + "' (make it with mkdir, or name another)");
  const std::string path{real.get()};
  if (!is_same_or_below(tree.mount_.path, path))
    return Error("cgroup_root '" + wanted + "' is not below the cgroup2 mount at " +
                 tree.mount_.path);
  tree.root_ = path.size() == tree.mount_.path.size() ? "/" : path.substr(tree.mount_.path.size());
  if (tree.root_ != "/") SLUICE_TRY_VOID(check_cgroup_path(tree.root_));
  tree.root_fd_ = UniqueFd{::open(path.c_str(), kDirectory | O_CLOEXEC | O_NOFOLLOW)};
  if (!tree.root_fd_) return Error::sys(errno, "open cgroup_root '" + path + "'");
  struct statfs fs {};
  if (::fstatfs(tree.root_fd_.get(), &fs) != 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
    return Error("cgroup_root '" + path + "' is not a cgroup2 directory");
  return tree;
}

// The path as openat2 wants it: relative to the root directory, "." for the root itself.
Result<std::string> CgroupTree::relative(std::string_view path) const {
  if (path != "/") SLUICE_TRY_VOID(check_cgroup_path(path));
  if (!is_same_or_below(root_, path))
    return Error::sys(EPERM, "cgroup '" + std::string(path) + "' is not below '" + root_ + "'");
  const std::string_view rest = root_ == "/" ? path : path.substr(root_.size());
  return rest.size() <= 1 ? std::string(".") : std::string(rest.substr(1));
}

Result<UniqueFd> CgroupTree::open_cgroup(std::string_view path) const {
  SLUICE_TRY(const std::string name, relative(path));
  auto fd = open_beneath(root_fd_.get(), name, kDirectory, Mounts::kStay);
  if (!fd) return fd.error().within("cgroup '" + std::string(path) + "'");
  return fd;
}

Result<std::uint64_t> CgroupTree::id_of(std::string_view path) const {
  SLUICE_TRY(const UniqueFd fd, open_cgroup(path));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return Error::sys(errno, "cgroup '" + std::string(path) + "'");
  return std::uint64_t{status.st_ino};
}

Result<std::uint64_t> CgroupTree::make(std::string_view path) const {
  SLUICE_TRY_VOID(relative(path));
  SLUICE_TRY(const UniqueFd parent, open_cgroup(parent_of(path)));
  const std::string name{last_component(path)};
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0)
    return Error::sys(errno, "make the cgroup '" + std::string(path) + "'");
  return id_of(path);
}

Result<void> CgroupTree::remove(std::string_view path) const {
  SLUICE_TRY(const bool busy, populated(path));
  if (busy) return Error::sys(EBUSY, "cgroup '" + std::string(path) + "' still holds processes");
  {
    SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
    SLUICE_TRY_VOID(remove_children(cgroup.get(), 0));
  }
  SLUICE_TRY(const UniqueFd parent, open_cgroup(parent_of(path)));
  if (::unlinkat(parent.get(), std::string(last_component(path)).c_str(), AT_REMOVEDIR) != 0)
    return Error::sys(errno, "remove the cgroup '" + std::string(path) + "'");
  return {};
}

Result<bool> CgroupTree::populated(std::string_view path) const {
  SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
  SLUICE_TRY(const std::string events, read_control(cgroup.get(), "cgroup.events"));
  return events.find("populated 1") != std::string::npos;
}

Result<void> CgroupTree::kill(std::string_view path) const {
  SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
  auto killed = write_control(cgroup.get(), "cgroup.kill", "1");
  if (!killed && killed.error().code() == ENOENT) return kill_while_frozen(path);
  if (!killed) return killed.error().within("kill the processes of '" + std::string(path) + "'");
  return {};
}

Result<void> CgroupTree::kill_while_frozen(std::string_view path) const {
  SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
  const auto killed = kill_each(cgroup.get());
  if (!killed) return killed.error().within("kill the processes of '" + std::string(path) + "'");
  return {};
}

Result<bool> CgroupTree::each_process(std::string_view path,
                                      const std::function<bool(pid_t)>& look) const {
  SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
  return walk_processes(cgroup.get(), 0, look);
}

Result<void> CgroupTree::move(std::string_view path, pid_t pid) const {
  SLUICE_TRY(const UniqueFd cgroup, open_cgroup(path));
  auto moved = write_control(cgroup.get(), "cgroup.procs", std::to_string(pid));
  if (!moved)
    return moved.error().within("move process " + std::to_string(pid) + " to '" +
                                std::string(path) + "'");
  return {};
}

}  // namespace sluice::keeper
