// SPDX-License-Identifier: Apache-2.0
// The decisions of the BPF LSM programs, compiled by the host's compiler: tables only.
#include "../../../bpf/lib/decide_task.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace {

TEST(Standing, IsByTheTagFirst) {
  struct Case {
    sluice_task_facts facts;
    std::uint32_t standing;
  };
  const Case cases[] = {
      {{.tagged = 0, .below_tag = 0, .in_run = 0}, SLUICE_STANDING_NONE},
      {{.tagged = 0, .below_tag = 0, .in_run = 1}, SLUICE_STANDING_INSIDE},
      {{.tagged = 1, .below_tag = 1, .in_run = 1}, SLUICE_STANDING_INSIDE},
      {{.tagged = 1, .below_tag = 1, .in_run = 0}, SLUICE_STANDING_NONE},
      {{.tagged = 1, .below_tag = 0, .in_run = 0}, SLUICE_STANDING_LEFT},
      {{.tagged = 1, .below_tag = 0, .in_run = 1}, SLUICE_STANDING_LEFT},
  };
  for (const Case& c : cases)
    EXPECT_EQ(sluice_standing_of(&c.facts), c.standing)
        << int{c.facts.tagged} << int{c.facts.below_tag} << int{c.facts.in_run};
}

TEST(UseOfASocket, IsForTheRunThatMadeItAndThoseAround) {
  struct Case {
    sluice_use_facts facts;
    std::uint32_t reason, error, reason_received;
  };
  const std::uint32_t foreign = SLUICE_REASON_FOREIGN_SOCKET;
  const Case cases[] = {
      {{SLUICE_STANDING_NONE, 0, 0, 0}, SLUICE_REASON_DIRECT, 0, SLUICE_REASON_DIRECT},
      {{SLUICE_STANDING_INSIDE, 7, 7, 0}, SLUICE_REASON_DIRECT, 0, SLUICE_REASON_DIRECT},
      {{SLUICE_STANDING_INSIDE, 7, 8, 1}, SLUICE_REASON_DIRECT, 0, SLUICE_REASON_DIRECT},
      {{SLUICE_STANDING_INSIDE, 7, 8, 0}, foreign, EPERM, SLUICE_REASON_SOCKET_RECEIVED},
      {{SLUICE_STANDING_INSIDE, 7, 0, 0}, foreign, EPERM, SLUICE_REASON_SOCKET_RECEIVED},
      {{SLUICE_STANDING_INSIDE, 7, 0, 1}, foreign, EPERM, SLUICE_REASON_SOCKET_RECEIVED},
      {{SLUICE_STANDING_LEFT, 7, 7, 1}, SLUICE_REASON_LEFT_RUN, EPERM, SLUICE_REASON_LEFT_RUN},
      {{SLUICE_STANDING_NO_TAG, 7, 7, 1},
       SLUICE_REASON_NO_STORAGE,
       ENOMEM,
       SLUICE_REASON_NO_STORAGE},
  };
  for (const Case& c : cases) {
    const auto use = sluice_decide_use(&c.facts);
    EXPECT_EQ(use.reason, c.reason) << c.facts.standing << " " << c.facts.socket_run;
    EXPECT_EQ(use.error, c.error);
    EXPECT_EQ(use.kind, c.error != 0 ? SLUICE_VERDICT_DENY : SLUICE_VERDICT_DIRECT);
    EXPECT_EQ(sluice_decide_receive(&c.facts).reason, c.reason_received);
  }
}

