// SPDX-License-Identifier: Apache-2.0
#include "daemon/privileged.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/cgroup_mount.h"
#include "control/hand_over_socket.h"
#include "control/server.h"
#include "daemon/random.h"
#include "daemon/unix_listener.h"
#include "daemon/users.h"
#include "keeper/listener.h"
#include "kernel/kernel_maps.h"
#include "kernel/plane.h"
#include "net/dns_server.h"
#include "net/flow_server.h"

namespace sluice::daemon {
namespace {

// Makes one directory (its parents must be there but for the last two levels) and gives it to the
// worker.
Result<void> own_directory(const std::string& path, mode_t mode, const UserId& owner) {
  const auto slash = path.find_last_of('/');
  if (slash != std::string::npos && slash != 0) {
    const std::string parent = path.substr(0, slash);
    struct stat status {};
    if (::stat(parent.c_str(), &status) != 0 && ::mkdir(parent.c_str(), 0755) != 0)
      return Error::sys(errno, "make directory '" + parent + "'");
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return Error::sys(errno, "make directory '" + path + "'");
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Error::sys(errno, "look at '" + path + "'");
  if (!S_ISDIR(status.st_mode)) return Error{"'" + path + "' is not a directory"};
  if (::chown(path.c_str(), owner.uid, owner.gid) != 0)
    return Error::sys(errno, "give '" + path + "' to the worker's user");
  if (::chmod(path.c_str(), mode) != 0) return Error::sys(errno, "set the mode of '" + path + "'");
  return {};
}

Result<Endpoint> parse_listen(const std::string& text) {
  const auto colon = text.find_last_of(':');
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const auto ip = parse_ip(host);
  if (!ip || colon == std::string::npos)
    return Error{"listen: '" + text + "' is not ADDRESS:PORT; write 127.0.0.1:0"};
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535)
    return Error{"listen: '" + port + "' is no port"};
  return Endpoint{*ip, static_cast<std::uint16_t>(std::stoul(port))};
}

Result<std::uint16_t> open_listener(const Endpoint& at, Prepared& prepared) {
  SLUICE_TRY(UniqueFd listener, keeper::open_loopback_listener(at));
  SLUICE_TRY(const Endpoint bound, net::local_endpoint(listener.get()));
  prepared.listeners.push_back(std::move(listener));
  prepared.listening.push_back(bound);
  return bound.port;
}

// After the first, at any port.
Result<void> open_more(const IpAddress& ip, Prepared& prepared) {
  for (std::size_t i = 1; i < kernel::kListenerPorts; ++i)
    if (const auto port = open_listener({ip, 0}, prepared); !port) return port.error();
  return {};
}

Result<void> open_listeners(const control::Config& config, Prepared& prepared) {
  SLUICE_TRY(const Endpoint v4, parse_listen(config.listen));
  if (!v4.ip.is_v4()) return Error{"listen: must be an IPv4 loopback address; ::1 is added to it"};
  SLUICE_TRY(const std::uint16_t port, open_listener(v4, prepared));
  SLUICE_TRY_VOID(open_more(v4.ip, prepared));
  // The same port on ::1, or any other where it is taken. A host without IPv6 has nothing to steer
  // there.
  const IpAddress v6 = *parse_ip("::1");
  auto second = open_listener({v6, port}, prepared);
  if (!second && v4.port == 0) second = open_listener({v6, 0}, prepared);
  if (second) return open_more(v6, prepared);
  spdlog::warn("no IPv6 listener ({}); connects of agents over IPv6 are refused",
               second.error().text());
  return {};
}

// No agent can be steered to them before the worker says so to the kernel.
Result<void> open_resolver_sockets(Prepared& prepared) {
  for (const char* loopback : {"127.0.0.1", "::1"})
    for (std::size_t i = 0; i < kernel::kResolverPorts; ++i) {
      auto socket = net::bind_udp({*parse_ip(loopback), 0});
      if (!socket && i == 0 && !prepared.resolver_sockets.empty()) {
        spdlog::warn("no DNS over IPv6 ({}); queries to IPv6 resolvers are refused",
                     socket.error().text());
        return {};
      }
      if (!socket) return socket.error().within("open the DNS resolver");
      prepared.resolver_sockets.push_back(*std::move(socket));
    }
  return {};
}

// The worker closes it where the kernel has no hooks for Unix sockets.
Result<void> open_unix_listener(Prepared& prepared) {
  // Nobody can take a name of this life before it is in use.
  SLUICE_TRY(UniqueFd listener, listen_abstract("sluice/" + random_hex(16)));
  prepared.listeners.push_back(std::move(listener));
  return {};
}

Result<void> open_sockets(const control::Config& config, Prepared& prepared) {
  // It refuses beside a living daemon, whose listeners the loading of the programs would forget.
  SLUICE_TRY(prepared.control_socket, control::open_control_socket(config.control_socket()));
  SLUICE_TRY(prepared.hand_over_socket, control::open_hand_over_socket(config.hand_over_socket()));
  SLUICE_TRY_VOID(open_listeners(config, prepared));
  SLUICE_TRY_VOID(open_unix_listener(prepared));
  return open_resolver_sockets(prepared);
}

Result<void> adopt_sockets(keeper::TakenOver taken, Prepared& prepared) {
  for (UniqueFd& listener : taken.sockets.listeners) {
    if (!is_unix_socket(listener.get())) {
      SLUICE_TRY(const Endpoint at, net::local_endpoint(listener.get()));
      prepared.listening.push_back(at);
    }
    prepared.listeners.push_back(std::move(listener));
  }
  prepared.resolver_sockets = std::move(taken.sockets.resolvers);
  prepared.control_socket = std::move(taken.sockets.control);
  prepared.hand_over_socket = std::move(taken.sockets.hand_over);
  prepared.predecessor = std::move(taken.channel);
  return {};
}

void tell_lsm_state(const kernel::LsmState& lsm) {
  if (lsm.active) spdlog::info("the BPF LSM layer is in force");
  if (!lsm.why_not.empty())
    spdlog::warn("going on without the BPF LSM layer ({}); `sluice doctor` says what is not held",
                 lsm.why_not);
  for (const kernel::LsmFamilyState& family : lsm.families)
    if (!family.active)
      spdlog::warn("going on without the programs of '{}': {}", family.name, family.why_not);
}

}  // namespace

keeper::Installation installation_of(const control::Config& config) {
  return {config.state_dir, config.pin_dir, config.cgroup_root};
}

Result<Prepared> prepare_as_root(const control::Config& config, bool replace) {
  SLUICE_TRY(const UserId worker, find_user(config.worker_user));
  Prepared prepared;
  SLUICE_TRY_VOID(own_directory(config.state_dir, 0700, worker));
  SLUICE_TRY_VOID(own_directory(config.run_dir, 0755, worker));
  // Before the kernel is touched.
  std::optional<keeper::TakenOver> taken;
  if (replace) {
    auto asked = keeper::take_over(config.hand_over_socket(), installation_of(config),
                                   kernel::plane_layout());
    if (!asked) return asked.error().within("take over from the running daemon");
    taken = *std::move(asked);
    if (!taken) spdlog::info("no daemon is running; nothing to take over");
  }
  if (taken)
    SLUICE_TRY_VOID(adopt_sockets(*std::move(taken), prepared));
  else
    SLUICE_TRY_VOID(open_sockets(config, prepared));
  prepared.features = kernel::probe_without_lsm();

  SLUICE_TRY(const CgroupMount mount, find_cgroup_mount());
  kernel::PlaneOptions plane;
  plane.cgroup_root = config.cgroup_root.empty() ? mount.path : config.cgroup_root;
  plane.pin_dir = config.pin_dir;
  plane.keep_listeners = static_cast<bool>(prepared.predecessor);
  SLUICE_TRY(auto loaded, kernel::Plane::load(plane));
  SLUICE_TRY(prepared.maps, loaded.descriptors());
  SLUICE_TRY(prepared.links, loaded.links());
  prepared.maps_reused = loaded.reused();
  kernel::add_lsm_features(prepared.features, loaded.lsm());
  tell_lsm_state(loaded.lsm());
  return prepared;
}

}  // namespace sluice::daemon
