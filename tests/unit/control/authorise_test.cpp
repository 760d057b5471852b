// SPDX-License-Identifier: Apache-2.0
#include "control/authorise.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

// The table once more, written down apart from the code: a change of a right must be made twice.
struct Expected {
  Operation operation;
  const char* name;
  // inside a run, root, operator, approver, launcher, other; r own run, u own user, n named, a all
  const char* extents;
};
constexpr Expected kExpected[] = {
    {Operation::kStatus, "status", "raaaa-"},       {Operation::kAgents, "agents", "raa-u-"},
    {Operation::kFlows, "flows", "raa-u-"},         {Operation::kDoctor, "doctor", "-aaaa-"},
    {Operation::kApprovals, "approvals", "raanu-"}, {Operation::kSessions, "sessions", "-aa-u-"},
    {Operation::kApprove, "approve", "-nnn--"},     {Operation::kDeny, "deny", "-nnn--"},
    {Operation::kRevoke, "revoke", "-aanu-"},       {Operation::kRun, "run", "rnn-n-"},
    {Operation::kReload, "reload", "-aa---"},
};
static_assert(std::size(kExpected) == static_cast<std::size_t>(Operation::kCount_));

char letter(Extent extent) {
  switch (extent) {
    case Extent::kNo: return '-';
    case Extent::kOwnRun: return 'r';
    case Extent::kOwnUser: return 'u';
    case Extent::kNamed: return 'n';
    case Extent::kAll: return 'a';
  }
  return '?';
}

TEST(Authorisation, IsTheTableThatWasAgreedOn) {
  for (const Expected& row : kExpected) {
    EXPECT_EQ(name_of(row.operation), row.name);
    std::string extents;
    for (int kind = 0; kind < static_cast<int>(CallerKind::kCount_); ++kind)
      extents += letter(extent_for(row.operation, static_cast<CallerKind>(kind)));
    EXPECT_EQ(extents, row.extents) << row.name;
  }
}

TEST(Authorisation, RootInsideARunIsInsideARunAndNothingElse) {
  const Standing everything_inside{true, true, true, true, true};
  for (const Operation operation : {Operation::kApprove, Operation::kDeny, Operation::kRevoke,
                                    Operation::kReload, Operation::kDoctor, Operation::kSessions}) {
    const auto answer = authorise(operation, everything_inside);
    EXPECT_FALSE(answer.allowed) << name_of(operation);
    EXPECT_NE(answer.reason.find("inside a run"), std::string::npos);
  }
  for (const Operation operation : {Operation::kStatus, Operation::kAgents, Operation::kFlows,
                                    Operation::kApprovals, Operation::kRun}) {
    const auto answer = authorise(operation, everything_inside);
    EXPECT_TRUE(answer.allowed);
    EXPECT_TRUE(answer.scope.own_run) << name_of(operation);
    EXPECT_FALSE(answer.scope.everything) << name_of(operation);
    EXPECT_FALSE(answer.scope.named) << name_of(operation);
    EXPECT_FALSE(answer.scope.own_user) << name_of(operation);
  }
}

TEST(Authorisation, APersonOfTwoKindsSeesTheUnion) {
  Standing standing;
  standing.approver = standing.launcher = true;
  const auto answer = authorise(Operation::kApprovals, standing);
  EXPECT_TRUE(answer.allowed);
  EXPECT_TRUE(answer.scope.named);
  EXPECT_TRUE(answer.scope.own_user);
  EXPECT_FALSE(answer.scope.everything);
}

TEST(Authorisation, SomebodyElseMayNothing) {
  for (const Expected& row : kExpected) {
    const auto answer = authorise(row.operation, {});
    EXPECT_FALSE(answer.allowed) << row.name;
    EXPECT_FALSE(answer.reason.empty());
  }
}

TEST(Authorisation, RootDecidesNothingThatNoRuleNamesItFor) {
  Standing root;
  root.root = true;
  EXPECT_FALSE(authorise(Operation::kApprove, root).scope.everything);
  EXPECT_FALSE(authorise(Operation::kDeny, root).scope.everything);
  EXPECT_FALSE(authorise(Operation::kRun, root).scope.everything);
}

}  // namespace
}  // namespace sluice::control
