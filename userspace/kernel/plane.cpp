// SPDX-License-Identifier: Apache-2.0
#include "kernel/plane.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sluice/abi/query.h>
#include <sluice/abi/settings.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <map>

#include "kernel/cgroup.h"
#include "kernel/netns_cookie.h"
#include "kernel/objects.h"
#include "kernel/pins.h"
#include "kernel/unix_hooks.h"

namespace sluice::kernel {
namespace {

std::string how_to_remove(const std::string& what) {
  return what +
         "; set another pin_dir, or stop every sluiced that uses this one and remove it with " +
         "rm -r, which ends its enforcement";
}

Result<void> check(const PlaneOptions& options) {
  if (options.run_capacity == 0 || options.verdict_capacity == 0 || options.flow_capacity == 0 ||
      options.query_capacity == 0)
    return Error{"the capacities for runs, verdicts, flows and queries must not be 0"};
  const auto page = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  if (!std::has_single_bit(options.event_bytes) || options.event_bytes < page)
    return Error{"event_bytes is " + std::to_string(options.event_bytes) +
                 "; it must be a power of two of at least " + std::to_string(page)};
  return {};
}

std::uint32_t capacity_of(const bpf_map* map, const PlaneOptions& options) {
  const std::string name = bpf_map__name(map);
  if (name == "sluice_runs") return options.run_capacity;
  if (name == "sluice_verdicts" || name == "sluice_unix_verdicts") return options.verdict_capacity;
  if (name == "sluice_flows") return options.flow_capacity;
  if (name == "sluice_queries") return options.query_capacity;
  if (name == "sluice_events") return options.event_bytes;
  return bpf_map__max_entries(map);
}

// --- maps
// --------------------------------------------------------------------------------------------

Result<void> same_layout(int fd, const bpf_map* wanted, const PlaneOptions& options) {
  bpf_map_info info{};
  __u32 size = sizeof info;
  const std::string name = bpf_map__name(wanted);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
    return Error::sys(errno, "look at the pinned map " + name);
  if (info.type != static_cast<__u32>(bpf_map__type(wanted)) ||
      info.key_size != bpf_map__key_size(wanted) ||
      info.value_size != bpf_map__value_size(wanted) ||
      info.map_flags != bpf_map__map_flags(wanted))
    return Error{how_to_remove("the pinned map " + name + " is of another build of Sluice")};
  if (info.max_entries != capacity_of(wanted, options))
    return Error{how_to_remove("the pinned map " + name + " has room for " +
                               std::to_string(info.max_entries) + " where " +
                               std::to_string(capacity_of(wanted, options)) + " is configured")};
  return {};
}

Result<void> same_layout_number(const MapsByName& maps) {
  const __u32 which = SLUICE_SETTING_LAYOUT;
  __u64 layout = 0;
  if (bpf_map_lookup_elem(maps.at("sluice_settings").get(), &which, &layout) != 0)
    return Error::sys(errno, "read the layout number of the pinned maps");
  if (layout != SLUICE_LAYOUT)
    return Error{how_to_remove("the pinned maps have layout " + std::to_string(layout) +
                               ", this build has " + std::to_string(SLUICE_LAYOUT))};
  return {};
}

// The maps of an earlier daemon: all of them, or none at all.
Result<MapsByName> pinned_maps(const PinDirectory& pins, const PlaneOptions& options) {
  MapsByName found;
  std::size_t wanted = 0;
  SLUICE_TRY(BpfObject object, open_object(plane_objects().front()));
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    if (bpf_map__is_internal(map)) continue;
    ++wanted;
    const std::string name = bpf_map__name(map);
    UniqueFd fd{bpf_obj_get(pins.map_path(name).c_str())};
    if (!fd && errno == ENOENT) continue;
    if (!fd) return Error::sys(errno, "open the pinned map '" + pins.map_path(name) + "'");
    SLUICE_TRY_VOID(same_layout(fd.get(), map, options));
    found.emplace(name, std::move(fd));
  }
  if (found.size() == wanted) {
    SLUICE_TRY_VOID(same_layout_number(found));
    return found;
  }
  if (!pins.link_names().empty())
    return Error{how_to_remove("pinned programs are there, but not all of their maps")};
  // A start that died half-way. Nothing is enforced by these.
  for (const std::string& name : pins.map_names()) ::unlink(pins.map_path(name).c_str());
  return MapsByName{};
}

Result<void> use_maps(bpf_object* object, const MapsByName& maps, const PlaneOptions& options) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map)) continue;
    const std::string name = bpf_map__name(map);
    const auto known = maps.find(name);
    const int failed = known != maps.end()
                           ? bpf_map__reuse_fd(map, known->second.get())
                           : bpf_map__set_max_entries(map, capacity_of(map, options));
    if (failed != 0) return Error::sys(-failed, "set up the map " + name);
  }
  return {};
}

