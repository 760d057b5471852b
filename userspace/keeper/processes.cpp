// SPDX-License-Identifier: Apache-2.0
#include "keeper/processes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace sluice::keeper {
namespace {

constexpr std::uint64_t kPfKthread = 0x00200000;  // PF_KTHREAD of the kernel's <linux/sched.h>

Result<std::string> read_small(const std::string& path) {
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return Error::sys(errno, "open '" + path + "'");
  char buffer[4096];
  const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
  if (got < 0) return Error::sys(errno, "read '" + path + "'");
  return std::string(buffer, static_cast<std::size_t>(got));
}

}  // namespace

Result<pid_t> pid_of(int pidfd) {
  SLUICE_TRY(const std::string text, read_small("/proc/self/fdinfo/" + std::to_string(pidfd)));
  constexpr std::string_view kKey = "\nPid:\t";
  const std::size_t at = text.find(kKey);
  if (at == std::string::npos) return Error::sys(EBADF, "the descriptor is not a pidfd");
  pid_t pid = 0;
  const char* const first = text.data() + at + kKey.size();
  if (std::from_chars(first, text.data() + text.size(), pid).ec != std::errc{})
    return Error::sys(EBADF, "the descriptor is not a pidfd");
  // -1: reaped; 0: a process of another pid namespace.
  if (pid <= 0) return Error::sys(ESRCH, "the process is gone, or not one that is visible here");
  return pid;
}

Result<bool> is_kernel_thread(pid_t pid) {
  SLUICE_TRY(const std::string stat, read_small("/proc/" + std::to_string(pid) + "/stat"));
  // The name is in parentheses and may hold anything, also ")": fields begin after the last one.
  std::size_t at = stat.rfind(')');
  // state ppid pgrp session tty_nr tpgid flags (proc(5), fields 3 to 9)
  for (int field = 0; field < 7 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  std::uint64_t flags = 0;
  if (at == std::string::npos ||
      std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), flags).ec != std::errc{})
    return Error("cannot read the flags of process " + std::to_string(pid));
  return (flags & kPfKthread) != 0;
}

}  // namespace sluice::keeper
