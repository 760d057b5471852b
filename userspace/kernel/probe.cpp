// SPDX-License-Identifier: Apache-2.0
#include "kernel/probe.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sluice/result.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "base/cgroup_mount.h"
#include "base/unique_fd.h"
#include "kernel/cgroup.h"
#include "kernel/objects.h"
#include "kernel/sock_diag.h"

namespace sluice::kernel {
namespace {

// What libbpf 1.1's headers do not name yet (kernel 6.7).
constexpr auto kCgroupUnixConnect = static_cast<bpf_attach_type>(49);

Result<void> has_cgroup2() {
  SLUICE_TRY([[maybe_unused]] auto mount, find_cgroup_mount());
  return {};
}

Result<void> has_capabilities() {
  std::ifstream status{"/proc/self/status"};
  std::uint64_t effective = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) effective = std::stoull(line.substr(7), nullptr, 16);
  std::string missing;
  for (const auto& [bit, name] : {std::pair{CAP_BPF, "CAP_BPF"},
                                  {CAP_PERFMON, "CAP_PERFMON"},
                                  {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                  {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}})
    if (((effective >> bit) & 1) == 0) missing += (missing.empty() ? "" : ", ") + std::string{name};
  if (missing.empty()) return {};
  return Error{"this process lacks " + missing + "; run it as root, with these capabilities"};
}

Result<void> has_btf() {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0) return {};
  return Error::sys(errno,
                    "read /sys/kernel/btf/vmlinux; boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
}

Result<void> has_bpffs() {
  std::ifstream types{"/proc/filesystems"};
  for (std::string line; std::getline(types, line);)
    if (line == "nodev\tbpf") return {};
  return Error{"/proc/filesystems names no bpf; boot a kernel with CONFIG_BPF_SYSCALL=y"};
}

Result<void> makes_map(bpf_map_type type, const char* what) {
  const LibbpfWarnings warnings;
  const int found = libbpf_probe_bpf_map_type(type, nullptr);
  if (found > 0) return {};
  if (found < 0) return Error::sys(-found, std::string{"make a map of type "} + what);
  return Error{std::string{"the kernel refuses a map of type "} + what +
               "; it needs Linux 6.1 or later"};
}

// Loads one program of an object, with its maps, and lets it go again.
Result<void> loads(const EmbeddedObject& embedded, const std::string& program_name) {
  SLUICE_TRY(BpfObject object, open_object(embedded));
  bool found = false;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    const bool wanted = program_name == bpf_program__name(program);
    bpf_program__set_autoload(program, wanted);
    found = found || wanted;
  }
  if (!found) return Error{"this build has no program " + program_name};
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get())  // small ones: nothing will be put in
      if (!bpf_map__is_internal(map) && bpf_map__max_entries(map) > 4096)
          bpf_map__set_max_entries(map, 4096);
  return load_object(object.get(), embedded);
}

Result<void> calls_lsm_programs() {
  const EmbeddedObject& embedded = lsm_canary_object();
  SLUICE_TRY(BpfObject object, open_object(embedded));
  SLUICE_TRY_VOID(load_object(object.get(), embedded));
  const LibbpfWarnings warnings;
  BpfLink link{bpf_program__attach(bpf_object__next_program(object.get(), nullptr))};
  if (!link) return Error::sys(errno, "attach a BPF LSM program (" + warnings.last_lines() + ")");
  struct {
    __u64 awaited_thread, calls;
  } seen{};
  const int bss = bpf_object__find_map_fd_by_name(object.get(), ".bss");
  const __u32 zero = 0;
  seen.awaited_thread =
      (static_cast<__u64>(::getpid()) << 32) | static_cast<__u32>(::syscall(SYS_gettid));
  if (bss < 0 || bpf_map_update_elem(bss, &zero, &seen, BPF_ANY) != 0)
    return Error::sys(errno, "arm the BPF LSM canary");
  const UniqueFd watched{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (bpf_map_lookup_elem(bss, &zero, &seen) != 0) return Error::sys(errno, "read the canary");
  if (seen.calls != 0) return {};
  return Error{
      "BPF LSM programs attach but are never called; add bpf to the kernel's lsm= argument"};
}

Result<void> has_unix_hooks() {
  const bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 1},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = kCgroupUnixConnect);
  const UniqueFd program{bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sluice_probe",
                                       "Dual BSD/GPL", pass, std::size(pass), &options)};
  if (program) return {};
  return Error::sys(errno, "load a program for connect() of Unix sockets (Linux 6.7 or later)");
}

