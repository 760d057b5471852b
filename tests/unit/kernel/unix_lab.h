// SPDX-License-Identifier: Apache-2.0
// Unix sockets for the tests: servers in a directory of the test's own, and clients that say what
// became of them.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/unique_fd.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {

struct UnixAddress {
  // The bytes of sun_path; an abstract name begins with a NUL. `ended`: a path with its NUL.
  explicit UnixAddress(const std::string& name, bool ended = true);
  sockaddr_un storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
std::string name_in(const sockaddr_un& address, socklen_t length);

// Bound to `name`, and listening where the type does that.
UniqueFd unix_server(const std::string& name, int type = SOCK_STREAM);

// "ok <name as getpeername says>" or the name of the errno.
std::string unix_connect(const UnixAddress& to, int type = SOCK_STREAM);
// "ok" or the name of the errno.
std::string unix_send(const UnixAddress& to);

UnixVerdictEntry unix_verdict(const std::string& name, UnixVerdict verdict);

// A directory that goes with its content.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::kernel::testing_lab
