// SPDX-License-Identifier: Apache-2.0
// The control API's documents, both ways: the daemon writes them, the command line reads them. Keys
// are stable; a reader ignores keys that it does not know, so that a newer daemon can say more.
// Requests are read strictly.
#pragma once

#include "control/backend.h"

#include <sluice/result.h>

#include <boost/json/fwd.hpp>

namespace sluice::control {

// --- replies
boost::json::value to_json(const StatusReport& report);
boost::json::value to_json(const std::vector<AgentRow>& agents);
boost::json::value to_json(const std::vector<FlowRow>& flows);
boost::json::value to_json(const DoctorReport& report);
boost::json::value to_json(const ApprovalsReport& report);
boost::json::value to_json(const std::vector<SessionRow>& sessions);
boost::json::value to_json(const VoteReply& reply);
boost::json::value to_json(const RevokeReply& reply);
boost::json::value to_json(const RunReply& reply);
boost::json::value to_json(const ReloadReply& reply);
boost::json::value to_json(const Refusal& refusal);

// read(value, out): an Error says what is missing or of the wrong type.
Result<void> read(const boost::json::value& value, StatusReport& out);
Result<void> read(const boost::json::value& value, std::vector<AgentRow>& out);
Result<void> read(const boost::json::value& value, std::vector<FlowRow>& out);
Result<void> read(const boost::json::value& value, DoctorReport& out);
Result<void> read(const boost::json::value& value, ApprovalsReport& out);
Result<void> read(const boost::json::value& value, VoteReply& out);
Result<void> read(const boost::json::value& value, RevokeReply& out);
Result<void> read(const boost::json::value& value, RunReply& out);
Result<void> read(const boost::json::value& value, ReloadReply& out);
Result<void> read(const boost::json::value& value, Refusal& out);

// --- requests
boost::json::value to_json(const RunRequest& request);
boost::json::value to_json(const VoteRequest& request);  // without ticket and approve: in the path
boost::json::value to_json(const RevokeRequest& request);
Result<void> read(const boost::json::value& value, RunRequest& out);
Result<void> read(const boost::json::value& value, VoteRequest& out);
Result<void> read(const boost::json::value& value, RevokeRequest& out);

}  // namespace sluice::control