Result<std::vector<BpfObject>> load_objects(MapsByName& maps, const PlaneOptions& options) {
  std::vector<BpfObject> objects;
  std::vector<EmbeddedObject> wanted = plane_objects();
  if (has_unix_hooks()) wanted.push_back(unix_object());
  for (const EmbeddedObject& embedded : wanted) {
    SLUICE_TRY(BpfObject object, open_object(embedded));
    SLUICE_TRY_VOID(use_maps(object.get(), maps, options));
    SLUICE_TRY_VOID(load_object(object.get(), embedded));
    SLUICE_TRY_VOID(keep_maps(object.get(), maps));
    objects.push_back(std::move(object));
  }
  return objects;
}

Result<void> pin_maps(const MapsByName& maps, const PinDirectory& pins) {
  const __u32 which = SLUICE_SETTING_LAYOUT;
  const __u64 layout = SLUICE_LAYOUT;
  if (bpf_map_update_elem(maps.at("sluice_settings").get(), &which, &layout, BPF_ANY) != 0)
    return Error::sys(errno, "write the layout number");
  for (const auto& [name, fd] : maps)
    if (bpf_obj_pin(fd.get(), pins.map_path(name).c_str()) != 0)
      return Error::sys(errno, "pin the map at '" + pins.map_path(name) + "'");
  return {};
}

// An earlier daemon's port may be anybody's by now. Until the listeners are set again, what would
// be steered is refused; and until the heartbeat begins, what would pass direct.
Result<void> forget_listeners(const MapsByName& maps) {
  const __u32 which = SLUICE_SETTING_ALIVE_UNTIL;
  const __u64 dead = 0;
  if (bpf_map_update_elem(maps.at("sluice_settings").get(), &which, &dead, BPF_ANY) != 0)
    return Error::sys(errno, "forget the earlier daemon's heartbeat");
  const int fd = maps.at("sluice_listeners").get();
  sluice_listener_key listener{};
  while (bpf_map_get_next_key(fd, nullptr, &listener) == 0)
    if (bpf_map_delete_elem(fd, &listener) != 0 && errno != ENOENT)
      return Error::sys(errno, "forget the earlier daemon's listener");
  const int unix_fd = maps.at("sluice_unix_listeners").get();
  __u64 netns_cookie = 0;
  while (bpf_map_get_next_key(unix_fd, nullptr, &netns_cookie) == 0)
    if (bpf_map_delete_elem(unix_fd, &netns_cookie) != 0 && errno != ENOENT)
      return Error::sys(errno, "forget the earlier daemon's listener for Unix sockets");
  const int resolvers = maps.at("sluice_resolvers").get();
  sluice_resolver_key key{};
  while (bpf_map_get_next_key(resolvers, nullptr, &key) == 0)
    if (bpf_map_delete_elem(resolvers, &key) != 0)
      return Error::sys(errno, "forget the earlier daemon's resolver");
  return {};
}

// Connections are steered to listeners in the network namespace that this process is in.
Result<void> tell_home_netns(const MapsByName& maps) {
  SLUICE_TRY(const std::uint64_t cookie, own_netns_cookie());
  const __u32 which = SLUICE_SETTING_HOME_NETNS;
  if (bpf_map_update_elem(maps.at("sluice_settings").get(), &which, &cookie, BPF_ANY) != 0)
    return Error::sys(errno, "write the daemon's network namespace");
  return {};
}

// Where neither can be known, no path is let go by its name.
Result<void> tell_host_view(const MapsByName& maps) {
  auto view = host_view();
  if (!view) view = own_view();
  const HostView known = view ? *view : HostView{};
  for (const auto& [which, value] :
       {std::pair{__u32{SLUICE_SETTING_HOST_ROOT_MOUNT}, __u64{known.root_mount}},
        std::pair{__u32{SLUICE_SETTING_HOST_USER_NAMESPACE}, __u64{known.user_namespace}}})
    if (bpf_map_update_elem(maps.at("sluice_settings").get(), &which, &value, BPF_ANY) != 0)
      return Error::sys(errno, "write sluice_settings");
  return {};
}

// --- links
// -------------------------------------------------------------------------------------------

Result<void> update_link(const std::string& path, bpf_program* program, std::uint64_t cgroup_id) {
  BpfLink link{bpf_link__open(path.c_str())};
  if (!link) return Error::sys(errno, "open the pinned link '" + path + "'");
  bpf_link_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(bpf_link__fd(link.get()), &info, &size) != 0)
    return Error::sys(errno, "look at the pinned link '" + path + "'");
  const auto attach_type = static_cast<__u32>(bpf_program__expected_attach_type(program));
  if (info.type != BPF_LINK_TYPE_CGROUP || info.cgroup.attach_type != attach_type)
    return Error{how_to_remove("'" + path + "' is a link of another kind")};
  if (info.cgroup.cgroup_id != cgroup_id)
    return Error{how_to_remove("'" + path +
                               "' is attached to another cgroup than cgroup_root (id " +
                               std::to_string(info.cgroup.cgroup_id) + ")")};
  if (const int failed = bpf_link__update_program(link.get(), program); failed != 0)
    return Error::sys(-failed, "put the new program into '" + path + "'");
  return {};
}

