// SPDX-License-Identifier: Apache-2.0
// The directory on bpffs that keeps maps and links alive without a process.
#pragma once

#include <sluice/result.h>

#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::kernel {

class PinDirectory {
 public:
  // Makes "<path>", "<path>/maps" and "<path>/links", root-only, mounting bpffs on the parent where
  // there is none and nothing would be hidden by it. Holds a lock on it for its own life.
  static Result<PinDirectory> open(const std::string& path);

  // Without the lock.
  static std::string map_path_in(const std::string& directory, const std::string& map) {
    return directory + "/maps/" + map;
  }
  std::string map_path(const std::string& name) const { return map_path_in(path_, name); }
  std::string link_path(const std::string& name) const { return path_ + "/links/" + name; }
  std::vector<std::string> map_names() const;
  std::vector<std::string> link_names() const;

  // Detaches all links and unlinks all pins, links first, and the directory; unmounts a bpffs that
  // open() mounted for it, if nothing else is in there. Nothing there is not an error.
  static Result<void> remove(const std::string& path);

 private:
  PinDirectory(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

}  // namespace sluice::kernel
