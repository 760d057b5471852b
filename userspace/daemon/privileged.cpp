// SPDX-License-Identifier: Apache-2.0
#include "daemon/privileged.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/cgroup_mount.h"
#include "control/server.h"
#include "daemon/users.h"
#include "keeper/listener.h"
#include "kernel/netns_cookie.h"
#include "kernel/plane.h"
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

// Agents are steered to 2^16 addresses of 127.0.0.0/8 beside the one that `listen` says. More would
// only fill the kernel's table of what it knows of addresses.
constexpr std::uint32_t kSpreadBits = 16;
constexpr std::size_t kPortsOfIpv6 = 16;

// Its port.
Result<std::uint16_t> open_listener(const Endpoint& at, Prepared& prepared) {
  SLUICE_TRY(auto listener, keeper::open_loopback_listener(at, -1));
  SLUICE_TRY(const Endpoint bound, net::local_endpoint(listener.fd.get()));
  prepared.listeners.push_back(std::move(listener.fd));
  return bound.port;
}

Result<void> open_listeners(const control::Config& config, Prepared& prepared) {
  SLUICE_TRY(const Endpoint v4, parse_listen(config.listen));
  if (!v4.ip.is_v4()) return Error{"listen: must be an IPv4 loopback address; ::1 is added to it"};
  SLUICE_TRY(prepared.listening.netns_cookie, kernel::own_netns_cookie());
  SLUICE_TRY(const std::uint16_t port, open_listener(v4, prepared));
  prepared.listening.v4 = kernel::SteeringListener{v4.ip, {port}, kSpreadBits};
  // IPv6 has one loopback address, so it gets several ports: first the same one, or any other where
  // it is taken. A host without IPv6 has nothing to steer there.
  const IpAddress v6 = *parse_ip("::1");
  kernel::SteeringListener several{v6, {}, 0};
  auto opened = open_listener({v6, port}, prepared);
  if (!opened && v4.port == 0) opened = open_listener({v6, 0}, prepared);
  for (; opened; opened = open_listener({v6, 0}, prepared)) {
    several.ports.push_back(*opened);
    if (several.ports.size() < kPortsOfIpv6) continue;
    prepared.listening.v6 = several;
    return {};
  }
  spdlog::warn("no IPv6 listener ({}); connects of agents over IPv6 are refused",
               opened.error().text());
  return {};
}

}  // namespace

Result<Prepared> prepare_as_root(const control::Config& config) {
  if (::geteuid() != 0)
    return Error{
        "sluiced must be started as root: it loads BPF programs and makes cgroups, and then gives "
        "root up "
        "for its worker"};
  const auto worker = find_user(config.worker_user);
  if (!worker)
    return Error{"worker_user: there is no user '" + config.worker_user +
                 "'; make it with `useradd --system --no-create-home " + config.worker_user +
                 "` or name another"};
  if (worker->uid == 0) return Error{"worker_user: must not be root"};

  Prepared prepared;
  SLUICE_TRY_VOID(own_directory(config.state_dir, 0700, *worker));
  SLUICE_TRY_VOID(own_directory(config.run_dir, 0755, *worker));
  // Before the kernel is touched: it refuses beside a living daemon, whose listeners the loading of
  // the programs would forget.
  SLUICE_TRY(prepared.control_socket, control::open_control_socket(config.control_socket()));
  prepared.features = kernel::probe();

  SLUICE_TRY(const CgroupMount mount, find_cgroup_mount());
  kernel::PlaneOptions plane;
  plane.cgroup_root = config.cgroup_root.empty() ? mount.path : config.cgroup_root;
  plane.pin_dir = config.pin_dir;
  SLUICE_TRY(auto loaded, kernel::Plane::load(plane));
  SLUICE_TRY(prepared.maps, loaded.descriptors());
  prepared.maps_reused = loaded.reused();

  SLUICE_TRY_VOID(open_listeners(config, prepared));
  return prepared;
}

}  // namespace sluice::daemon
