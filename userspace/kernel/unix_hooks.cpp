// SPDX-License-Identifier: Apache-2.0
#include "kernel/unix_hooks.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/stat.h>

#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "kernel/objects.h"

namespace sluice::kernel {
namespace {

// What the headers of libbpf 1.1 do not name yet (enum bpf_attach_type of Linux 6.7).
constexpr std::pair<std::string_view, int> kAttachTypes[] = {
    {"cgroup/connect_unix", 49},
    {"cgroup/sendmsg_unix", 50},
    {"cgroup/getpeername_unix", 52},
    {"cgroup/getsockname_unix", 53},
};

Result<HostView> view_at(const std::string& root_path, const std::string& user_namespace_path) {
  struct statx root {};
  if (::statx(AT_FDCWD, root_path.c_str(), 0, STATX_BASIC_STATS | STATX_MNT_ID, &root) != 0)
    return Error::sys(errno, "look at " + root_path);
  if ((root.stx_mask & STATX_MNT_ID) == 0)
    return Error{"this kernel does not tell the id of the mount at " + root_path};
  // The programs know a task by the mount alone, so a directory below its root would not do.
  if ((root.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
    return Error{root_path + " is not the root of a mount"};
  struct stat user_namespace {};
  if (::stat(user_namespace_path.c_str(), &user_namespace) != 0)
    return Error::sys(errno, "look at " + user_namespace_path);
  return HostView{root.stx_mnt_id, user_namespace.st_ino};
}

}  // namespace

Result<void> has_unix_hooks() {
  const bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 1},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  for (const auto& [section, type] : kAttachTypes) {
    LIBBPF_OPTS(bpf_prog_load_opts, options,
                .expected_attach_type = static_cast<bpf_attach_type>(type));
    const UniqueFd program{bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sluice_probe",
                                         "Dual BSD/GPL", pass, std::size(pass), &options)};
    if (!program)
      return Error::sys(
          errno, "load a program for " + std::string{section} + " (Linux 6.7 or later has it)");
  }
  return {};
}

void set_unix_attach_types(bpf_object* object) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    for (const auto& [section, type] : kAttachTypes) {
      if (section != bpf_program__section_name(program)) continue;
      bpf_program__set_type(program, BPF_PROG_TYPE_CGROUP_SOCK_ADDR);
      bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(type));
    }
  }
}

Result<HostView> host_view() { return view_at("/proc/1/root/", "/proc/1/ns/user"); }

Result<HostView> own_view() { return view_at("/", "/proc/self/ns/user"); }

}  // namespace sluice::kernel
