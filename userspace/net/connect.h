// SPDX-License-Identifier: Apache-2.0
// Non-blocking connect to an upstream.
#pragma once

#include "base/unique_fd.h"
#include "net/upstream.h"

#include <sluice/result.h>

namespace sluice::net {

struct Connecting {
  UniqueFd fd;
  bool done = false;  // false: wait until it is writable, then ask connect_error()
};
// The error is fit for the agent: "connect to 10.0.0.5:5432: Connection refused".
Result<Connecting> start_connect(const UpstreamTarget& target);
// How a connect that was not done at once has ended.
Result<void> connect_error(int fd, const UpstreamTarget& target);

}  // namespace sluice::net
