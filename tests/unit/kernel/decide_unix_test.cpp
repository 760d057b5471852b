// SPDX-License-Identifier: Apache-2.0
// The decisions of bpf/lib/decide_unix.h, as the programs compile them.
#include <gtest/gtest.h>

#include "../../../bpf/lib/decide_unix.h"

namespace {

constexpr sluice_unix_verdict kSteer{SLUICE_VERDICT_STEER, 0, 5, 0};
constexpr sluice_unix_verdict kDirect{SLUICE_VERDICT_DIRECT, 0, 5, 0};
constexpr sluice_unix_verdict kDeny{SLUICE_VERDICT_DENY, 104, 5, 0};
constexpr sluice_unix_verdict kDenyNothing{SLUICE_VERDICT_DENY, 0, 5, 0};
constexpr sluice_unix_verdict kOwn{SLUICE_UNIX_OWN, 0, 0, 0};

struct Case {
  const char* name;
  sluice_unix_facts facts;
  __u32 kind, reason, error, rule;
};

sluice_unix_facts facts(const sluice_unix_verdict* entry, const sluice_unix_verdict* others = {}) {
  sluice_unix_facts made{};
  made.type = SLUICE_TYPE_STREAM;
  made.entry = entry;
  made.others = others;
  made.listener_set = 1;
  made.sees_host_files = 1;
  made.now_ns = 1000;
  made.alive_until_ns = 1001;
  return made;
}

sluice_unix_facts with(sluice_unix_facts made, void (*change)(sluice_unix_facts&)) {
  change(made);
  return made;
}

const Case kCases[] = {
    {"revoked_first", with(facts(&kDirect), [](auto& f) { f.run_flags = SLUICE_RUN_REVOKED; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_REVOKED, SLUICE_EPERM, 0},
    {"listener_even_with_any", with(facts(nullptr, &kDirect), [](auto& f) { f.to_listener = 1; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_OWN_LISTENER, SLUICE_EPERM, 0},
    {"nothing_published", facts(nullptr), SLUICE_VERDICT_DENY, SLUICE_REASON_UNIX_UNLISTED,
     SLUICE_EACCES, 0},
    {"others_denied", facts(nullptr, &kDeny), SLUICE_VERDICT_DENY, SLUICE_REASON_UNIX_UNLISTED,
     SLUICE_EACCES, 0},
    {"others_any", facts(nullptr, &kDirect), SLUICE_VERDICT_DIRECT, SLUICE_REASON_UNIX_ANY, 0, 5},
    {"any_needs_no_host_files",
     with(facts(nullptr, &kDirect), [](auto& f) { f.sees_host_files = 0; }), SLUICE_VERDICT_DIRECT,
     SLUICE_REASON_UNIX_ANY, 0, 5},
    {"own_unproved", facts(nullptr, &kOwn), SLUICE_VERDICT_DENY, SLUICE_REASON_UNIX_NOT_OWN,
     SLUICE_EACCES, 0},
    {"steer", facts(&kSteer), SLUICE_VERDICT_STEER, SLUICE_REASON_UNIX_STEERED, 0, 5},
    {"steer_from_anywhere", with(facts(&kSteer), [](auto& f) { f.sees_host_files = 0; }),
     SLUICE_VERDICT_STEER, SLUICE_REASON_UNIX_STEERED, 0, 5},
    {"steer_a_datagram", with(facts(&kSteer), [](auto& f) { f.type = SLUICE_TYPE_DGRAM; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_UNIX_TYPE, SLUICE_EPROTOTYPE, 5},
    {"steer_to_nobody", with(facts(&kSteer), [](auto& f) { f.listener_set = 0; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_NO_LISTENER, SLUICE_ECONNREFUSED, 5},
    {"direct", facts(&kDirect), SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, 0, 5},
    {"silent_daemon_is_not_steered_to",
     with(facts(&kSteer), [](auto& f) { f.alive_until_ns = f.now_ns; }), SLUICE_VERDICT_DENY,
     SLUICE_REASON_DAEMON_SILENT, SLUICE_ECONNREFUSED, 5},
    {"silent_daemon_ends_direct", with(facts(&kDirect), [](auto& f) { f.alive_until_ns = 0; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_DAEMON_SILENT, SLUICE_ECONNREFUSED, 5},
    {"silent_daemon_ends_any",
     with(facts(nullptr, &kDirect), [](auto& f) { f.alive_until_ns = 0; }), SLUICE_VERDICT_DENY,
     SLUICE_REASON_DAEMON_SILENT, SLUICE_ECONNREFUSED, 5},
    {"a_denial_needs_no_daemon", with(facts(&kDeny), [](auto& f) { f.alive_until_ns = 0; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_DENIED_BY_VERDICT, 104, 5},
    {"direct_beats_others", facts(&kDirect, &kDeny), SLUICE_VERDICT_DIRECT, SLUICE_REASON_DIRECT, 0,
     5},
    {"direct_from_elsewhere", with(facts(&kDirect), [](auto& f) { f.sees_host_files = 0; }),
     SLUICE_VERDICT_DENY, SLUICE_REASON_UNIX_ELSEWHERE, SLUICE_EACCES, 5},
    {"deny_beats_any", facts(&kDeny, &kDirect), SLUICE_VERDICT_DENY,
     SLUICE_REASON_DENIED_BY_VERDICT, 104, 5},
    {"deny_with_no_errno", facts(&kDenyNothing), SLUICE_VERDICT_DENY, SLUICE_REASON_UNKNOWN_VERDICT,
     SLUICE_EPERM, 5},
    {"own_for_a_name_means_nothing", facts(&kOwn), SLUICE_VERDICT_DENY,
     SLUICE_REASON_UNKNOWN_VERDICT, SLUICE_EPERM, 0},
};

class UnixDecision : public ::testing::TestWithParam<Case> {};

TEST_P(UnixDecision, IsAsTheTableSays) {
  const Case& expected = GetParam();
  const sluice_decision decided = sluice_decide_unix(&expected.facts);
  EXPECT_EQ(decided.kind, expected.kind);
  EXPECT_EQ(decided.reason, expected.reason);
  EXPECT_EQ(decided.error, expected.error);
  EXPECT_EQ(decided.rule, expected.rule);
}

INSTANTIATE_TEST_SUITE_P(Table, UnixDecision, ::testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
