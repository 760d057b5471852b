// SPDX-License-Identifier: Apache-2.0
// The last steps of `sluice run`, in the process that becomes the agent, after the daemon has moved
// it into the run's cgroup.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::launch {

using Environment = std::vector<std::pair<std::string, std::string>>;

struct TargetUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home;
  std::string shell;
};
Result<TargetUser> find_user(const std::string& name);

struct LaunchPlan {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  // Whom to become; only root may name another than itself. Without one the agent runs as whoever
  // called `sluice run`, root included: root says --user when it wants another.
  std::optional<TargetUser> user;
  Environment environment;  // added to this process's own, replacing the same names
};

// Closes every descriptor from 3 up, gives up privileges, sets no_new_privs, installs the agent's
// seccomp filter (agent_filter.h) and executes. Does not return on success. After an error the
// process must exit (Error::code() ENOENT: no such command): part of it may have been done.
Error become_agent(const LaunchPlan& plan);

// The variables that make clients trust the host CA. `bundle`: the system's CAs and the host CA,
// for variables that replace a client's whole trust; `host_ca`: the host CA alone, for those that
// add to it or that name the one issuer to expect. Both absolute.
Environment trust_environment(const std::string& host_ca, const std::string& bundle);

}  // namespace sluice::launch
