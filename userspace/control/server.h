// SPDX-License-Identifier: Apache-2.0
// The control API: HTTP/1.1 and JSON over a Unix socket. One thread does the I/O, a few more call
// the backend, so that neither a slow client nor a slow call keeps others waiting.
#pragma once

#include "base/unique_fd.h"
#include "control/backend.h"

#include <sluice/result.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace sluice::control {

struct ServerLimits {
  std::size_t connections_max = 64;  // of users outside of runs; root may always connect
  // One user cannot use all of them up, and agents, who may run as the very user that approves,
  // only their own share.
  std::size_t connections_per_user_max = 16;
  std::size_t connections_in_runs_max = 16;
  std::uint32_t header_bytes_max = 8 * 1024;
  std::uint32_t body_bytes_max = 64 * 1024;
  // From the end of one answer to the end of the next request, and to take a whole answer.
  std::chrono::seconds request_timeout{15};
  std::chrono::seconds follow_max{30};  // longest that a long poll is held
  std::size_t backend_threads = 2;
};

// One call on the control socket that was refused, for the daemon's log.
struct RefusedCall {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  std::string user;
  std::string run;  // innermost run of the caller, "" outside
  std::string operation;
  std::string reason;
};

// Listens on `path`, replacing a socket that nobody serves any more; mode 0666, because each call
// is authorised by its caller. Used by the privileged side before it drops its rights. Error when
// another daemon answers there.
Result<UniqueFd> open_control_socket(const std::string& path);

class ControlServer {
 public:
  using OnRefused = std::function<void(const RefusedCall&)>;

  // Takes the listening socket. Runs until destroyed; calls `backend` and `on_refused` from its own
  // threads, never after the destructor returned.
  static Result<std::unique_ptr<ControlServer>> start(UniqueFd listener, ControlBackend& backend,
                                                      OnRefused on_refused,
                                                      const ServerLimits& limits = {});
  virtual ~ControlServer() = default;

  // Wakes those who wait for a change of the approvals. Cheap, from any thread.
  virtual void approvals_changed() = 0;
};

}  // namespace sluice::control
