// SPDX-License-Identifier: Apache-2.0
#include "daemon/preflight.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/system_clock.h"
#include "base/unique_fd.h"
#include "daemon/policy_holder.h"
#include "daemon/users.h"
#include "keeper/sandbox.h"
#include "keeper/secret_file.h"

namespace sluice::daemon {
namespace {

// The child's whole report. Diagnostics of a policy that is wrong everywhere are cut off here.
constexpr std::size_t kReportBytesMax = 1u << 20;
constexpr const char* kFine = "+";
constexpr const char* kWrong = "-";

Result<void> check_worker_user(const control::Config& config) {
  const auto worker = find_user(config.worker_user);
  if (!worker)
    return Error{"worker_user: there is no user '" + config.worker_user +
                 "'; make it with `useradd --system --no-create-home " + config.worker_user +
                 "` or name another"};
  if (worker->uid == 0) return Error{"worker_user: must not be root"};
  return {};
}

// '+' and the names of secret files, a line each; or '-' and what is wrong.
std::string report_on_policy(const control::Config& config, pid_t parent, int keep) {
  keeper::WorkerIdentity identity;
  identity.user = config.worker_user;
  identity.keeper = parent;
  identity.keep_fds = {keep};
  if (const auto became = keeper::become_worker(identity); !became)
    return std::string{kWrong} + became.error().within("give up privileges").text();
  const SystemClock clock;
  PolicyHolder policies{config.policy_dir, clock};
  const auto policy = policies.read({});
  if (!policy) return std::string{kWrong} + policy.error().within("policy").text();
  std::string report = kFine;
  for (const std::string& file : (*policy)->secret_files()) report += file + '\n';
  return report;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_all(int fd) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    // Read to the end all the same, so that the child is not stopped by a full pipe.
    if (text.size() < kReportBytesMax) text.append(buffer, static_cast<std::size_t>(count));
  }
}

Result<std::string> ask_child(const control::Config& config) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error::sys(errno, "make a pipe");
  UniqueFd reading{ends[0]};
  UniqueFd writing{ends[1]};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Error::sys(errno, "fork the reader of the policy");
  if (child == 0) {
    reading.reset();
    try {
      write_all(writing.get(), report_on_policy(config, parent, writing.get()));
    } catch (const std::exception& thrown) {
      write_all(writing.get(), std::string{kWrong} + "policy: " + thrown.what());
    }
    ::_exit(0);
  }
  writing.reset();
  std::string report = read_all(reading.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || report.empty())
    return Error{"policy: its reader died before it could say whether it is right"};
  return report;
}

Result<std::vector<std::string>> secret_files_of_policy(const control::Config& config) {
  const auto asked = ask_child(config);
  if (!asked) return asked.error();
  const std::string& report = *asked;
  if (!report.starts_with(kFine)) return Error{report.substr(1)};
  std::vector<std::string> files;
  for (std::size_t from = 1; from < report.size();) {
    const std::size_t end = report.find('\n', from);
    if (end == std::string::npos) break;
    files.push_back(report.substr(from, end - from));
    from = end + 1;
  }
  return files;
}

}  // namespace

Result<void> check_before_the_kernel(const control::Config& config) {
  if (::geteuid() != 0)
    return Error{
        "sluiced must be started as root: it loads BPF programs and makes cgroups, and then gives "
        "root up for its worker"};
  SLUICE_TRY_VOID(check_worker_user(config));
  SLUICE_TRY(const auto files, secret_files_of_policy(config));
  SLUICE_TRY(const auto secrets, keeper::SecretFiles::open({config.secrets_dir}));
  for (const std::string& file : files) {
    const auto read = secrets.read_password(file);
    if (!read)
      return Error{read.error().text() + "; the policy names it as a password_file: write the " +
                   "password into it as its only line, owner root, mode 0600"};
  }
  return {};
}

}  // namespace sluice::daemon
