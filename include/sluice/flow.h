// SPDX-License-Identifier: Apache-2.0
// The seam between a protocol and the world (DESIGN.md section 4). A protocol session is a pure
// state machine: inputs in, actions out, in order; same inputs, same actions. The driver in net/
// performs them.
#pragma once

#include <sluice/bytes.h>
#include <sluice/clock.h>
#include <sluice/event.h>
#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

namespace sql {
class Catalog;
}

enum class Side : std::uint8_t { kAgent = 0, kUpstream = 1 };

// --- inputs
// ---------------------------------------------------------------------------------------------

// Everything received on `side` and not yet consumed, oldest byte first. handle() returns how many
// bytes from the front it has consumed; the rest is given again, longer, when more arrives (or at
// once after a Resume).
struct Received {
  Side side;
  ByteView bytes;
};
// TLS is up on `side`. For the upstream side, `endpoint_hash` is the tls-server-end-point channel
// binding (RFC 5929).
struct TlsStarted {
  Side side;
  Bytes endpoint_hash;
  std::string description;  // "TLSv1.3 TLS_AES_256_GCM_SHA384"
};
struct UpstreamConnected {};
struct UpstreamFailed {
  std::string reason;  // one sentence, fit for the agent: no credential, no path of a secret
};
// The peer of `side` closed its sending half.
struct SideClosed {
  Side side;
};
struct Decision {
  TicketId ticket;
  DecisionKind kind;
  std::string by;
  std::string note;
};
// The catalogue that the session asked for, or why there is none.
struct CatalogArrived {
  std::shared_ptr<const sql::Catalog> catalog;  // null: see reason
  std::string reason;
};
// Whoever asked for a cancel learns that it is done when the last copy of its receipt is gone:
// done, given up or dropped. What is in it is the driver's.
using CancelReceipt = std::shared_ptr<const void>;
// The agent asked, over a connection of its own, to cancel what this session is doing.
struct CancelAsked {
  CancelReceipt receipt;
};
// What ForwardCancel asked for is done, or nobody was to be asked.
struct CancelDelivered {};
// A deadline that the session set with SetTimer has passed.
struct TimerFired {};
// Revocation, shutdown, or a record that could not be written: end the session with a true error of
// the protocol.
struct Terminate {
  std::string reason;
};

using Input =
    std::variant<Received, TlsStarted, UpstreamConnected, UpstreamFailed, SideClosed, Decision,
                 CatalogArrived, CancelAsked, CancelDelivered, TimerFired, Terminate>;

// --- actions
// --------------------------------------------------------------------------------------------
// Views in actions point into the input's bytes or into memory that the session keeps until the
// next handle().

// Must be durable before any Send that follows it is performed.
struct Record {
  Event event;
};
struct Send {
  Side side;
  ByteView bytes;
};
// Put a held statement to its approvers.
struct Ask {
  TicketId ticket;
  std::uint64_t statement;
  Intent intent;
  Verdict verdict;
  std::optional<PlanQuestion> plan;  // for an estimate of rows; null: there is none to be had
};
struct Withdraw {
  TicketId ticket;
  std::string reason;
};
// Start TLS on `side`: as a server towards the agent, as a client towards the upstream. What `side`
// has sent and the session did not consume is the beginning of the handshake. `direct`: TLS from
// the first byte, ALPN required.
struct StartTls {
  Side side;
  bool direct = false;
};
struct ConnectUpstream {};
// Ask for the catalogue of `database`; `fresh` forbids an answer from before this moment, and
// `generation` (DatabaseNews) one from before that.
struct NeedCatalog {
  std::string database;
  bool fresh = false;
  std::uint64_t generation = 0;
};
// The key that the agent was given for CancelRequest. From now on a cancel with it reaches this
// session as CancelAsked.
struct OfferCancelKey {
  Bytes key;  // process id and secret, as on the wire
};
// Deliver a CancelRequest that the agent made on this connection to the session that offered `key`.
// CancelDelivered follows: a client takes the end of this connection for the moment from which its
// next statement is safe.
struct ForwardCancel {
  Bytes key;
};
// Send these bytes to the upstream over a connection of their own, with the upstream's TLS setting,
// then close it.
struct SendCancelUpstream {
  Bytes request;  // the whole CancelRequest message
  CancelReceipt receipt;
};
struct SetTimer {
  SteadyTime at;  // replaces the earlier one; TimePoint::max() clears it
};
// Half-close: nothing more will be sent to `side`.
struct FinishSending {
  Side side;
};
// End of the flow. What was queued to the agent is still delivered, unless `reset`: then the
// agent's socket is reset.
struct Close {
  std::string reason;
  bool reset = false;
};

using FlowAction =
    std::variant<Record, Send, Ask, Withdraw, StartTls, ConnectUpstream, NeedCatalog,
                 OfferCancelKey, ForwardCancel, SendCancelUpstream, SetTimer, FinishSending, Close>;
using FlowActions = std::vector<FlowAction>;

// What a session can do with bytes of one side. It says so, and pausing has one owner: the driver
// reads a side while there is demand for it and the other side's queue is below its watermark.
enum class Demand : std::uint8_t {
  // They are offered, and more are read for as long as a message has not ended. One that is longer
  // than the driver's limit ends the flow.
  kMore,
  // Something else must come first: what is there is offered again after each input, and more is
  // read up to a bound, where it stops.
  kLater,
  // The session has done enough at once: what is there is offered again, also where nothing more
  // arrives, when other flows have had their turn.
  kInTurn,
  kNone  // not offered
};

class FlowSession {
 public:
  virtual ~FlowSession() = default;
  // Appends to `out` what must be done, in order. Returns how many bytes of a Received were
  // consumed; 0 otherwise.
  virtual std::size_t handle(const Input& input, SteadyTime now, WallTime wall,
                             FlowActions& out) = 0;
  virtual Demand demand(Side side) const = 0;
};

}  // namespace sluice
