// SPDX-License-Identifier: Apache-2.0
// One call on the control socket, from the side of the command line. Blocking.
#pragma once

#include "control/backend.h"

#include <sluice/result.h>

#include <chrono>
#include <string>
#include <variant>

namespace sluice::control {

// The daemon could not be asked: no socket, nobody behind it, no answer in time, not its language.
struct Unreachable {
  std::string text;
};
using Reply = std::variant<std::string, Refusal, Unreachable>;  // string: the JSON document

class Client {
 public:
  explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}

  const std::string& socket_path() const { return path_; }

  // `body`: JSON, "" for none. The descriptor is close-on-exec and is gone when this returns.
  Reply call(const std::string& method, const std::string& target, const std::string& body,
             std::chrono::seconds timeout = std::chrono::seconds{30}) const;

 private:
  std::string path_;
};

}  // namespace sluice::control
