// SPDX-License-Identifier: Apache-2.0
#include "control/authorise.h"

#include <array>

namespace sluice::control {
namespace {

struct Row {
  Operation operation;
  std::string_view name;
  std::array<Extent, static_cast<std::size_t>(CallerKind::kCount_)> extents;
};

constexpr Extent kNo = Extent::kNo, kRun = Extent::kOwnRun, kUser = Extent::kOwnUser,
                 kNamed = Extent::kNamed, kAll = Extent::kAll;

// clang-format off
constexpr Row kTable[] = {
    //                                    inside a run  root    operator  approver  launcher  other
    {Operation::kStatus,    "status",    {{kRun,        kAll,   kAll,     kAll,     kAll,     kNo}}},
    {Operation::kAgents,    "agents",    {{kRun,        kAll,   kAll,     kNo,      kUser,    kNo}}},
    {Operation::kFlows,     "flows",     {{kRun,        kAll,   kAll,     kNo,      kUser,    kNo}}},
    {Operation::kDoctor,    "doctor",    {{kNo,         kAll,   kAll,     kAll,     kAll,     kNo}}},
    {Operation::kApprovals, "approvals", {{kRun,        kAll,   kAll,     kNamed,   kUser,    kNo}}},
    {Operation::kSessions,  "sessions",  {{kNo,         kAll,   kAll,     kNo,      kUser,    kNo}}},
    // Root and the operators too only where the rule names them: the backend asks the rule.
    {Operation::kApprove,   "approve",   {{kNo,         kNamed, kNamed,   kNamed,   kNo,      kNo}}},
    {Operation::kDeny,      "deny",      {{kNo,         kNamed, kNamed,   kNamed,   kNo,      kNo}}},
    // An approver may take back a grant that they helped give.
    {Operation::kRevoke,    "revoke",    {{kNo,         kAll,   kAll,     kNamed,   kUser,    kNo}}},
    // Outside a run the policy's launchers decide; root is one only where the policy says so.
    {Operation::kRun,       "run",       {{kRun,        kNamed, kNamed,   kNo,      kNamed,   kNo}}},
    {Operation::kReload,    "reload",    {{kNo,         kAll,   kAll,     kNo,      kNo,      kNo}}},
};
// clang-format on
static_assert(std::size(kTable) == static_cast<std::size_t>(Operation::kCount_));

const Row& row_of(Operation operation) {
  for (const Row& row : kTable)
    if (row.operation == operation) return row;
  return kTable[static_cast<std::size_t>(Operation::kReload)];  // the strictest
}

void widen(Scope& scope, Extent extent) {
  switch (extent) {
    case Extent::kNo: break;
    case Extent::kOwnRun: scope.own_run = true; break;
    case Extent::kOwnUser: scope.own_user = true; break;
    case Extent::kNamed: scope.named = true; break;
    case Extent::kAll: scope.everything = true; break;
  }
}

}  // namespace

std::string_view name_of(Operation operation) { return row_of(operation).name; }

Extent extent_for(Operation operation, CallerKind kind) {
  return row_of(operation).extents[static_cast<std::size_t>(kind)];
}

Authorisation authorise(Operation operation, const Standing& standing) {
  Authorisation answer;
  const auto as = [&](CallerKind kind) {
    const Extent extent = extent_for(operation, kind);
    widen(answer.scope, extent);
    answer.allowed = answer.allowed || extent != Extent::kNo;
  };
  const std::string name{name_of(operation)};
  if (standing.inside_run) {
    as(CallerKind::kInsideRun);
    if (!answer.allowed)
      answer.reason = "'" + name + "' is not for processes inside a run, whoever they run as";
    return answer;
  }
  if (standing.root) as(CallerKind::kRoot);
  if (standing.operators) as(CallerKind::kOperator);
  if (standing.approver) as(CallerKind::kApprover);
  if (standing.launcher) as(CallerKind::kLauncher);
  as(CallerKind::kOther);
  if (!answer.allowed)
    answer.reason = "'" + name +
                    "' is not for you: it takes root, the group sluice, or a policy that names you";
  return answer;
}

}  // namespace sluice::control
