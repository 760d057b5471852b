// SPDX-License-Identifier: Apache-2.0
#include "cli/launch/launch.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "cli/launch/agent_filter.h"
#include "cli/launch/privileges.h"

namespace sluice::launch {
namespace {

// "NAME=value" as execve wants it: our own environment, then the plan's, each name once.
std::vector<std::string> merge_environment(const Environment& added) {
  std::vector<std::string> merged;
  const auto is_added = [&](std::string_view name) {
    for (const auto& entry : added)
      if (entry.first == name) return true;
    return false;
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (!is_added(text.substr(0, text.find('=')))) merged.emplace_back(text);
  }
  for (auto entry = added.begin(); entry != added.end(); ++entry) {
    const bool said_again = std::any_of(
        entry + 1, added.end(), [&](const auto& later) { return later.first == entry->first; });
    if (!said_again) merged.push_back(entry->first + "=" + entry->second);
  }
  return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What `sluice run` set for itself must not become the agent's: an ignored signal and a blocked
// one survive execve.
void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
}

Result<void> check(const LaunchPlan& plan) {
  if (plan.argv.empty() || plan.argv[0].empty())
    return Error::sys(EINVAL, "no command was given to run");
  for (const auto& [name, value] : plan.environment)
    if (name.empty() || name.find('=') != std::string::npos)
      return Error::sys(EINVAL, "'" + name + "' is not a name for an environment variable");
  return {};
}

Result<void> give_up(const LaunchPlan& plan) {
  if (::close_range(3, ~0U, 0) != 0) return Error::sys(errno, "close inherited descriptors");
  // The bounding set first: as another user it could no longer be lowered.
  SLUICE_TRY_VOID(reduce_capabilities());
  if (plan.user) SLUICE_TRY_VOID(become_user(*plan.user));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Error::sys(errno, "set no_new_privs");
  return install_agent_filter();
}

}  // namespace

Error become_agent(const LaunchPlan& plan) {
  if (const auto fit = check(plan); !fit) return fit.error();
  std::vector<std::string> arguments = plan.argv;
  Environment added;
  if (plan.user)
    added = {{"HOME", plan.user->home},
             {"USER", plan.user->name},
             {"LOGNAME", plan.user->name},
             {"SHELL", plan.user->shell}};
  added.insert(added.end(), plan.environment.begin(), plan.environment.end());
  std::vector<std::string> environment = merge_environment(added);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);

  if (const auto done = give_up(plan); !done) return done.error().within("become the agent");
  reset_signals();
  ::execvpe(argv[0], argv.data(), envp.data());
  return Error::sys(errno, "run '" + plan.argv[0] + "'");
}

Environment trust_environment(const std::string& host_ca, const std::string& bundle) {
  return {{"SSL_CERT_FILE", bundle},  {"REQUESTS_CA_BUNDLE", bundle},   {"CURL_CA_BUNDLE", bundle},
          {"GIT_SSL_CAINFO", bundle}, {"NODE_EXTRA_CA_CERTS", host_ca}, {"PGSSLROOTCERT", host_ca}};
}

}  // namespace sluice::launch
