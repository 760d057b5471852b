// SPDX-License-Identifier: Apache-2.0
// What the daemon says about an accepted connection, so that net/ can run it.
#pragma once

#include "net/host_ca.h"
#include "net/upstream.h"

#include <sluice/flow.h>
#include <sluice/identity.h>
#include <sluice/ports.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice::net {

// How a flow went; for metrics and the reconciliation with the kernel's close event.
struct FlowSummary {
  FlowId flow = 0;
  SessionId session;
  std::string reason;
  std::uint64_t bytes_from_agent = 0;  // after TLS
  std::uint64_t bytes_to_agent = 0;
  std::uint64_t statements = 0;
  bool recorded = true;  // false: the recorder failed and the flow was cut for it
};

struct FlowSetup {
  std::unique_ptr<FlowSession> session;   // never null
  std::unique_ptr<SessionWriter> writer;  // never null; its opening is already committed
  SessionId session_id;
  FlowId flow = 0;
  std::shared_ptr<const Lineage> lineage;    // never null nor empty
  std::shared_ptr<const Resource> resource;  // null: matched none; the session refuses by itself
  Endpoint agent;                            // source of the agent's leg
  Endpoint original_destination;
  UpstreamSettings upstream;
  LeafNames leaf_names;    // of the certificate shown to the agent: host names of the resource; the
                           // driver adds the original destination's IP
  std::string agent_alpn;  // "postgresql": demanded with direct TLS, tolerated if absent otherwise
  std::function<void(const FlowSummary&)> on_closed;  // may be empty; on the flow's thread, once
};

// Called on a worker thread, from several at once, with a non-blocking connected socket that it
// does not own. Takes the flow record, finds run and resource, opens the recording. An Error: the
// connection is reset.
using OnAccept = std::function<Result<FlowSetup>(int accepted_fd)>;

// Bounds on what one flow may hold.
struct FlowLimits {
  // Bytes received on one side that the session has not consumed: a message larger than this cannot
  // be judged whole, and is not buffered for ever.
  std::size_t input_bytes_max = 17u << 20;
  // Queue towards one side above which the other side is not read any more, and the level at which
  // it is again.
  std::size_t output_high_bytes = 256u << 10;
  std::size_t output_low_bytes = 64u << 10;
  // Queue towards one side at which the flow is cut: only a session that answers far more than it
  // was given gets here.
  std::size_t output_bytes_max = 64u << 20;
  // How long a closing flow may take to deliver what is queued, and an agent's TLS handshake to
  // end.
  std::chrono::milliseconds drain_timeout{10'000};
  std::chrono::milliseconds handshake_timeout{15'000};
};

}  // namespace sluice::net
