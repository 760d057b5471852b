// SPDX-License-Identifier: Apache-2.0
// Files with credentials, and the directories that they may lie in.
#pragma once

#include <sluice/result.h>
#include <sluice/secret.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::keeper {

class SecretFiles {
 public:
  // Each directory: absolute, of root, not writable by group or others.
  static Result<SecretFiles> open(const std::vector<std::string>& directories);

  // The bytes of `file`, at most kSecretBytesMax: a regular file of root below one of the
  // directories, with no permission for group or others, reached without a symbolic link.
  Result<Secret> read(std::string_view file) const;
  // The file's only line; see only_line().
  Result<Secret> read_password(std::string_view file) const;

 private:
  struct Directory {
    std::string path;  // without a trailing '/'
    UniqueFd fd;
  };
  std::vector<Directory> directories_;
};

// The only line of a secret file's bytes, without its end. An empty file or a second line is an
// error.
Result<Secret> only_line(const Secret& whole, std::string_view file);

}  // namespace sluice::keeper