Result<void> make_link(const std::string& path, bpf_program* program, int cgroup) {
  const LibbpfWarnings warnings;
  BpfLink link{bpf_program__attach_cgroup(program, cgroup)};
  const std::string name = bpf_program__name(program);
  if (!link) return Error::sys(errno, "attach " + name + " (" + warnings.last_lines() + ")");
  if (const int failed = bpf_link__pin(link.get(), path.c_str()); failed != 0)
    return Error::sys(-failed, "pin the link at '" + path + "'");
  return {};  // closing the link's descriptor leaves the pin to hold it
}

struct Attachment {
  UniqueFd cgroup;
  std::uint64_t cgroup_id = 0;
};

Result<Attachment> open_cgroup(const std::string& path) {
  SLUICE_TRY(const std::uint64_t id, cgroup_id_of(path));
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return Error::sys(errno, "open the cgroup '" + path + "'");
  return Attachment{std::move(fd), id};
}

Result<void> link_programs(const std::vector<BpfObject>& objects, const Attachment& to,
                           const PinDirectory& pins) {
  std::vector<std::string> obsolete = pins.link_names();
  std::erase_if(obsolete, [](const std::string& name) { return name.starts_with(kLsmLinkPrefix); });
  for (const BpfObject& object : objects) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
      const std::string name = bpf_program__name(program);
      const std::string path = pins.link_path(name);
      if (::access(path.c_str(), F_OK) == 0)
        SLUICE_TRY_VOID(update_link(path, program, to.cgroup_id));
      else
        SLUICE_TRY_VOID(make_link(path, program, to.cgroup.get()));
      std::erase(obsolete, name);
    }
  }
  // Programs that this build has no more; all of its own are in place.
  for (const std::string& name : obsolete)
    if (::unlink(pins.link_path(name).c_str()) != 0)
      return Error::sys(errno, "unlink '" + pins.link_path(name) + "'");
  return {};
}

Result<MapDescriptors> in_order(MapsByName& maps) {
  MapDescriptors descriptors;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const auto found = maps.find(name_of(static_cast<MapName>(i)));
    if (found == maps.end())
      return Error{std::string{"the programs have no map "} + name_of(static_cast<MapName>(i))};
    descriptors.fds[i] = std::move(found->second);
  }
  return descriptors;
}

}  // namespace

std::uint32_t plane_layout() { return SLUICE_LAYOUT; }

Result<Plane> Plane::load(const PlaneOptions& options) {
  SLUICE_TRY_VOID(check(options));
  SLUICE_TRY(const Attachment to, open_cgroup(options.cgroup_root));
  SLUICE_TRY(const PinDirectory pins, PinDirectory::open(options.pin_dir));
  SLUICE_TRY(MapsByName maps, pinned_maps(pins, options));
  const bool reused = !maps.empty();
  SLUICE_TRY(const auto objects, load_objects(maps, options));
  Result<void> done;
  if (!reused)
    done = pin_maps(maps, pins);
  else if (!options.keep_listeners)
    done = forget_listeners(maps);
  if (done) done = tell_host_view(maps);
  if (done) done = tell_home_netns(maps);
  if (done) done = link_programs(objects, to, pins);
  LsmState lsm;
  if (done) {
    auto attached = attach_lsm_layer(maps, pins, options.lsm_works);
    if (attached)
      lsm = *std::move(attached);
    else
      done = attached.error();
  }
  if (!done) {
    // A first start that failed leaves nothing; a restart leaves the earlier enforcement.
    if (!reused) (void)!PinDirectory::remove(options.pin_dir).ok();
    return done.error();
  }
  SLUICE_TRY(MapDescriptors descriptors, in_order(maps));
  return Plane{std::move(descriptors), options.pin_dir, reused, std::move(lsm)};
}

Result<void> Plane::remove(const std::string& pin_dir) { return PinDirectory::remove(pin_dir); }

Result<void> Plane::guard(const std::string& pin_dir, const std::vector<pid_t>& processes) {
  return guard_daemon(pin_dir, processes);
}

Result<MapDescriptors> Plane::descriptors() const { return duplicate(maps_); }

Result<std::vector<PinnedLink>> Plane::links() const {
  SLUICE_TRY(const PinDirectory pins, PinDirectory::open(pin_dir_));
  std::vector<PinnedLink> links;
  for (const std::string& name : pins.link_names()) {
    UniqueFd fd{bpf_obj_get(pins.link_path(name).c_str())};
    if (!fd) return Error::sys(errno, "open the pinned link '" + pins.link_path(name) + "'");
    links.push_back({name, std::move(fd)});
  }
  return links;
}

}  // namespace sluice::kernel
