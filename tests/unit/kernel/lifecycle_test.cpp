// SPDX-License-Identifier: Apache-2.0
// Start, restart, removal; a worker without any privilege; revocation; the probe.
#include <dirent.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/cgroup_mount.h"
#include "kernel/cgroup.h"
#include "kernel/guarantees.h"
#include "kernel/probe.h"
#include "kernel/sock_destroy.h"
#include "kernel/subjects.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

TEST(Restart, KeepsRunsAndVerdictsAndForgetsTheListener) {
  Lab lab;
  const Listener v4{"127.0.0.1"};
  must(lab.maps->set_listeners({v4.endpoint()}));
  EXPECT_FALSE(lab.plane->reused());
  const std::string run = lab.make_run("run");
  const std::string revoked = lab.make_run("revoked");
  must(lab.maps->revoke_run(lab.id_of(revoked)));
  must(lab.maps->set_verdict(verdict_for("127.1.2.3", 1, ConnectVerdict::kDeny)));
  lab.load();
  EXPECT_TRUE(lab.plane->reused());
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 1}); }), "EHOSTUNREACH");
  EXPECT_EQ(as_agent(run,
                     [] {
                       return connect_to({"127.1.2.3", 2});
                     }),
            "ECONNREFUSED")
      << "the earlier daemon's port may be anybody's";
  EXPECT_EQ(as_agent(revoked, [] { return connect_to({"127.1.2.3", 1}); }), "EPERM");
  must(lab.maps->set_listeners({v4.endpoint()}));
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 2}); }), "ok 127.1.2.3:2");
  // The level of the surviving runs is known, though this KernelMaps never saw them added.
  const std::string other = lab.make_run("run/other");
  must(lab.maps->remove_run(lab.id_of(other)));
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 1}); }), "EHOSTUNREACH");
}

TEST(Restart, NeverLeavesAMomentWithoutEnforcement) {
  Lab lab;
  const std::string run = lab.make_run("run");
  const Listener server{"127.0.0.1"};
  Child child{run, [&] {
                const std::string first = connect_to({"127.0.0.1", server.port});
                Child::await_release();
                return first;
              }};
  Child hammering{run, [&] {
                    // Ends when the parent closes the pipe that await_release() reads.
                    for (int i = 0; i < 20'000; ++i)
                      if (connect_to({"127.0.0.1", server.port}) != "ECONNREFUSED")
                        return std::string{"got through"};
                    return std::string{"refused"};
                  }};
  for (int i = 0; i < 3; ++i) lab.load();
  EXPECT_EQ(hammering.result(), "refused");
  EXPECT_EQ(child.result(), "ECONNREFUSED");
}

TEST(Restart, DropsRunsWhoseCgroupIsGone) {
  Lab lab;
  const std::string gone = lab.make_run("gone");
  const std::uint64_t id = lab.id_of(gone);
  ASSERT_EQ(::rmdir(gone.c_str()), 0);
  lab.load();
  EXPECT_EQ(lab.maps->revoke_run(id).error().code(), ENOENT);
}

TEST(Restart, RefusesPinsOfAnotherSizeOrCgroupAndLeavesThemInForce) {
  Lab lab;
  const std::string run = lab.make_run("run");
  PlaneOptions other = lab.options;
  other.run_capacity *= 2;
  auto loaded = Plane::load(other);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().text().find("room for"), std::string::npos) << loaded.error().text();
  other = lab.options;
  other.cgroup_root = lab.make_cgroup("elsewhere");
  loaded = Plane::load(other);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().text().find("another cgroup"), std::string::npos)
      << loaded.error().text();
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 1}); }), "ECONNREFUSED");
}

