// SPDX-License-Identifier: Apache-2.0
// A connection whose bytes are not read: protocol tcp (and dns over TCP) where the policy must be
// asked for each connect, because the rule has a condition or holds. What needs no asking never
// reaches the daemon (DIRECT).
#pragma once

#include <sluice/flow.h>
#include <sluice/resource.h>

#include <functional>
#include <memory>
#include <string>

#include "policy/policy.h"

namespace sluice::session {

struct OpaqueOptions {
  SessionId session;
  TicketId ticket;  // used if the connection is held
  std::shared_ptr<const Lineage> lineage;
  std::shared_ptr<const Resource> resource;
  std::function<const policy::Policy&()> policy;  // the one in force; good until the next call
  std::string destination;                        // "10.0.0.5:443", "unix:/run/x.sock"
};

// The bytes are counted but not recorded. A refusal is a reset: an opaque protocol has no error
// that we could speak.
std::unique_ptr<FlowSession> make_opaque_session(OpaqueOptions options);

}  // namespace sluice::session
