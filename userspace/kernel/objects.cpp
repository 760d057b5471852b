// SPDX-License-Identifier: Apache-2.0
#include "kernel/objects.h"

#include <fcntl.h>
#include <sluice/abi/lsm.h>  // the skeletons of the LSM programs want it

#include <cerrno>
#include <cstdarg>
#include <cstdio>

// Generated C: not held to this project's warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "bpf/connect.skel.h"
#include "bpf/getpeername.skel.h"
#include "bpf/ingress.skel.h"
#include "bpf/lsm_canary.skel.h"
#include "bpf/lsm_cgroup_files.skel.h"
#include "bpf/lsm_families.skel.h"
#include "bpf/lsm_pins.skel.h"
#include "bpf/lsm_receive.skel.h"
#include "bpf/lsm_rings.skel.h"
#include "bpf/lsm_sockets.skel.h"
#include "bpf/lsm_tag.skel.h"
#include "bpf/lsm_tamper.skel.h"
#include "bpf/recvmsg.skel.h"
#include "bpf/sendmsg.skel.h"
#include "bpf/sock_create.skel.h"
#include "bpf/sock_release.skel.h"
#include "bpf/sockops.skel.h"
#include "bpf/unix.skel.h"
#pragma GCC diagnostic pop

#include "kernel/unix_hooks.h"

namespace sluice::kernel {
namespace {

// A verifier log can be megabytes; its end says why.
constexpr std::size_t kWarningsKept = 2000;

thread_local std::string* collecting = nullptr;

int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || collecting == nullptr) return 0;
  char line[1024];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  collecting->append(line);
  if (collecting->size() > kWarningsKept) collecting->erase(0, collecting->size() - kWarningsKept);
  return length;
}

template <auto Bytes>
ByteView elf() {
  size_t size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(Bytes(&size));
  return {bytes, size};
}

}  // namespace

LibbpfWarnings::LibbpfWarnings() : outer_(collecting) {
  libbpf_set_print(collect);
  collecting = &text_;
}
LibbpfWarnings::~LibbpfWarnings() { collecting = outer_; }

std::string LibbpfWarnings::last_lines() const {
  std::string lines = text_;
  while (!lines.empty() && lines.back() == '\n') lines.pop_back();
  return lines;
}

const std::vector<EmbeddedObject>& plane_objects() {
  static const std::vector<EmbeddedObject> objects{
      {"sockops", elf<sockops_bpf__elf_bytes>()},
      {"sock_release", elf<sock_release_bpf__elf_bytes>()},
      {"getpeername", elf<getpeername_bpf__elf_bytes>()},
      {"recvmsg", elf<recvmsg_bpf__elf_bytes>()},
      {"sock_create", elf<sock_create_bpf__elf_bytes>()},
      {"ingress", elf<ingress_bpf__elf_bytes>()},
      {"sendmsg", elf<sendmsg_bpf__elf_bytes>()},
      {"connect", elf<connect_bpf__elf_bytes>()},
  };
  return objects;
}

const EmbeddedObject& unix_object() {
  static const EmbeddedObject object{"unix", elf<unix_bpf__elf_bytes>()};
  return object;
}

const std::vector<LsmFamily>& lsm_families() {
  static const std::vector<LsmFamily> families{
      {{"lsm_tag", elf<lsm_tag_bpf__elf_bytes>()},
       "a task that leaves its run's cgroup is still known, and so are its children",
       {"sluice_lsm_task_alloc", "sluice_lsm_bprm_check", "sluice_lsm_socket_post_create"}},
      {{"lsm_sockets", elf<lsm_sockets_bpf__elf_bytes>()},
       "a socket made outside of a run, or used after leaving it, is refused",
       {"sluice_lsm_socket_connect", "sluice_lsm_socket_sendmsg", "sluice_lsm_socket_listen",
        "sluice_lsm_socket_accept", "sluice_lsm_socket_bind", "sluice_lsm_socket_setsockopt"}},
      {{"lsm_receive", elf<lsm_receive_bpf__elf_bytes>()},
       "a socket made outside of a run cannot be passed into it",
       {"sluice_lsm_file_receive"}},
      {{"lsm_families", elf<lsm_families_bpf__elf_bytes>()},
       "a run gets no sockets of other families (vsock, packet, ...)",
       {"sluice_lsm_socket_create"}},
      {{"lsm_cgroup_files", elf<lsm_cgroup_files_bpf__elf_bytes>()},
       "a run moves no task between cgroups, as root neither",
       {"sluice_lsm_file_open"}},
      {{"lsm_tamper", elf<lsm_tamper_bpf__elf_bytes>()},
       "a run neither traces who is outside of it, nor signals the daemon, nor calls bpf()",
       {"sluice_lsm_ptrace_access", "sluice_lsm_ptrace_traceme", "sluice_lsm_task_kill",
        "sluice_lsm_bpf"}},
      {{"lsm_pins", elf<lsm_pins_bpf__elf_bytes>()},
       "a run removes no pin and no mount that enforcement stands on",
       {"sluice_lsm_inode_unlink", "sluice_lsm_inode_rename", "sluice_lsm_sb_mount",
        "sluice_lsm_sb_umount", "sluice_lsm_move_mount"}},
      {{"lsm_rings", elf<lsm_rings_bpf__elf_bytes>()},
       "a run makes no user namespace and no io_uring that works outside of it",
       {"sluice_lsm_userns_create", "sluice_lsm_uring_sqpoll", "sluice_lsm_uring_creds"}},
  };
  return families;
}

const EmbeddedObject& lsm_canary_object() {
  static const EmbeddedObject object{"lsm_canary", elf<lsm_canary_bpf__elf_bytes>()};
  return object;
}

Result<BpfObject> open_object(const EmbeddedObject& object) {
  const LibbpfWarnings warnings;
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = object.name);
  BpfObject opened{bpf_object__open_mem(object.elf.data(), object.elf.size(), &options)};
  if (opened) set_unix_attach_types(opened.get());
  if (opened) return opened;
  return Error::sys(errno, std::string{"open the BPF object '"} + object.name + "' (" +
                               warnings.last_lines() + ")");
}

Result<void> load_object(bpf_object* object, const EmbeddedObject& from) {
  const LibbpfWarnings warnings;
  if (const int failed = bpf_object__load(object); failed != 0)
    return Error::sys(-failed, std::string{"load the BPF object '"} + from.name + "' (" +
                                   warnings.last_lines() + ")");
  return {};
}

Result<void> keep_maps(const bpf_object* object, MapsByName& maps) {
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string name = bpf_map__name(map);
    if (bpf_map__is_internal(map) || maps.contains(name)) continue;
    UniqueFd copy{::fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0)};
    if (!copy) return Error::sys(errno, "keep the map " + name);
    maps.emplace(name, std::move(copy));
  }
  return {};
}

}  // namespace sluice::kernel
