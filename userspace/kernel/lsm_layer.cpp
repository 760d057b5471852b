// SPDX-License-Identifier: Apache-2.0
#include "kernel/lsm_layer.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <signal.h>
#include <sluice/abi/settings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "kernel/lsm_witness.h"

namespace sluice::kernel {
namespace {

// A link on its way in; it takes the old one's place by a rename.
constexpr std::string_view kNext = "_next";

struct Attached {
  BpfObject object;
  std::map<std::string, BpfLink> links;  // by the program's name
};

Result<void> share_maps(bpf_object* object, const MapsByName& maps) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map)) continue;
    const auto known = maps.find(bpf_map__name(map));
    if (known == maps.end()) continue;
    if (const int failed = bpf_map__reuse_fd(map, known->second.get()); failed != 0)
      return Error::sys(-failed, "share the map " + known->first);
  }
  return {};
}

Result<Attached> attach_family(const EmbeddedObject& embedded, MapsByName& maps) {
  Attached attached;
  SLUICE_TRY(attached.object, open_object(embedded));
  SLUICE_TRY_VOID(share_maps(attached.object.get(), maps));
  SLUICE_TRY_VOID(load_object(attached.object.get(), embedded));
  SLUICE_TRY_VOID(keep_maps(attached.object.get(), maps));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, attached.object.get()) {
    const LibbpfWarnings warnings;
    const std::string name = bpf_program__name(program);
    BpfLink link{bpf_program__attach(program)};
    if (!link) return Error::sys(errno, "attach " + name + " (" + warnings.last_lines() + ")");
    attached.links.emplace(name, std::move(link));
  }
  SLUICE_TRY_VOID(see_programs_called(attached.object.get()));
  return attached;
}

// --- pins ---

bool is_lsm_link(const std::string& name) { return name.starts_with(kLsmLinkPrefix); }

std::vector<std::string> lsm_links(const PinDirectory& pins) {
  std::vector<std::string> names = pins.link_names();
  std::erase_if(names, [](const std::string& name) { return !is_lsm_link(name); });
  return names;
}

Result<void> unpin(const PinDirectory& pins, const std::string& name) {
  if (::unlink(pins.link_path(name).c_str()) != 0 && errno != ENOENT)
    return Error::sys(errno, "unlink '" + pins.link_path(name) + "'");
  return {};
}

// Links of LSM programs cannot be given another program. So the new one is attached beside the old
// one, and both decide until the old one's pin is gone.
Result<void> pin_links(const Attached& attached, const PinDirectory& pins) {
  for (const auto& [name, link] : attached.links) {
    const std::string next = pins.link_path(name + std::string{kNext});
    if (const int failed = bpf_link__pin(link.get(), next.c_str()); failed != 0)
      return Error::sys(-failed, "pin the link at '" + next + "'");
    if (::rename(next.c_str(), pins.link_path(name).c_str()) != 0)
      return Error::sys(errno, "put the pin '" + next + "' into its place");
  }
  return {};
}

// 0 where it is not to be had: then no mount namespace is taken for another one.
Result<void> tell_mount_namespace(const MapsByName& maps) {
  struct stat status {};
  const __u32 which = SLUICE_SETTING_HOST_MOUNTS;
  const __u64 number = ::stat("/proc/self/ns/mnt", &status) == 0 ? status.st_ino : 0;
  const auto settings = maps.find("sluice_settings");
  if (settings == maps.end() ||
      bpf_map_update_elem(settings->second.get(), &which, &number, BPF_ANY) != 0)
    return Error::sys(errno, "tell the LSM layer which mount namespace is the daemon's");
  return {};
}

Result<MapsByName> known_maps(const MapsByName& shared, const PinDirectory& pins) {
  MapsByName maps;
  const auto add = [&](const std::string& name, UniqueFd fd) -> Result<void> {
    if (!fd) return Error::sys(errno, "open the map " + name + " for the LSM layer");
    maps.emplace(name, std::move(fd));
    return {};
  };
  for (const auto& [name, fd] : shared)
    SLUICE_TRY_VOID(add(name, UniqueFd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)}));
  for (const std::string& name : pins.map_names())
    if (!maps.contains(name))
      SLUICE_TRY_VOID(add(name, UniqueFd{bpf_obj_get(pins.map_path(name).c_str())}));
  return maps;
}

Result<void> pin_new_maps(const MapsByName& maps, const PinDirectory& pins) {
  const std::vector<std::string> pinned = pins.map_names();
  for (const auto& [name, fd] : maps) {
    if (std::find(pinned.begin(), pinned.end(), name) != pinned.end()) continue;
    if (bpf_obj_pin(fd.get(), pins.map_path(name).c_str()) != 0)
      return Error::sys(errno, "pin the map at '" + pins.map_path(name) + "'");
  }
  return {};
}

