// SPDX-License-Identifier: Apache-2.0
// One question to the daemon, its answer read or its refusal told to the person.
#pragma once

#include "cli/context.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

namespace sluice::cli {

// What came back: the document, or the exit code after `err` was written to.
struct Asked {
  std::optional<std::string> document;
  int code = 0;
};
Asked ask(Context& context, const std::string& method, const std::string& target,
          const std::string& body = {});

// Says on `err` that the daemon's answer cannot be read, and gives the exit code for it.
int unreadable(Context& context, const Error& error);

}  // namespace sluice::cli
