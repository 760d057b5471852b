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

bool is_unix_socket(int socket);

}  // namespace sluice::daemon
