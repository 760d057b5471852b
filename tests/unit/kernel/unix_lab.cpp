// SPDX-License-Identifier: Apache-2.0
#include "unix_lab.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>

namespace sluice::kernel::testing_lab {
namespace {
constexpr socklen_t kFamilyBytes = offsetof(sockaddr_un, sun_path);
}

UnixAddress::UnixAddress(const std::string& name, bool ended) {
  storage.sun_family = AF_UNIX;
  if (name.empty() || name.size() > sizeof storage.sun_path) fail("a name of no possible length");
  std::copy(name.begin(), name.end(), storage.sun_path);
  length = static_cast<socklen_t>(kFamilyBytes + name.size());
  if (ended && name.front() != '\0' && name.size() < sizeof storage.sun_path) ++length;
}

std::string name_in(const sockaddr_un& address, socklen_t length) {
  std::string name{address.sun_path, length > kFamilyBytes ? length - kFamilyBytes : 0};
  if (!name.empty() && name.front() != '\0' && name.back() == '\0') name.pop_back();
  return name;
}

UniqueFd unix_server(const std::string& name, int type) {
  const UnixAddress at{name};
  UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  if (!fd || ::bind(fd.get(), at.get(), at.length) != 0 ||
      (type != SOCK_DGRAM && ::listen(fd.get(), 128) != 0))
    fail("a Unix server at " + name + ": " + errno_name(errno));
  return fd;
}

std::string unix_connect(const UnixAddress& to, int type) {
  const UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  if (!fd) return "socket " + errno_name(errno);
  if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
  sockaddr_un peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length) != 0)
    return "getpeername " + errno_name(errno);
  return "ok " + name_in(peer, length);
}

std::string unix_send(const UnixAddress& to) {
  const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!fd) return "socket " + errno_name(errno);
  return ::sendto(fd.get(), "x", 1, 0, to.get(), to.length) == 1 ? "ok" : errno_name(errno);
}

UnixVerdictEntry unix_verdict(const std::string& name, UnixVerdict verdict) {
  UnixVerdictEntry entry;
  entry.subject = 1;
  entry.name = name;
  entry.verdict = verdict;
  entry.denied_errno = verdict == UnixVerdict::kDeny ? ECONNRESET : 0;
  entry.rule = 7;
  return entry;
}

ScratchDirectory::ScratchDirectory() {
  char made[] = "/tmp/sluice-unix-XXXXXX";
  if (::mkdtemp(made) == nullptr) fail("make a directory: " + errno_name(errno));
  path_ = made;
}
ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sluice::kernel::testing_lab
