// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/unique_fd.h"
#include "daemon/random.h"

namespace sluice::daemon {
namespace {

constexpr std::size_t kKeyBytes = 32;

Result<void> write_new(const std::string& path, ByteView bytes, mode_t mode) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (!file) return Error::sys(errno, "make '" + path + "'");
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::sys(errno, "write '" + path + "'");
    written += static_cast<std::size_t>(count);
  }
  if (::fsync(file.get()) != 0) return Error::sys(errno, "write '" + path + "'");
  return {};
}

Result<void> replace(const std::string& path, ByteView bytes, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  SLUICE_TRY_VOID(write_new(fresh, bytes, mode));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return Error::sys(errno, "make '" + path + "'");
  return {};
}

}  // namespace

Result<Secret> load_or_make_key(const std::string& path) {
  UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file && errno == ENOENT) {
    SLUICE_TRY_VOID(replace(path, random_bytes(kKeyBytes), 0600));
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (!file) return Error::sys(errno, "open '" + path + "'");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Error::sys(errno, "look at '" + path + "'");
  if ((status.st_mode & 077) != 0)
    return Error{"'" + path + "' can be read by others than its owner; run: chmod 600 " + path};
  Bytes bytes(kKeyBytes);
  if (::read(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(kKeyBytes))
    return Error{"'" + path +
                 "' is too short to be a key; remove it, and masks by hash start anew"};
  return Secret{std::move(bytes)};
}

Result<void> publish_file(const std::string& from, const std::string& to) {
  std::ifstream in{from, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return Error{"cannot read '" + from + "'"};
  return replace(to, as_bytes(text.str()), 0644);
}

}  // namespace sluice::daemon
