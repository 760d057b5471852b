// SPDX-License-Identifier: Apache-2.0
// The daemon's reports as people read them. Pure.
#pragma once

#include "control/backend.h"

#include <string>
#include <vector>

namespace sluice::cli {

std::string show(const control::StatusReport& report, WallTime now);
std::string show(const std::vector<control::AgentRow>& agents, WallTime now);
std::string show(const std::vector<control::FlowRow>& flows, WallTime now);
std::string show(const control::DoctorReport& report);
std::string show(const control::ApprovalsReport& report, WallTime now);
// One request, whole: what a person needs to decide.
std::string show(const control::ApprovalRow& row, WallTime now);
std::string show(const control::VoteReply& reply, const TicketId& ticket);
std::string show(const control::RevokeReply& reply);

}  // namespace sluice::cli