bool holds_a_link_of(const EmbeddedObject& embedded, const std::vector<std::string>& earlier) {
  const auto object = open_object(embedded);
  bpf_program* program = nullptr;
  if (object) {
    bpf_object__for_each_program(program, object->get()) {
      if (std::find(earlier.begin(), earlier.end(), bpf_program__name(program)) != earlier.end())
        return true;
    }
  }
  return false;
}

Error not_renewed(const std::string& what, const Error& why) {
  return why.within("renew " + what +
                    ", which an earlier daemon left in force; nothing was changed there");
}

}  // namespace

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

Result<LsmState> attach_lsm_layer(const MapsByName& shared, const PinDirectory& pins,
                                  const std::function<Result<void>()>& works) {
  std::vector<std::string> earlier = lsm_links(pins);
  for (const std::string& name : earlier)  // of a start that died half-way
    if (name.ends_with(kNext)) SLUICE_TRY_VOID(unpin(pins, name));
  std::erase_if(earlier, [](const std::string& name) { return name.ends_with(kNext); });
  LsmState state;
  if (const auto usable = works(); !usable) {
    if (!earlier.empty()) return not_renewed("the BPF LSM layer", usable.error());
    state.why_not = usable.error().text();
    return state;
  }
  SLUICE_TRY(MapsByName maps, known_maps(shared, pins));
  SLUICE_TRY_VOID(tell_mount_namespace(maps));
  state.active = true;
  std::vector<std::string> obsolete = earlier;
  for (const LsmFamily& family : lsm_families()) {
    const EmbeddedObject& embedded = family.object;
    auto attached = attach_family(embedded, maps);
    Result<void> done = attached ? pin_new_maps(maps, pins) : Result<void>{attached.error()};
    if (done) done = pin_links(*attached, pins);
    if (!done && holds_a_link_of(embedded, earlier))
      return not_renewed(std::string{"'"} + embedded.name + "'", done.error());
    state.families.push_back({embedded.name, done.ok(), done ? "" : done.error().text()});
    state.active = state.active && done.ok();
    if (done)
      for (const auto& [name, link] : attached->links) std::erase(obsolete, name);
  }
  for (const std::string& name : obsolete) SLUICE_TRY_VOID(unpin(pins, name));
  return state;
}

Result<void> detach_lsm_layer(const PinDirectory& pins) {
  for (const std::string& name : lsm_links(pins)) SLUICE_TRY_VOID(unpin(pins, name));
  return {};
}

Result<void> guard_daemon(const std::string& pin_dir, const std::vector<pid_t>& processes) {
  const UniqueFd map{bpf_obj_get(PinDirectory::map_path_in(pin_dir, "sluice_daemons").c_str())};
  if (!map && errno == ENOENT) return {};
  if (!map) return Error::sys(errno, "open the map of the daemon's processes");
  __u32 known = 0, next = 0;
  const __u32 here = 1;
  std::vector<__u32> dead;
  for (int last = bpf_map_get_next_key(map.get(), nullptr, &next); last == 0;
       last = bpf_map_get_next_key(map.get(), &known, &next)) {
    known = next;
    if (::kill(static_cast<pid_t>(known), 0) != 0 && errno == ESRCH) dead.push_back(known);
  }
  for (const __u32 process : dead) bpf_map_delete_elem(map.get(), &process);
  for (const pid_t process : processes) {
    const auto key = static_cast<__u32>(process);
    if (bpf_map_update_elem(map.get(), &key, &here, BPF_ANY) != 0)
      return Error::sys(errno, "guard process " + std::to_string(process) + " against signals");
  }
  return {};
}

void add_lsm_features(std::vector<Feature>& features, const LsmState& state) {
  const auto add = [&](const std::string& id, const char* gives, bool held, std::string why_not) {
    features.push_back({id, gives, held, true, "attached the programs and saw each of them called",
                        std::move(why_not)});
  };
  add("bpf_lsm", "programs can be put into the kernel's security hooks", state.why_not.empty(),
      state.why_not);
  for (const LsmFamily& family : lsm_families()) {
    const std::string id = family.object.name;
    const auto found = std::find_if(state.families.begin(), state.families.end(),
                                    [&](const LsmFamilyState& one) { return one.name == id; });
    if (found == state.families.end())
      add(id, family.gives, false, "bpf_lsm is absent, see there");
    else
      add(id, family.gives, found->active, found->why_not);
  }
}

}  // namespace sluice::kernel
