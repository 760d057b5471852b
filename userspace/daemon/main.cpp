// SPDX-License-Identifier: Apache-2.0
// sluiced: prepares as root, splits into keeper and worker, and stays as the keeper (DESIGN.md
// section 4).
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>

#include "base/cgroup_mount.h"
#include "base/version.h"
#include "control/config.h"
#include "daemon/preflight.h"
#include "daemon/privileged.h"
#include "daemon/wire.h"
#include "keeper/hand_over.h"
#include "keeper/keeper.h"
#include "keeper/sandbox.h"
#include "kernel/kernel_maps.h"
#include "kernel/plane.h"
#include "kernel/sock_destroy.h"
#include "kernel/socket_census.h"
#include "sql/limits.h"

namespace sluice::daemon {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
// Of the worker only, told to its keeper.
constexpr int kExitRefused = 3;

int fail(const Error& error) {
  spdlog::error("sluiced: {}; refusing to start", error.text());
  return kExitFailed;
}

keeper::KeeperConfig keeper_config(const control::Config& config) {
  keeper::KeeperConfig made;
  made.cgroup_root = config.cgroup_root;
  made.secrets_dirs = {config.secrets_dir};
  made.destroy_sockets = [](const std::string& cgroup_directory) -> Result<std::uint64_t> {
    SLUICE_TRY(const auto destroyed, kernel::destroy_sockets_of_run(cgroup_directory));
    return destroyed.tcp + destroyed.udp;
  };
  made.take_census = kernel::take_census;
  return made;
}

std::vector<int> descriptors_of(const Prepared& prepared, const keeper::Split& split) {
  std::vector<int> keep{split.socket.get(), prepared.control_socket.get()};
  if (prepared.predecessor) keep.push_back(prepared.predecessor.get());
  for (const UniqueFd& map : prepared.maps.fds) keep.push_back(map.get());
  for (const kernel::PinnedLink& pinned : prepared.links) keep.push_back(pinned.link.get());
  for (const UniqueFd& listener : prepared.listeners) keep.push_back(listener.get());
  for (const UniqueFd& resolver : prepared.resolver_sockets) keep.push_back(resolver.get());
  return keep;
}

// What the keeper keeps of the sockets, to hand them to a later daemon.
Result<std::unique_ptr<keeper::HandOver>> offer_of(const control::Config& config,
                                                   Prepared& prepared) {
  keeper::Sockets sockets;
  sockets.hand_over = std::move(prepared.hand_over_socket);
  sockets.control.reset(::fcntl(prepared.control_socket.get(), F_DUPFD_CLOEXEC, 0));
  for (const UniqueFd& listener : prepared.listeners)
    sockets.listeners.emplace_back(::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
  for (const UniqueFd& resolver : prepared.resolver_sockets)
    sockets.resolvers.emplace_back(::fcntl(resolver.get(), F_DUPFD_CLOEXEC, 0));
  const auto is_empty = [](const UniqueFd& fd) { return !fd; };
  if (!sockets.control || std::ranges::any_of(sockets.listeners, is_empty) ||
      std::ranges::any_of(sockets.resolvers, is_empty))
    return Error::sys(errno, "duplicate the daemon's sockets");
  return std::make_unique<keeper::HandOver>(installation_of(config), kernel::plane_layout(),
                                            std::move(sockets));
}

// `ulimit -s` of whoever starts the daemon must not decide how deep a text may be.
Result<void> set_stack_of_threads(std::size_t bytes) {
  pthread_attr_t attributes;
  int failed = ::pthread_attr_init(&attributes);
  if (failed == 0) failed = ::pthread_attr_setstacksize(&attributes, bytes);
  if (failed == 0) failed = ::pthread_setattr_default_np(&attributes);
  if (failed != 0) return Error::sys(failed, "set the stack of threads");
  return {};
}

int be_worker(const control::Config& config, Prepared prepared, keeper::Split split) {
  if (const auto set = set_stack_of_threads(sql::kStackBytes); !set) return fail(set.error());
  keeper::WorkerIdentity identity;
  identity.user = config.worker_user;
  identity.keeper = split.other;
  identity.keep_fds = descriptors_of(prepared, split);
  if (const auto became = keeper::become_worker(identity); !became)
    return fail(became.error().within("give up privileges"));
  switch (run_worker(config, std::move(prepared), std::move(split.socket))) {
    case WorkerOutcome::kStopped: return 0;
    case WorkerOutcome::kFailed: return kExitFailed;
    case WorkerOutcome::kRefusedToStart: return kExitRefused;
  }
  return kExitFailed;
}

// `first_pins`: the directory of pins, where this start made them; "" where it found an earlier
// daemon's.
int be_keeper(keeper::Keeper& keeper, keeper::Split split, kernel::MapDescriptors maps,
              const std::string& mount, const std::string& first_pins, bool took_over) {
  const auto end = keeper.serve(std::move(split.socket), split.other);
  spdlog::info("worker {}", end.text);
  // The new daemon steers to its own listeners by now.
  if (end.handed_over) return 0;
  // Its predecessor serves on.
  if (end.exit_status == kExitRefused && took_over) return kExitFailed;
  // Whatever ended it: from now on nothing is steered to a port that anybody might take.
  if (auto kernel = kernel::KernelMaps::adopt(std::move(maps), mount)) {
    static_cast<void>((*kernel)->forget_listeners());
    static_cast<void>((*kernel)->set_unix_listener(-1));
    static_cast<void>((*kernel)->forget_resolvers());
    static_cast<void>((*kernel)->set_alive_until(0));
  }
  if (end.exit_status != kExitRefused) return end.exit_status;
  // A first start that was refused leaves the kernel as it was. A later one leaves what was in
  // force.
  if (!first_pins.empty())
    if (const auto removed = kernel::Plane::remove(first_pins); !removed)
      spdlog::error("sluiced: {}", removed.error().text());
  return kExitFailed;
}

int start(const std::optional<std::string>& config_file, bool replace) {
  const auto config = control::load_config(config_file);
  if (!config) return fail(config.error());
  const auto mount = find_cgroup_mount();
  if (!mount) return fail(mount.error());
  if (const auto fine = check_before_the_kernel(*config); !fine) return fail(fine.error());
  auto keeper = keeper::Keeper::open(keeper_config(*config));
  if (!keeper) return fail(keeper.error());
  auto prepared = prepare_as_root(*config, replace);
  if (!prepared) {
    (*keeper)->withdraw();
    return fail(prepared.error());
  }
  auto keepers_maps = kernel::duplicate(prepared->maps);
  if (!keepers_maps) return fail(keepers_maps.error());
  auto offer = offer_of(*config, *prepared);
  if (!offer) return fail(offer.error());
  // By it the keeper tells of a new daemon. The worker asks for it when it serves; until then it
  // must not kill.
  sigset_t told;
  sigemptyset(&told);
  sigaddset(&told, SIGUSR1);
  sigprocmask(SIG_BLOCK, &told, nullptr);
  auto split = keeper::split_process();
  if (!split) return fail(split.error());
  if (split->worker) {
    keeper->reset();
    offer->reset();
    return be_worker(*config, *std::move(prepared), *std::move(split));
  }
  // The worker's descriptors are not the keeper's to hold: a listener that lives on would take
  // connections that nobody answers.
  (*keeper)->offer(*std::move(offer));
  const bool took_over = static_cast<bool>(prepared->predecessor);
  const std::string first_pins = prepared->maps_reused ? "" : config->pin_dir;
  *prepared = Prepared{};
  if (const auto guarded = kernel::Plane::guard(config->pin_dir, {::getpid(), split->other});
      !guarded) {
    // The worker ends with its keeper.
    if (!first_pins.empty()) static_cast<void>(kernel::Plane::remove(first_pins));
    return fail(guarded.error());
  }
  return be_keeper(**keeper, *std::move(split), *std::move(keepers_maps), mount->path, first_pins,
                   took_over);
}

int main_or_throw(int argc, char** argv) {
  CLI::App app{"sluiced: the Sluice daemon"};
  std::string config_file;
  std::string log_level = "info";
  bool replace = false;
  bool uninstall = false;
  app.add_option("--config", config_file,
                 "configuration file (default: SLUICE_CONFIG, /etc/sluice/sluice.yaml)");
  app.add_option("--log-level", log_level, "trace, debug, info, warn or error");
  app.add_flag("--replace", replace,
               "take over from the daemon that runs: its connections go on in it until they end");
  app.add_flag("--remove-pins", uninstall,
               "remove what a daemon left pinned in the kernel, and exit");
  app.set_version_flag("--version", kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("sluiced"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %P %l %v");
  spdlog::set_level(spdlog::level::from_str(log_level));
  spdlog::flush_on(spdlog::level::info);

  const std::optional<std::string> named =
      config_file.empty() ? std::nullopt : std::optional{config_file};
  if (uninstall) {
    const auto config = control::load_config(named);
    if (!config) return fail(config.error());
    const auto removed = kernel::Plane::remove(config->pin_dir);
    if (!removed) return fail(removed.error());
    return 0;
  }
  return start(named, replace);
}

}  // namespace
}  // namespace sluice::daemon

int main(int argc, char** argv) {
  try {
    return sluice::daemon::main_or_throw(argc, argv);
  } catch (const std::exception& error) {
    spdlog::critical("sluiced: {}", error.what());
    return 1;
  }
}
