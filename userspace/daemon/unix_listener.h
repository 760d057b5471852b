// SPDX-License-Identifier: Apache-2.0
// Where connections to Unix sockets are steered to.
#pragma once

#include <sluice/result.h>

#include <string_view>

#include "base/unique_fd.h"

namespace sluice::daemon {

// A listening, non-blocking stream socket of an abstract name (`name`: without its NUL), in the
// network namespace of the caller.
Result<UniqueFd> listen_abstract(std::string_view name);

// From here on, who connects there is told of the calling process and not of the one that listened
// before (SO_PEERCRED). Who waits to be accepted goes on waiting.
Result<void> listen_as_this_process(int listener);

bool is_unix_socket(int socket);

}  // namespace sluice::daemon
