// SPDX-License-Identifier: Apache-2.0
// Enrolment without a window: a cgroup that is awaited by its path is a run from its first moment.
#include <gtest/gtest.h>
#include <poll.h>
#include <sluice/abi/awaited.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/cgroup_mount.h"
#include "kernel/awaited.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

class Awaited : public ::testing::Test {
 protected:
  void SetUp() override {
    must(lab.maps->set_listeners({v4.endpoint()}));
    adopt();
  }
  void adopt() { awaited.emplace(must(AwaitedCgroups::adopt(must(lab.plane->descriptors())))); }
  std::string path_of(const std::string& name) const {
    const CgroupMount mount = must(find_cgroup_mount());
    const std::string below = lab.root.substr(mount.path.size()) + "/" + name;
    return mount.root == "/" ? below : mount.root + below;
  }
  void await(const std::vector<std::pair<std::string, std::uint32_t>>& wanted) {
    std::vector<AwaitedCgroup> cgroups;
    for (const auto& [name, subject] : wanted) cgroups.push_back({path_of(name), subject});
    must(awaited->set(cgroups));
  }
  // "steered", "direct" (it reached the server itself), or the errno's name.
  std::string reach(const std::string& cgroup) {
    const std::string said = as_agent(cgroup, [&] {
      return connect_to({"127.0.0.1", server.port});
    });
    if (!said.starts_with("ok")) return said;
    pollfd waits[2] = {{v4.fd.get(), POLLIN, 0}, {server.fd.get(), POLLIN, 0}};
    if (::poll(waits, 2, 10'000) < 1) return "nobody was reached";
    if ((waits[0].revents & POLLIN) == 0) return (void)server.accept(), "direct";
    record = lab.maps->take_flow_record(v4.accept().get());
    return "steered";
  }

  Lab lab;
  const Listener v4{"127.0.0.1", 4096};
  const Listener server{"127.0.0.1", 4096};
  std::optional<AwaitedCgroups> awaited;
  Result<FlowRecord> record{Error{"nothing was steered yet"}};  // of what reach() saw steered
};

TEST_F(Awaited, IsARunFromItsFirstConnectHoweverOftenItIsMadeAgain) {
  await({{"unit", 7}});
  const std::string cgroup = lab.root + "/unit";
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(::mkdir(cgroup.c_str(), 0755), 0);
    const std::uint64_t id = lab.id_of(cgroup);
    const std::string reached = reach(cgroup);
    for (int attempt = 0; ::rmdir(cgroup.c_str()) != 0 && attempt < 1000; ++attempt) ::usleep(1000);
    ASSERT_EQ(reached, "steered") << "in round " << i;
    ASSERT_TRUE(record.ok()) << record.error().text();
    ASSERT_EQ(record->cgroup_id, id);
    ASSERT_EQ(record->original_destination.port, server.port);
  }
  EXPECT_EQ(lab.events().front().subject, 7u);
}

TEST_F(Awaited, HoldsWhatLiesBelowItAndNothingBeside) {
  const std::string longest(SLUICE_AWAITED_NAME_MAX, 'n');
  await({{"slice/unit", 1}, {longest, 1}});
  const std::string slice = lab.make_cgroup("slice");
  EXPECT_EQ(reach(slice), "direct") << "it is only on the way";
  EXPECT_EQ(reach(lab.make_cgroup("slice/unit")), "steered");
  EXPECT_EQ(reach(lab.make_cgroup("slice/unit/inner")), "steered");
  EXPECT_EQ(reach(lab.make_cgroup("slice/unit/inner/deep")), "steered");
  for (const char* beside : {"unit", "slice/uni", "slice/unit2", "slice/other", "other"})
    EXPECT_EQ(reach(lab.make_cgroup(beside)), "direct") << beside;
  EXPECT_EQ(reach(lab.make_cgroup(longest)), "steered");
  EXPECT_EQ(reach(lab.make_cgroup(longest + "n")), "direct");
  EXPECT_EQ(reach(lab.make_cgroup(std::string(200, 'n'))), "direct");
}

TEST_F(Awaited, IsRefusedDatagramsAndRawSocketsToo) {
  await({{"unit", 1}});
  const std::string unit = lab.make_cgroup("unit");
  EXPECT_EQ(as_agent(unit,
                     [] {
                       return connect_to({"127.0.0.1", 9}, SOCK_RAW, 17);
                     }),
            "socket EPERM");
  EXPECT_EQ(as_agent(unit, [] { return connect_to({"127.0.0.1", 9}, SOCK_DGRAM); }), "EPERM");
  EXPECT_EQ(as_agent(unit,
                     [] {
                       const UniqueFd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
                       const Address to{"::1", 9};
                       return ::sendto(fd.get(), "x", 1, 0, to.get(), to.length) == 1
                                  ? std::string{"sent"}
                                  : errno_name(errno);
                     }),
            "EPERM");
}

TEST_F(Awaited, InsideARunHasTheLineageOfBothAndFallsWithTheRun) {
  const std::string outer = lab.make_run("outer", 1);
  await({{"outer", 1}, {"outer/inner", 2}});
  const std::string inner = lab.make_cgroup("outer/inner");
  const auto port = server.port;
  must(lab.maps->set_verdict(verdict_for("127.0.0.1", port, ConnectVerdict::kDirect)));
  EXPECT_EQ(reach(outer), "direct");
  EXPECT_EQ(reach(inner), "steered") << "what the outer run may do alone, this one may not";
  VerdictEntry denied = verdict_for("127.0.0.1", port, ConnectVerdict::kDeny);
  denied.subject = 2;
  must(lab.maps->set_verdict(denied));
  EXPECT_EQ(reach(inner), "EHOSTUNREACH");
  must(lab.maps->revoke_run(lab.id_of(outer)));
  EXPECT_EQ(reach(inner), "EPERM");
}

// A run that lies deeper than the match keeps its own, longer lineage.
TEST_F(Awaited, DoesNotTakeADeeperRunForItsOwn) {
  await({{"outer", 1}, {"outer/x/y/z", 3}});
  (void)lab.make_cgroup("outer");
  (void)lab.make_cgroup("outer/run");
  must(lab.maps->add_run(lab.id_of(lab.root + "/outer/run"), 5));
  EXPECT_EQ(reach(lab.root + "/outer/run"), "steered");
  EXPECT_EQ(lab.events().front().subject, 5u);
}

TEST_F(Awaited, StaysSoWithoutADaemonAndOverARestart) {
  await({{"slice/unit", 4}});
  lab.drop_daemon();
  const std::string slice = lab.make_cgroup("slice"), unit = lab.make_cgroup("slice/unit");
  lab.load();
  EXPECT_EQ(reach(unit), "ECONNREFUSED") << "the earlier daemon's port may be anybody's";
  adopt();
  EXPECT_EQ(must(lab.maps->largest_subject()), 4u);
  await({{"slice/unit", 5}, {"slice/other", 6}});
  must(lab.maps->set_listeners({v4.endpoint()}));
  EXPECT_EQ(reach(unit), "steered");
  EXPECT_EQ(reach(lab.make_cgroup("slice/other")), "steered");
  await({{"slice/other", 6}});
  EXPECT_EQ(reach(unit), "direct");
  EXPECT_EQ(reach(lab.root + "/slice/other"), "steered");
  await({});
  EXPECT_EQ(reach(lab.root + "/slice/other"), "direct");
  EXPECT_EQ(must(lab.maps->largest_subject()), 0u);
}

TEST_F(Awaited, IsNeverForgottenWhileOthersComeAndGo) {
  await({{"slice/unit", 1}});
  (void)lab.make_cgroup("slice");
  const std::string unit = lab.make_cgroup("slice/unit");
  must(lab.maps->set_listeners({}));
  Child hammering{unit, [&] {
                    for (int i = 0; i < 5'000; ++i)
                      if (connect_to({"127.0.0.1", server.port}) != "ECONNREFUSED")
                        return std::string{"got through"};
                    return std::string{"refused"};
                  }};
  for (std::uint32_t i = 1; i <= 500; ++i) {
    await({{"slice/unit", i}, {"slice/unit/below", 1}, {"slice/a", 1}, {"b/c/d", 1}});
    await({{"slice/unit", i}});
  }
  EXPECT_EQ(hammering.result(), "refused");
}

TEST_F(Awaited, RefusesWhatTheKernelCouldNotCompare) {
  EXPECT_NE(awaited->set({{"/" + std::string(SLUICE_AWAITED_NAME_MAX + 1, 'n'), 1}})
                .error()
                .text()
                .find("longer than"),
            std::string::npos);
  std::string deep;
  for (int i = 0; i < 64; ++i) deep += "/d";
  EXPECT_NE(awaited->set({{deep, 1}}).error().text().find("deeper"), std::string::npos);
  EXPECT_FALSE(awaited->set({{"relative", 1}}).ok());
  EXPECT_FALSE(awaited->set({{"/a//b", 1}}).ok());
  EXPECT_FALSE(awaited->set({{"/", 1}}).ok());
  EXPECT_FALSE(awaited->set({{"/a", 0}}).ok());
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