TEST(Removal, EndsTheEnforcementAndMayBeDoneTwice) {
  Lab lab;
  const std::string run = lab.make_run("run");
  const Listener server{"127.0.0.1"};
  const auto connect = [&] { return connect_to({"127.0.0.1", server.port}); };
  EXPECT_EQ(as_agent(run, connect), "ECONNREFUSED");
  lab.drop_daemon();
  EXPECT_EQ(as_agent(run, connect), "ECONNREFUSED");
  must(Plane::remove(lab.options.pin_dir));
  EXPECT_EQ(as_agent(run, connect), "ok 127.0.0.1:" + std::to_string(server.port));
  must(Plane::remove(lab.options.pin_dir));
}

TEST(Start, SaysWhatIsWrongWithItsOptions) {
  Lab lab;
  PlaneOptions wrong = lab.options;
  wrong.cgroup_root = "/tmp";
  EXPECT_NE(Plane::load(wrong).error().text().find("no cgroup"), std::string::npos);
  wrong = lab.options;
  wrong.event_bytes = 5000;
  EXPECT_NE(Plane::load(wrong).error().text().find("power of two"), std::string::npos);
  wrong = lab.options;
  wrong.pin_dir = "/usr/sluice-pins";
  EXPECT_NE(Plane::load(wrong).error().text().find("not empty"), std::string::npos);
  wrong.pin_dir = "relative";
  EXPECT_NE(Plane::load(wrong).error().text().find("absolute"), std::string::npos);
}

TEST(Pins, AreForRootOnly) {
  Lab lab;
  struct stat status {};
  ASSERT_EQ(::stat(lab.options.pin_dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  ASSERT_EQ(::chmod(lab.options.pin_dir.c_str(), 0755), 0);
  const auto loaded = Plane::load(lab.options);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().text().find("mode 0700"), std::string::npos) << loaded.error().text();
}

std::string without_any_privilege(Lab& lab, const Listener& v4, std::uint64_t id) {
  auto descriptors = must(lab.plane->descriptors());
  UniqueFd ring = std::move(descriptors[MapName::kEvents]);
  UniqueFd audited = std::move(descriptors[MapName::kAudited]);
  if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 ||
      ::setresuid(65534, 65534, 65534) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return "could not drop";
  std::string capabilities;
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:") && line.find_first_not_of("0", 8) != std::string::npos)
      return "still capable: " + line;
  auto reader = must(EventReader::open(std::move(ring), std::move(audited)));
  auto maps =
      must(KernelMaps::adopt(must(lab.plane->descriptors()), must(find_cgroup_mount()).path));
  must(maps->set_listeners({v4.endpoint()}));
  must(maps->add_run(id, 1));
  must(maps->set_verdict(verdict_for("127.1.2.3", 7, ConnectVerdict::kDeny)));
  must(maps->next_epoch());
  must(maps->set_verdict(verdict_for("127.1.2.3", 8, ConnectVerdict::kDeny)));
  if (::write(STDERR_FILENO, "", 0) != 0) return "no stderr";
  Child::await_release();
  const UniqueFd accepted = v4.accept();
  const FlowRecord record = must(maps->take_flow_record(accepted.get()));
  std::size_t events = 0;
  must(reader.drain([&](const KernelEvent&) { ++events; }));
  must(maps->revoke_run(id));
  must(maps->remove_run(id));
  return record.original_destination.text() + " events " + std::to_string(events) + " steered " +
         std::to_string(must(maps->counters()).at("steered_no_entry"));
}

TEST(Worker, NeedsNoCapabilityAtAll) {
  Lab lab;
  lab.reader.reset();
  const Listener v4{"127.0.0.1"};
  const std::string run = lab.make_cgroup("run");
  const std::uint64_t id = lab.id_of(run);
  Child worker{"", [&] { return without_any_privilege(lab, v4, id); }};
  // The worker adds the run; until then the connection is not steered, and refused by 127.1.2.3.
  std::string said;
  while ((said = as_agent(run, [] { return connect_to({"127.1.2.3", 8}); })) == "ECONNREFUSED") {
  }
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 7}); }), "ok 127.1.2.3:7");
  const std::string report = worker.result();
  EXPECT_TRUE(report.starts_with("127.1.2.3:")) << report;
  EXPECT_NE(report.find(" steered "), std::string::npos) << report;
  EXPECT_EQ(report.find("events 0"), std::string::npos) << report;
}

