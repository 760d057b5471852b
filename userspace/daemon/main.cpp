// SPDX-License-Identifier: Apache-2.0
// sluiced: prepares as root, splits into keeper and worker, and stays as the keeper (DESIGN.md
// section 4).
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <optional>
#include <string>

#include "base/cgroup_mount.h"
#include "base/version.h"
#include "control/config.h"
#include "daemon/privileged.h"
#include "daemon/wire.h"
#include "keeper/keeper.h"
#include "keeper/sandbox.h"
#include "kernel/kernel_maps.h"
#include "kernel/plane.h"
#include "kernel/sock_destroy.h"
#include "kernel/socket_census.h"

namespace sluice::daemon {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

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
  for (const UniqueFd& map : prepared.maps.fds) keep.push_back(map.get());
  for (const UniqueFd& listener : prepared.listeners) keep.push_back(listener.get());
  return keep;
}

int be_worker(const control::Config& config, Prepared prepared, keeper::Split split) {
  keeper::WorkerIdentity identity;
  identity.user = config.worker_user;
  identity.keeper = split.other;
  identity.keep_fds = descriptors_of(prepared, split);
  if (const auto became = keeper::become_worker(identity); !became)
    return fail(became.error().within("give up privileges"));
  const auto ran = run_worker(config, std::move(prepared), std::move(split.socket));
  if (!ran) return fail(ran.error());
  return 0;
}

int be_keeper(keeper::Keeper& keeper, keeper::Split split, kernel::MapDescriptors maps,
              const std::string& mount) {
  const auto end = keeper.serve(std::move(split.socket), split.other);
  spdlog::info("worker {}", end.text);
  // Whatever ended it: from now on nothing is steered to a port that anybody might take.
  if (auto kernel = kernel::KernelMaps::adopt(std::move(maps), mount))
    static_cast<void>((*kernel)->set_listeners(std::nullopt, std::nullopt));
  return end.exit_status;
}

int start(const std::optional<std::string>& config_file) {
  const auto config = control::load_config(config_file);
  if (!config) return fail(config.error());
  const auto mount = find_cgroup_mount();
  if (!mount) return fail(mount.error());
  auto prepared = prepare_as_root(*config);
  if (!prepared) return fail(prepared.error());
  auto keeper = keeper::Keeper::open(keeper_config(*config));
  if (!keeper) return fail(keeper.error());
  auto keepers_maps = kernel::duplicate(prepared->maps);
  if (!keepers_maps) return fail(keepers_maps.error());
  auto split = keeper::split_process();
  if (!split) return fail(split.error());
  if (split->worker) {
    keeper->reset();
    return be_worker(*config, *std::move(prepared), *std::move(split));
  }
  // The worker's descriptors are not the keeper's to hold: a listener that lives on would take
  // connections that nobody answers.
  *prepared = Prepared{};
  return be_keeper(**keeper, *std::move(split), *std::move(keepers_maps), mount->path);
}

int main_or_throw(int argc, char** argv) {
  CLI::App app{"sluiced: the Sluice daemon"};
  std::string config_file;
  std::string log_level = "info";
  bool uninstall = false;
  app.add_option("--config", config_file,
                 "configuration file (default: SLUICE_CONFIG, /etc/sluice/sluice.yaml)");
  app.add_option("--log-level", log_level, "trace, debug, info, warn or error");
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
  return start(named);
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