Result<UniqueFd> loopback_listener(sockaddr_in& address) {
  UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (!listener || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return Error::sys(errno, "open a socket on 127.0.0.1");
  return listener;
}

// On a bound socket of its own that nobody else uses.
Result<void> destroys_sockets() {
  sockaddr_in address{};
  SLUICE_TRY(const UniqueFd socket, loopback_listener(address));
  if (::listen(socket.get(), 1) != 0) return Error::sys(errno, "listen on 127.0.0.1");
  SLUICE_TRY(SockDiag diag, SockDiag::open());
  SLUICE_TRY(const auto sockets, diag.list(IPPROTO_TCP));
  for (const DiagSocket& found : sockets) {
    if (found.family != AF_INET || found.id.idiag_sport != address.sin_port ||
        found.id.idiag_dport != 0)
      continue;
    SLUICE_TRY(const bool destroyed, diag.destroy(IPPROTO_TCP, found));
    if (destroyed) return {};
  }
  return Error{"a socket could not be found again in the kernel's socket table"};
}

Feature tried(Feature feature, const Result<void>& outcome) {
  feature.held = outcome.ok();
  if (!outcome) feature.why_not = outcome.error().text();
  return feature;
}

Feature tried_program(const char* object, const std::string& program, const char* gives) {
  const auto& objects = plane_objects();
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const EmbeddedObject& o) {
    return std::string_view{o.name} == object;
  });
  Feature feature{.id = program,
                  .gives = gives,
                  .required = true,
                  .held = false,
                  .mechanism = "loaded the program",
                  .why_not = {}};
  if (found == objects.end()) return tried(feature, Error{"this build has no such program"});
  return tried(feature, loads(*found, "sluice_" + program));
}

}  // namespace

std::vector<Feature> probe() {
  std::vector<Feature> features;
  const auto add = [&](const char* id, const char* gives, bool required, const char* mechanism,
                       const Result<void>& outcome) {
    features.push_back(tried({id, gives, required, false, mechanism, {}}, outcome));
  };
  add("cgroup2", "a run is known by its cgroup", true, "/proc/self/mountinfo", has_cgroup2());
  add("capabilities", "programs can be loaded and attached", true, "CapEff in /proc/self/status",
      has_capabilities());
  add("btf", "programs fit this kernel's structs", true, "/sys/kernel/btf/vmlinux", has_btf());
  add("bpffs", "enforcement outlives the daemon", true, "/proc/filesystems", has_bpffs());
  add("ringbuf", "every connection is reported", true, "made a map",
      makes_map(BPF_MAP_TYPE_RINGBUF, "RINGBUF"));
  add("sk_storage", "a socket keeps its original destination", true, "made a map",
      makes_map(BPF_MAP_TYPE_SK_STORAGE, "SK_STORAGE"));
  add("lpm_trie", "verdicts for address prefixes", true, "made a map",
      makes_map(BPF_MAP_TYPE_LPM_TRIE, "LPM_TRIE"));
  features.push_back(
      tried_program("connect", "connect4", "IPv4 connections are steered or refused"));
  features.push_back(
      tried_program("connect", "connect6", "IPv6 connections are steered or refused"));
  features.push_back(tried_program("sendmsg", "sendmsg4", "IPv4 datagrams are refused by default"));
  features.push_back(tried_program("sendmsg", "sendmsg6", "IPv6 datagrams are refused by default"));
  features.push_back(
      tried_program("getpeername", "getpeername4", "IPv4 clients see the real peer"));
  features.push_back(
      tried_program("getpeername", "getpeername6", "IPv6 clients see the real peer"));
  features.push_back(
      tried_program("sock_create", "sock_create", "raw and odd sockets are refused"));
  features.push_back(
      tried_program("sockops", "sockops", "the daemon learns whose connection it is"));
  features.push_back(
      tried_program("sock_release", "sock_release", "the end of a socket is reported"));
  features.push_back(tried_program("ingress", "ingress",
                                   "only whom the policy lets connects to a run's listener"));
  add("sock_destroy", "a revoked run loses its open connections at once", false,
      "destroyed a socket of its own", destroys_sockets());
  add("bpf_lsm", "sockets passed in from outside of a run can be stopped", false,
      "attached a program and saw it called", calls_lsm_programs());
  add("unix_sockaddr", "connections to Unix sockets can be steered", false, "loaded a program",
      has_unix_hooks());
  return features;
}

bool can_enforce(const std::vector<Feature>& features) {
  return std::all_of(features.begin(), features.end(),
                     [](const Feature& feature) { return feature.held || !feature.required; });
}

}  // namespace sluice::kernel
