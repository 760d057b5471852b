// SPDX-License-Identifier: Apache-2.0
#include "keeper/secret_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "keeper/beneath.h"
#include "keeper/protocol.h"

namespace sluice::keeper {
namespace {

std::string mode_text(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Result<void> check_file(const struct stat& status, const std::string& file) {
  if (!S_ISREG(status.st_mode)) return Error("'" + file + "' is not a regular file");
  if (status.st_uid != 0)
    return Error::sys(EPERM, "'" + file + "' belongs to uid " + std::to_string(status.st_uid) +
                                 ", not to root; run: chown root " + file);
  if ((status.st_mode & 077) != 0)
    return Error::sys(EPERM, "'" + file + "' has mode " + mode_text(status.st_mode) +
                                 ", so that others than root may reach it; run: chmod 600 " + file);
  if (static_cast<std::uint64_t>(status.st_size) > kSecretBytesMax)
    return Error::sys(
        EFBIG, "'" + file + "' is larger than " + std::to_string(kSecretBytesMax) + " bytes");
  return {};
}

Result<Secret> read_whole(int fd, const std::string& file) {
  // Reserved in full: a vector that grows would leave unwiped copies behind.
  Bytes bytes(kSecretBytesMax + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int err = errno;
      explicit_bzero(bytes.data(), bytes.size());
      return Error::sys(err, "read '" + file + "'");
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  Secret buffer{std::move(bytes)};
  if (size > kSecretBytesMax) return Error::sys(EFBIG, "'" + file + "' grew while it was read");
  const ByteView whole = buffer.for_wire();
  return Secret{Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))};
}

}  // namespace

Result<SecretFiles> SecretFiles::open(const std::vector<std::string>& directories) {
  SecretFiles files;
  for (std::string path : directories) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (path.size() < 2 || path[0] != '/')
      return Error("secrets directory '" + path + "' is not an absolute path below '/'");
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) return Error::sys(errno, "open the secrets directory '" + path + "'");
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Error::sys(errno, "stat '" + path + "'");
    // Whoever may write the directory may put a file of root into it by a hard link or a rename.
    if (status.st_uid != 0 || (status.st_mode & 022) != 0)
      return Error::sys(EPERM, "secrets directory '" + path + "' has mode " +
                                   mode_text(status.st_mode) + " and owner uid " +
                                   std::to_string(status.st_uid) + "; run: chown root " + path +
                                   " && chmod go-w " + path);
    files.directories_.push_back({path, std::move(fd)});
  }
  return files;
}

Result<Secret> SecretFiles::read(std::string_view name) const {
  const std::string file{name};
  for (const Directory& directory : directories_) {
    if (!name.starts_with(directory.path + "/")) continue;
    std::string rest = file.substr(directory.path.size() + 1);
    // O_NONBLOCK: a FIFO must not stop the keeper.
    auto fd =
        open_beneath(directory.fd.get(), rest, O_RDONLY | O_NONBLOCK | O_NOCTTY, Mounts::kMayCross);
    if (!fd) return fd.error().within("secret file '" + file + "'");
    struct stat status {};
    if (::fstat(fd->get(), &status) != 0) return Error::sys(errno, "stat '" + file + "'");
    auto fit = check_file(status, file);
    if (!fit) return fit.error().within("secret file");
    return read_whole(fd->get(), file);
  }
  return Error::sys(EPERM, "secret file '" + file +
                               "' is not below a configured secrets directory; move it there or "
                               "add its directory to 'secrets_dirs'");
}

Result<Secret> SecretFiles::read_password(std::string_view file) const {
  SLUICE_TRY(const Secret whole, read(file));
  return only_line(whole, file);
}

Result<Secret> only_line(const Secret& whole, std::string_view file) {
  ByteView line = whole.for_wire();
  if (!line.empty() && line.back() == '\n') line = line.first(line.size() - 1);
  if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
  const bool more_lines = std::find(line.begin(), line.end(), '\n') != line.end();
  if (line.empty() || more_lines)
    return Error("secret file '" + std::string(file) +
                 (line.empty() ? "' is empty" : "' has more than one line") +
                 "; it must hold the password on one line");
  return Secret{Bytes(line.begin(), line.end())};
}

}  // namespace sluice::keeper
