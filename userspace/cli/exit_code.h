// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::cli {

enum ExitCode : int {
  kDone = 0,
  kNo = 1,           // the answer is no: refused, not found, broken, not enforcing
  kUsage = 2,        // the command line, or the configuration that it names, is wrong
  kUnreachable = 3,  // the daemon cannot be asked
  // `sluice run`, once the daemon has agreed; as env(1) and sudo(8) have it.
  kCannotExecute = 126,
  kCommandNotFound = 127,
};

}  // namespace sluice::cli
