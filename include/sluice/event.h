// SPDX-License-Identifier: Apache-2.0
// What a recording is made of. Producers fill these structs; record/ encodes, chains and stores
// them. Nothing unmasked and no credential may be put into one (invariants 7 and 9).
#pragma once

#include <sluice/bytes.h>
#include <sluice/identity.h>
#include <sluice/intent.h>
#include <sluice/resource.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace sluice {

// First event of every session.
struct SessionOpened {
  SessionId session;
  FlowId flow = 0;
  Lineage lineage;
  std::string resource;  // "" where the destination matched none and the flow was refused
  std::string protocol;
  Endpoint agent_address;         // source of the agent's leg
  Endpoint original_destination;  // where the agent meant to go
  std::uint64_t policy_version = 0;
};

// Something worth knowing that is not a statement: "logged in upstream", "TLS 1.3 to the agent",
// "cancelled".
struct Remark {
  std::string text;
};

// Recorded before the first byte of the statement goes upstream, or before it is refused.
struct StatementJudged {
  std::uint64_t statement = 0;  // 1, 2, ... within the session
  Intent intent;                // its lineage is not written again; the session has it
  Verdict verdict;
  TicketId ticket;  // where the verdict is hold
};

enum class DecisionKind : std::uint8_t { kApproved, kDenied, kExpired, kWithdrawn };

// How a held statement ended.
struct HoldDecided {
  TicketId ticket;
  std::uint64_t statement = 0;
  DecisionKind kind = DecisionKind::kDenied;
  std::string by;    // users who decided, comma separated; "" for expired and withdrawn
  std::string note;  // the approver's note, the denier's reason, or why it was withdrawn
};

// Bytes of the protocol as the agent gets them (after TLS, masked). Views must live until append()
// returns.
struct AgentSees {
  ByteView bytes;
};

// Last event of every session that ended in order. A session without one was cut off.
struct SessionClosed {
  std::string reason;
  std::uint64_t bytes_from_agent = 0;
  std::uint64_t bytes_to_agent = 0;
  std::uint64_t statements = 0;
};

using Event =
    std::variant<SessionOpened, Remark, StatementJudged, HoldDecided, AgentSees, SessionClosed>;

}  // namespace sluice
