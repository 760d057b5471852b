// SPDX-License-Identifier: Apache-2.0
// Two daemons append to one directory while the first hands over to the second. Whoever appends to
// host.chain or the index, or makes a session's file, holds the turn while it does.
#pragma once

#include <sluice/result.h>

#include <string>

#include "base/unique_fd.h"

namespace sluice::record {

class AppendTurn {
 public:
  static Result<AppendTurn> of(const std::string& directory);

  // Waits for the other daemon, which holds it for a few system calls, or, at its start, while it
  // reads the chain. Ends with the process that holds it.
  Result<void> take();
  void give_back();

 private:
  explicit AppendTurn(UniqueFd directory) : directory_(std::move(directory)) {}
  UniqueFd directory_;
};

// A session's writer holds a lock on its file for as long as it lives.
bool has_living_writer(const std::string& session_path);

}  // namespace sluice::record