TEST(Families, AreThoseThatOrdinaryProgramsNeed) {
  const auto error_of = [](int family, int protocol, std::uint32_t standing) {
    return sluice_decide_family(standing, static_cast<std::uint32_t>(family),
                                static_cast<std::uint32_t>(protocol))
        .error;
  };
  for (int family = 0; family < AF_MAX + 4; ++family) {
    EXPECT_EQ(error_of(family, 0, SLUICE_STANDING_NONE), 0u) << family;
    EXPECT_EQ(error_of(family, 0, SLUICE_STANDING_LEFT), EPERM) << family;
    EXPECT_EQ(error_of(family, 0, SLUICE_STANDING_NO_TAG), ENOMEM) << family;
    const bool given =
        family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
    EXPECT_EQ(error_of(family, 0, SLUICE_STANDING_INSIDE), given ? 0u : EAFNOSUPPORT) << family;
  }
  for (int protocol = 1; protocol < MAX_LINKS; ++protocol)
    EXPECT_EQ(error_of(AF_NETLINK, protocol, SLUICE_STANDING_INSIDE), EPROTONOSUPPORT) << protocol;
  static_assert(NETLINK_ROUTE == SLUICE_NETLINK_ROUTE && AF_UNIX == SLUICE_FAMILY_UNIX &&
                AF_NETLINK == SLUICE_FAMILY_NETLINK && EAFNOSUPPORT == SLUICE_EAFNOSUPPORT);
}

TEST(AForbiddenAct, IsForbiddenToTasksOfRunsOnly) {
  const auto decide = [](std::uint32_t standing) {
    return sluice_decide_forbidden(standing, SLUICE_REASON_CGROUP_WRITE);
  };
  EXPECT_EQ(decide(SLUICE_STANDING_NONE).kind, SLUICE_VERDICT_DIRECT);
  EXPECT_EQ(decide(SLUICE_STANDING_INSIDE).reason, SLUICE_REASON_CGROUP_WRITE);
  EXPECT_EQ(decide(SLUICE_STANDING_LEFT).reason, SLUICE_REASON_LEFT_RUN);
  EXPECT_EQ(decide(SLUICE_STANDING_NO_TAG).reason, SLUICE_REASON_NO_STORAGE);
}

TEST(Tracing, ReachesInwardsOnly) {
  EXPECT_EQ(sluice_decide_trace(SLUICE_STANDING_NONE, 0).kind, SLUICE_VERDICT_DIRECT);
  EXPECT_EQ(sluice_decide_trace(SLUICE_STANDING_INSIDE, 1).kind, SLUICE_VERDICT_DIRECT);
  EXPECT_EQ(sluice_decide_trace(SLUICE_STANDING_INSIDE, 0).reason, SLUICE_REASON_PTRACE);
  EXPECT_EQ(sluice_decide_trace(SLUICE_STANDING_LEFT, 1).reason, SLUICE_REASON_LEFT_RUN);
}

TEST(Mounts, AreARunsOwnInItsOwnNamespaceOnly) {
  struct Case {
    sluice_mount_facts facts;
    std::uint32_t reason;
  };
  const Case cases[] = {
      {{SLUICE_STANDING_NONE, 1, 1}, SLUICE_REASON_DIRECT},
      {{SLUICE_STANDING_INSIDE, 0, 0}, SLUICE_REASON_DIRECT},
      {{SLUICE_STANDING_INSIDE, 1, 0}, SLUICE_REASON_MOUNT},
      {{SLUICE_STANDING_INSIDE, 0, 1}, SLUICE_REASON_MOUNT},
      {{SLUICE_STANDING_LEFT, 0, 0}, SLUICE_REASON_LEFT_RUN},
  };
  for (const Case& c : cases)
    EXPECT_EQ(sluice_decide_mount(&c.facts).reason, c.reason)
        << c.facts.standing << int{c.facts.in_host_namespace} << int{c.facts.guarded};
}

TEST(Names, AreComparedWhole) {
  EXPECT_TRUE(sluice_same_name("cgroup.procs\0\0\0", "cgroup.procs\0\0\0"));
  EXPECT_FALSE(sluice_same_name("cgroup.procsx\0\0", "cgroup.procs\0\0\0"));
  EXPECT_FALSE(sluice_same_name("cgroup.proc\0\0\0\0", "cgroup.procs\0\0\0"));
}

}  // namespace
