// SPDX-License-Identifier: Apache-2.0
#include "control/policy_files.h"

#include "base/unique_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace sluice::control {
namespace {

constexpr std::size_t kFilesMax = 1000;
constexpr std::size_t kBytesMax = 32U << 20;  // of all together, as policy::CompileLimits

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_policy_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         (name.ends_with(".yaml") || name.ends_with(".yml"));
}

Result<void> check_owner(const struct stat& info, const std::string& path) {
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return Error{"'" + path + "' belongs to uid " + std::to_string(info.st_uid) +
                 ": a policy must belong to root"};
  if ((info.st_mode & 022) != 0)
    return Error{"'" + path + "' can be written by others: run chmod go-w on it"};
  return {};
}

Result<std::string> read_whole(int fd, const std::string& path, std::size_t room) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::sys(errno, "read '" + path + "'");
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > room)
      return Error{"the policy is larger than " + std::to_string(kBytesMax) + " bytes at '" + path +
                   "'"};
  }
}

}  // namespace

Result<std::vector<PolicyFile>> read_policy_files(const std::string& directory, bool trusted_only) {
  const std::string doing = "read the policy directory '" + directory + "'";
  std::unique_ptr<DIR, CloseDirectory> listing{::opendir(directory.c_str())};
  if (!listing) return Error::sys(errno, doing);
  struct stat info {};
  if (::fstat(::dirfd(listing.get()), &info) != 0) return Error::sys(errno, doing);
  if (trusted_only) SLUICE_TRY_VOID(check_owner(info, directory));

  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (is_policy_name(entry->d_name)) names.emplace_back(entry->d_name);
    if (names.size() > kFilesMax)
      return Error{doing + ": more than " + std::to_string(kFilesMax) + " files"};
    errno = 0;
  }
  if (errno != 0) return Error::sys(errno, doing);
  if (names.empty()) return Error{doing + ": there is no *.yaml file in it"};
  std::sort(names.begin(), names.end());

  std::vector<PolicyFile> files;
  std::size_t total = 0;
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    // O_NONBLOCK: a fifo must not hang the daemon's start.
    const UniqueFd fd{
        ::openat(::dirfd(listing.get()), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) return Error::sys(errno, "read '" + path + "'");
    if (::fstat(fd.get(), &info) != 0) return Error::sys(errno, "read '" + path + "'");
    if (!S_ISREG(info.st_mode)) return Error{"'" + path + "' is not a regular file"};
    if (trusted_only) SLUICE_TRY_VOID(check_owner(info, path));
    SLUICE_TRY(std::string text, read_whole(fd.get(), path, kBytesMax - total));
    total += text.size();
    files.push_back({path, std::move(text)});
  }
  return files;
}

}  // namespace sluice::control
