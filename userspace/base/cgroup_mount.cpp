// SPDX-License-Identifier: Apache-2.0
#include "base/cgroup_mount.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace sluice {
namespace {

Result<std::string> read_proc_file(const std::string& path) {
  errno = 0;
  std::ifstream file{path};
  if (!file) return Error::sys(errno != 0 ? errno : EIO, "open '" + path + "'");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// mountinfo writes space, tab, newline and backslash as "\" and three octal digits.
std::string unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) &&
        is_octal(field[i + 2]) && is_octal(field[i + 3])) {
      out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                               (field[i + 3] - '0'));
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

}  // namespace

std::string CgroupMount::file_path(std::string_view below) const {
  return below == "/" ? path : path + std::string(below);
}

bool is_same_or_below(std::string_view ancestor, std::string_view cgroup) {
  if (ancestor == "/") return true;
  return cgroup.starts_with(ancestor) &&
         (cgroup.size() == ancestor.size() || cgroup[ancestor.size()] == '/');
}

Result<std::string> CgroupMount::below_mount(std::string_view printed) const {
  if (printed.empty() || printed[0] != '/' || !is_same_or_below(root, printed))
    return Error("cgroup '" + std::string(printed) + "' is not shown by the mount at " + path +
                 ", which begins at '" + root + "'");
  if (root == "/") return std::string(printed);
  const std::string_view rest = printed.substr(root.size());
  return rest.empty() ? std::string("/") : std::string(rest);
}

Result<CgroupMount> find_cgroup_mount_in(std::string_view mountinfo) {
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields{line};
    std::string skip, root, path, field;
    fields >> skip >> skip >> skip >> root >> path;
    // Optional fields end with a lone "-"; the file system type follows.
    while (fields >> field && field != "-") continue;
    std::string type;
    if (!(fields >> type) || type != "cgroup2") continue;
    return CgroupMount{unescape(path), unescape(root)};
  }
  return Error(
      "cgroup2 is not mounted; mount it with 'mount -t cgroup2 none /sys/fs/cgroup/unified' or "
      "boot with systemd.unified_cgroup_hierarchy=1");
}

Result<CgroupMount> find_cgroup_mount() {
  SLUICE_TRY(const std::string text, read_proc_file("/proc/self/mountinfo"));
  return find_cgroup_mount_in(text);
}

Result<std::string> cgroup_in(const CgroupMount& mount, std::string_view proc_cgroup) {
  std::size_t start = 0;
  while (start < proc_cgroup.size()) {
    const std::size_t end = std::min(proc_cgroup.find('\n', start), proc_cgroup.size());
    const std::string_view line = proc_cgroup.substr(start, end - start);
    if (line.starts_with("0::")) return mount.below_mount(line.substr(3));
    start = end + 1;
  }
  return Error("the process has no cgroup2 line; is the kernel built with CONFIG_CGROUPS?");
}

Result<std::string> cgroup_of_process(const CgroupMount& mount, pid_t pid) {
  SLUICE_TRY(const std::string text, read_proc_file("/proc/" + std::to_string(pid) + "/cgroup"));
  auto cgroup = cgroup_in(mount, text);
  if (!cgroup) return cgroup.error().within("cgroup of process " + std::to_string(pid));
  return cgroup;
}

}  // namespace sluice