TEST(Worker, RefusesDescriptorsOfOtherMaps) {
  Lab lab;
  auto descriptors = must(lab.plane->descriptors());
  std::swap(descriptors.fds[0], descriptors.fds[1]);
  const auto adopted = KernelMaps::adopt(std::move(descriptors), must(find_cgroup_mount()).path);
  ASSERT_FALSE(adopted.ok());
  EXPECT_NE(adopted.error().text().find("sluice_runs"), std::string::npos);
}

std::string broken_off(const Address& to) {
  const UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM, 0)};
  if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
  char byte = 0;
  return ::read(fd.get(), &byte, 1) < 0 ? errno_name(errno) : "closed in order";
}

TEST(Revocation, BreaksOpenConnectionsOfTheRunAndNoOthers) {
  Lab lab;
  const Listener v4{"127.0.0.1"};
  must(lab.maps->set_listeners({v4.endpoint()}));
  const std::string run = lab.make_run("run");
  const std::string below = lab.make_cgroup("run/below");
  const std::string other = lab.make_run("other");
  Child one{run, [&] {
              ::close(v4.fd.get());  // what a child holds is its own, also what it inherited
              return broken_off({"127.1.2.3", 1});
            }};
  UniqueFd first = v4.accept();
  Child two{below, [&] {
              ::close(v4.fd.get());
              ::close(first.get());
              return broken_off({"::ffff:127.1.2.3", 2});
            }};
  const UniqueFd second = v4.accept();
  Child three{other, [] { return broken_off({"127.1.2.3", 3}); }};
  UniqueFd third = v4.accept();
  // Accepted is established; the children are reading or about to.
  must(lab.maps->revoke_run(lab.id_of(run)));
  const DestroyedSockets destroyed = must(destroy_sockets_of_run(run));
  EXPECT_EQ(destroyed.tcp, 2u);
  EXPECT_EQ(one.result(), "ECONNABORTED");
  EXPECT_EQ(two.result(), "ECONNABORTED");
  third.reset();
  EXPECT_EQ(three.result(), "closed in order");
}

TEST(Revocation, ReachesSocketsThatWereHandedIntoTheRunAndOtherNetworkNamespaces) {
  Lab lab;
  const std::string run = lab.make_run("run");
  const Listener server{"127.0.0.1"};
  const UniqueFd from_outside{::socket(AF_INET, SOCK_STREAM, 0)};
  const Address to{"127.0.0.1", server.port};
  ASSERT_EQ(::connect(from_outside.get(), to.get(), to.length), 0);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  Child holder{run, [&] {
                 ::close(server.fd.get());
                 (void)!::write(ready[1], "x", 1);
                 char byte = 0;
                 return ::read(from_outside.get(), &byte, 1) < 0 ? errno_name(errno) : "data";
               }};
  Child elsewhere{run, [&] {
                    ::close(server.fd.get());
                    if (::unshare(CLONE_NEWNET) != 0) return std::string{"no namespace"};
                    const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                    const Address any{"0.0.0.0", 0};
                    if (::bind(fd.get(), any.get(), any.length) != 0) return errno_name(errno);
                    (void)!::write(ready[1], "x", 1);
                    Child::await_release();
                    int error = 0;
                    socklen_t length = sizeof error;
                    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
                    return errno_name(error);
                  }};
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const DestroyedSockets destroyed = must(destroy_sockets_of_run(run));
  EXPECT_EQ(destroyed.tcp, 1u);
  EXPECT_EQ(destroyed.udp, 1u);
  EXPECT_EQ(holder.result(), "ECONNABORTED");
  EXPECT_EQ(elsewhere.result(), "ECONNABORTED");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Probe, FindsThatThisKernelCanEnforceAndSaysWhatIsMissing) {
  const auto features = probe();
  for (const Feature& feature : features) {
    EXPECT_EQ(feature.held, feature.why_not.empty()) << feature.id << ": " << feature.why_not;
    EXPECT_TRUE(feature.held || !is_required(feature, {})) << feature.id << feature.why_not;
    EXPECT_TRUE(feature.tried) << feature.id;
    EXPECT_FALSE(feature.gives.empty());
    EXPECT_FALSE(feature.mechanism.empty());
  }
  EXPECT_TRUE(what_is_missing(features, {}).empty());
}

