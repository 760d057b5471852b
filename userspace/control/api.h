// SPDX-License-Identifier: Apache-2.0
// The endpoints: a request of a known caller in, status and JSON out. Knows no socket.
//
//   GET  /v1/status /v1/agents /v1/flows /v1/doctor /v1/sessions
//   GET  /v1/approvals[?decided=1][&after=VERSION&wait=SECONDS]   the long poll is the server's
//   part POST /v1/approvals/TICKET/approve {"note", "grant_for_s"} POST /v1/approvals/TICKET/deny
//   {"note"} POST /v1/revoke {"target"}   POST /v1/runs {"agent", "on_behalf_of", "task", "user"}
//   POST /v1/policy/reload {}
// A refusal is {"error": {"kind", "text"}} with a status to match.
#pragma once

#include "control/authorise.h"
#include "control/backend.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::control {

struct Route {
  Operation operation = Operation::kStatus;
  TicketId ticket;                             // approve, deny
  bool decided = false;                        // approvals
  std::optional<std::uint64_t> after_version;  // approvals: wait for a later one
  std::chrono::seconds wait{0};
};
// By method and target ("/v1/approvals?decided=1").
Answer<Route> route(std::string_view method, std::string_view target);

struct Response {
  unsigned status = 200;
  std::string body;
  bool refused = false;      // by authorisation or by the backend as forbidden
  std::string reason;        // of a refusal
  bool close_after = false;  // the caller is in another place now: it must connect anew
};
Response refuse(const Refusal& refusal);

class Api {
 public:
  explicit Api(ControlBackend& backend) : backend_(backend) {}

  // Fills caller.lineage. A caller whose runs cannot be told is refused.
  Answer<Caller> place(Caller caller);
  Standing standing_of(const Caller& caller);
  Response handle(const Caller& caller, const Route& route, std::string_view body);

 private:
  Response perform(const Asking& asking, const Route& route, std::string_view body);

  ControlBackend& backend_;
};

}  // namespace sluice::control
