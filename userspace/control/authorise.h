// SPDX-License-Identifier: Apache-2.0
// Who may call what on the control socket: one table. Pure. What the table cannot know (is this
// person an approver of this very ticket, may this user launch this very agent) the backend checks
// after it.
#pragma once

#include "control/backend.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::control {

enum class Operation : std::uint8_t {
  kStatus,
  kAgents,
  kFlows,
  kDoctor,
  kApprovals,
  kSessions,
  kApprove,
  kDeny,
  kRevoke,
  kRun,
  kReload,
  kCount_
};
std::string_view name_of(Operation operation);

// What a caller is. Somebody inside a run is that and nothing else, root or not: an agent must
// never approve its own statements because it happens to run as the person who may.
struct Standing {
  bool inside_run = false;
  bool root = false;       // uid 0
  bool operators = false;  // member of the group sluice
  bool approver = false;   // named by some rule, see ControlBackend::is_approver
  bool launcher = false;   // named by some agent
};

// What one kind of caller gets of one operation.
enum class Extent : std::uint8_t {
  kNo,
  kOwnRun,   // Scope::own_run
  kOwnUser,  // Scope::own_user
  kNamed,    // Scope::named
  kAll       // Scope::everything
};
enum class CallerKind : std::uint8_t {
  kInsideRun,
  kRoot,
  kOperator,
  kApprover,
  kLauncher,
  kOther,
  kCount_
};
Extent extent_for(Operation operation, CallerKind kind);  // one cell of the table

struct Authorisation {
  bool allowed = false;
  Scope scope;         // the union over what the caller is
  std::string reason;  // one sentence for the caller, where it is not allowed
};
Authorisation authorise(Operation operation, const Standing& standing);

}  // namespace sluice::control