TEST(Probe, WithoutPrivilegeSaysSoInsteadOfClaiming) {
  EXPECT_EQ(Child("",
                  [] {
                    if (::setresuid(65534, 65534, 65534) != 0) return std::string{"could not drop"};
                    const auto features = probe();
                    for (const Finding& finding : judge_guarantees(features, {})) {
                      const bool tcp = finding.guarantee->id == "tcp";
                      if (tcp && finding.holding == Holding::kUnknown &&
                          finding.why_not.find("could not be tried") != std::string::npos &&
                          !what_is_missing(features, {}).empty())
                        return std::string{"said so"};
                    }
                    return std::string{"claimed"};
                  })
                .result(),
            "said so");
}

TEST(Probe, SeesBpfLsmExactlyWhereTheKernelListsIt) {
  std::ifstream list{"/sys/kernel/security/lsm"};
  std::string modules;
  ASSERT_TRUE(list >> modules) << "securityfs is not mounted at /sys/kernel/security";
  for (const Feature& feature : probe()) {
    if (feature.id == "bpf_lsm") {
      EXPECT_EQ(feature.held, ("," + modules + ",").find(",bpf,") != std::string::npos)
          << modules << "; " << feature.why_not;
    }
  }
}

TEST(Subjects, AreNumberedByTheWholeLineage) {
  Subjects subjects;
  const auto outer = subjects.number_of({"reporter"});
  const auto nested = subjects.number_of({"reporter", "reporter"});
  EXPECT_NE(outer, 0u);
  EXPECT_NE(outer, nested);
  EXPECT_EQ(subjects.number_of({"reporter"}), outer);
  EXPECT_EQ(subjects.agents_of(nested), (Subjects::AgentNames{"reporter", "reporter"}));
  EXPECT_FALSE(subjects.agents_of(0));
  EXPECT_FALSE(subjects.agents_of(3));
}

TEST(Subjects, NeverUseANumberOfAnEarlierDaemon) {
  Lab lab;
  must(lab.maps->add_run(lab.id_of(lab.make_cgroup("run")), 41));
  VerdictEntry entry = verdict_for("127.1.2.3", 1, ConnectVerdict::kDeny);
  entry.subject = 44;
  must(lab.maps->set_verdict(entry));
  Subjects subjects{must(lab.maps->largest_subject())};
  const auto first = subjects.number_of({"reporter"});
  EXPECT_EQ(first, 45u);
  EXPECT_EQ(subjects.agents_of(first), (Subjects::AgentNames{"reporter"}));
  EXPECT_FALSE(subjects.agents_of(44));
  EXPECT_FALSE(subjects.agents_of(46));
  must(lab.maps->drop_verdicts_up_to(44));
  must(lab.maps->add_run(lab.id_of(lab.make_cgroup("other")), 44));
  EXPECT_EQ(must(lab.maps->largest_subject()), 44u);
}

TEST(CgroupTree, KnowsItsOwnDepths) {
  Lab lab;
  const std::string deep = (lab.make_cgroup("a"), lab.make_cgroup("a/b"));
  const std::string mount = must(find_cgroup_mount()).path;
  const auto level_of_root = must(cgroup_level_of(mount, lab.id_of(lab.root)));
  EXPECT_EQ(must(cgroup_level_of(mount, lab.id_of(deep))), level_of_root + 2);
  EXPECT_EQ(must(cgroup_subtree_ids(lab.root)).size(), 3u);
  EXPECT_FALSE(cgroup_id_of("/tmp").ok());
  EXPECT_EQ(cgroup_level_of(mount, 0).error().code(), ENOENT);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
