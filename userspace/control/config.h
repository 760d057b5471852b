// SPDX-License-Identifier: Apache-2.0
// sluice.yaml: where the daemon keeps its things. Both programs read it (`--config FILE`, else
// SLUICE_CONFIG, else /etc/sluice/sluice.yaml). Every key may be left out; an unknown key, a wrong
// type or a relative path is an error with file:line:column.
#pragma once

#include <sluice/result.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::control {

// What a commit of a recording waits for. `process`: the data is in the kernel and survives the
// death of the daemon. `disk`: it is on the disk and survives the death of the machine.
enum class Durability : std::uint8_t { kProcess, kDisk };
std::string_view name_of(Durability durability);

struct Config {
  std::string policy_dir = "/etc/sluice/policies";
  std::string state_dir = "/var/lib/sluice";  // store, recordings, keys, host CA
  std::string run_dir = "/run/sluice";        // control socket, CA certificate for agents
  std::string cgroup_root;                    // absolute directory; "" is the root of cgroup2
  std::string listen = "127.0.0.1:0";         // for steered connections; port 0: any free port
  std::string console;                        // HOST:PORT of the web console on loopback; "": none
  std::string
      audit;  // file that gets one JSON line for each kernel event; "": state_dir/audit.jsonl
  bool audit_required = false;  // what cannot be reported there is refused
  std::string worker_user = "sluice";
  std::string secrets_dir = "/etc/sluice/secrets";
  std::string pin_dir = "/sys/fs/bpf/sluice";
  // How long the sessions of a daemon that was replaced may go on.
  std::chrono::seconds drain_timeout = std::chrono::minutes{10};
  // Once the threads of the worker have not answered for so long, the kernel refuses every connect.
  std::uint32_t heartbeat_limit_ms = 10'000;  // 1000 to 600000
  std::uint32_t threads = 0;                  // worker threads; 0: one for each core, at most 16
  Durability durability = Durability::kProcess;

  std::string file;  // where it was read from; "" where the defaults stand alone

  std::string control_socket() const { return run_dir + "/control.sock"; }
  std::string hand_over_socket() const { return run_dir + "/handover.sock"; }
  std::string recordings_dir() const { return state_dir + "/recordings"; }
  std::string key_dir() const { return state_dir + "/keys"; }  // recording.key, recording.pub
  std::string store_file() const { return state_dir + "/store"; }
  std::string audit_file() const { return audit.empty() ? state_dir + "/audit.jsonl" : audit; }
};

// `file` is only for the messages.
Result<Config> parse_config(std::string_view text, const std::string& file);

// `option` is what --config said. Without it: the environment's SLUICE_CONFIG, else
// /etc/sluice/sluice.yaml, which alone may be missing (then all defaults hold).
Result<Config> load_config(const std::optional<std::string>& option);

}  // namespace sluice::control
