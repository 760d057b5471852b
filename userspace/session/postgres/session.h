// SPDX-License-Identifier: Apache-2.0
// One PostgreSQL flow, from the agent's first byte to its last: start-up and TLS with the agent,
// login upstream, then the two directions of the conversation. Pure: see include/sluice/flow.h for
// how it meets the world.
#pragma once

#include <sluice/flow.h>

#include <memory>

#include "session/postgres/options.h"

namespace sluice::session {

std::unique_ptr<FlowSession> make_postgres_session(PostgresOptions options);

}  // namespace sluice::session
