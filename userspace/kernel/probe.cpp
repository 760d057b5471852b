// SPDX-License-Identifier: Apache-2.0
#include "kernel/probe.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sluice/result.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>

#include "base/cgroup_mount.h"
#include "base/unique_fd.h"
#include "kernel/cgroup.h"
#include "kernel/lsm_layer.h"
#include "kernel/objects.h"
#include "kernel/sock_diag.h"
#include "kernel/unix_hooks.h"

namespace sluice::kernel {
namespace {

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

// Nothing will be put into the maps of a trial.
void make_maps_small(bpf_object* object) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(
      map, object) if (!bpf_map__is_internal(map) && bpf_map__max_entries(map) > 4096)
      bpf_map__set_max_entries(map, 4096);
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
  make_maps_small(object.get());
  return load_object(object.get(), embedded);
}

// The programs themselves: a kernel may have the hooks and refuse what they do.
Result<void> loads_unix_programs() {
  SLUICE_TRY_VOID(has_unix_hooks());
  for (const char* program : {"sluice_connect_unix", "sluice_sendmsg_unix",
                              "sluice_getsockname_unix", "sluice_getpeername_unix"})
    SLUICE_TRY_VOID(loads(unix_object(), program));
  return {};
}

Result<void> sees_host_view() {
  const auto view = host_view();
  if (view) return {};
  return Error{view.error().text() +
               "; what the daemon's own root and user namespace show counts instead, and an agent "
               "that does not share them is refused the sockets of unix_builtin and unix_direct"};
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

Result<void> filters_system_calls() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return {};
  return Error::sys(errno, "ask for seccomp filters; boot a kernel with CONFIG_SECCOMP_FILTER=y");
}

Result<void> loads_program(const char* object, const std::string& program) {
  const auto& objects = plane_objects();
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const EmbeddedObject& o) {
    return std::string_view{o.name} == object;
  });
  if (found == objects.end()) return Error{"this build has no such program"};
  return loads(*found, "sluice_" + program);
}

// Such programs are bound to no cgroup: a trial that attached them would be called for everybody.
Result<void> loads_family(const LsmFamily& family, const Result<void>& called) {
  if (!called) return Error{"bpf_lsm is absent, see there"};
  SLUICE_TRY(BpfObject object, open_object(family.object));
  make_maps_small(object.get());
  return load_object(object.get(), family.object);
}

struct Trial {
  const char* id;
  const char* gives;
  const char* mechanism;
  bool privileged;  // fails for want of capabilities, whatever the kernel has
  std::function<Result<void>()> run;
};

std::vector<Trial> lsm_trials() {
  const auto called = std::make_shared<Result<void>>();  // set by the first, which comes first
  std::vector<Trial> all{{"bpf_lsm", "programs can be put into the kernel's security hooks",
                          "attached a program and saw it called", true,
                          [called] { return *called = calls_lsm_programs(); }}};
  for (const LsmFamily& family : lsm_families())
    all.push_back({family.object.name, family.gives,
                   "loaded the programs; such programs are called here", true,
                   [called, &family] { return loads_family(family, *called); }});
  return all;
}

// One line for each feature. A guarantee names the features it needs in guarantees_table.cpp.
std::vector<Trial> trials(bool with_lsm) {
  std::vector<Trial> all{
      {"cgroup2", "a run is known by its cgroup", "/proc/self/mountinfo", false, has_cgroup2},
      {"capabilities", "programs can be loaded and attached", "CapEff in /proc/self/status", true,
       has_capabilities},
      {"btf", "programs fit this kernel's structs", "/sys/kernel/btf/vmlinux", false, has_btf},
      {"bpffs", "enforcement outlives the daemon", "/proc/filesystems", false, has_bpffs},
      {"seccomp", "system calls can be filtered", "asked for the action", false,
       filters_system_calls},
      {"sock_destroy", "a revoked run loses its open connections at once",
       "destroyed a socket of its own", true, destroys_sockets},
      {"unix_sockaddr", "connections to Unix sockets are steered or refused, by name",
       "loaded the programs", true, loads_unix_programs},
      {"host_files", "paths of Unix sockets are compared with what they mean to the host",
       "looked at /proc/1/root", true, sees_host_view},
  };
  const auto map = [&](const char* id, const char* gives, bpf_map_type type, const char* name) {
    all.push_back({id, gives, "made a map", true, [=] { return makes_map(type, name); }});
  };
  map("ringbuf", "every connection is reported", BPF_MAP_TYPE_RINGBUF, "RINGBUF");
  map("sk_storage", "a socket keeps its original destination", BPF_MAP_TYPE_SK_STORAGE,
      "SK_STORAGE");
  map("lpm_trie", "verdicts for address prefixes", BPF_MAP_TYPE_LPM_TRIE, "LPM_TRIE");
  const auto program = [&](const char* object, const char* id, const char* gives) {
    all.push_back(
        {id, gives, "loaded the program", true, [=] { return loads_program(object, id); }});
  };
  program("connect", "connect4", "IPv4 connections are steered or refused");
  program("connect", "connect6", "IPv6 connections are steered or refused");
  program("sendmsg", "sendmsg4", "IPv4 datagrams are refused by default");
  program("sendmsg", "sendmsg6", "IPv6 datagrams are refused by default");
  program("recvmsg", "recvmsg4", "an answer over IPv4 comes from the resolver that was asked");
  program("recvmsg", "recvmsg6", "an answer over IPv6 comes from the resolver that was asked");
  program("getpeername", "getpeername4", "IPv4 clients see the real peer");
  program("getpeername", "getpeername6", "IPv6 clients see the real peer");
  program("sock_create", "sock_create", "raw and odd sockets are refused");
  program("sockops", "sockops", "the daemon learns whose connection it is");
  program("sock_release", "sock_release", "the end of a socket is reported");
  program("ingress", "ingress", "only whom the policy lets connects to a run's listener");
  if (with_lsm)
    for (Trial& trial : lsm_trials()) all.push_back(std::move(trial));
  return all;
}

std::vector<Feature> try_all(const std::vector<Trial>& trials) {
  const Result<void> capable = has_capabilities();
  std::vector<Feature> features;
  for (const Trial& trial : trials) {
    Feature feature{trial.id, trial.gives, false, true, trial.mechanism, {}};
    if (trial.privileged && !capable) {
      // Root without them (in a container) has met the truth of its own place.
      feature.tried = ::geteuid() == 0;
      feature.why_not =
          (feature.tried ? "" : "could not be tried: ") + std::string{capable.error().text()};
    } else {
      const Result<void> outcome = trial.run();
      feature.held = outcome.ok();
      if (!outcome) feature.why_not = outcome.error().text();
    }
    features.push_back(std::move(feature));
  }
  return features;
}

}  // namespace

std::vector<Feature> probe() { return try_all(trials(true)); }

std::vector<Feature> probe_without_lsm() { return try_all(trials(false)); }

const std::vector<std::string>& feature_ids() {
  static const std::vector<std::string> ids = [] {
    std::vector<std::string> found;
    for (const Trial& trial : trials(true)) found.emplace_back(trial.id);
    return found;
  }();
  return ids;
}

}  // namespace sluice::kernel
