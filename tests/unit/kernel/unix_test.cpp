// SPDX-License-Identifier: Apache-2.0
// A run and Unix sockets, on the real kernel. Servers live in a directory of the test's own and
// under abstract names that nobody else has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sluice/abi/unix.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/unix_name.h"
#include "kernel/unix_hooks.h"
#include "unix_lab.h"

namespace sluice::kernel {
namespace {

using namespace testing_lab;
using ::testing::StartsWith;

class UnixSockets : public ::testing::Test {
 protected:
  void SetUp() override { must(has_unix_hooks()); }

  std::string abstract(const std::string& name) const {
    return std::string(1, '\0') + directory.path() + "/" + name;
  }
  void set(const std::string& name, UnixVerdict verdict) {
    must(lab.maps->set_unix_verdict(unix_verdict(name, verdict), InForce::kNow));
  }
  UniqueFd listen_as_daemon() {
    UniqueFd fd = unix_server(abstract("daemon"));
    must(lab.maps->set_unix_listener(fd.get()));
    return fd;
  }
  UniqueFd accept(const UniqueFd& listener) {
    UniqueFd fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!fd) fail("accept: " + errno_name(errno));
    return fd;
  }

  ScratchDirectory directory;
  Lab lab;
  std::string run = lab.make_run("agent");
};

TEST_F(UnixSockets, ThatNothingNamesAreRefused) {
  const std::string path = directory.path("server"), abstract_name = abstract("server");
  const UniqueFd by_path = unix_server(path), by_name = unix_server(abstract_name);
  const UniqueFd datagrams = unix_server(directory.path("dgram"), SOCK_DGRAM);
  const UniqueFd packets = unix_server(directory.path("packets"), SOCK_SEQPACKET);
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{path}); }), "EACCES");
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{abstract_name}); }), "EACCES");
  EXPECT_EQ(as_agent(run,
                     [&] {
                       if (::chdir(directory.path().c_str()) != 0) return errno_name(errno);
                       return unix_connect(UnixAddress{"server"});
                     }),
            "EACCES");
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return unix_connect(UnixAddress{directory.path("packets")}, SOCK_SEQPACKET);
                     }),
            "EACCES");
  const UnixAddress to{directory.path("dgram")};
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to, SOCK_DGRAM); }), "EACCES");
  EXPECT_EQ(as_agent(run, [&] { return unix_send(to); }), "EACCES");
  EXPECT_EQ(lab.count("unix_unlisted"), 6U);
}

TEST_F(UnixSockets, OutsideOfARunAreNotTouched) {
  const UniqueFd server = unix_server(directory.path("server"));
  const std::string cgroup = lab.make_cgroup("nobody");
  EXPECT_EQ(as_agent(cgroup, [&] { return unix_connect(UnixAddress{directory.path("server")}); }),
            "ok " + directory.path("server"));
}

TEST_F(UnixSockets, APairNeedsNobodysLeave) {
  EXPECT_EQ(as_agent(run,
                     []() -> std::string {
                       int ends[2];
                       char byte = 0;
                       if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return "no pair";
                       return ::write(ends[0], "x", 1) == 1 && ::read(ends[1], &byte, 1) == 1
                                  ? "ok"
                                  : errno_name(errno);
                     }),
            "ok");
}

TEST_F(UnixSockets, ASteeredOneComesToTheDaemonWithItsRecord) {
  const UniqueFd daemon = listen_as_daemon();
  const std::string path = "/nowhere/.s.PGSQL.5432";
  set(path, UnixVerdict::kSteer);
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{path}); }), "ok " + path);
  const UniqueFd accepted = accept(daemon);
  const UnixFlowRecord record = must(lab.maps->take_unix_record(accepted.get()));
  EXPECT_EQ(record.name, path);
  EXPECT_EQ(record.cgroup_id, lab.id_of(run));
  EXPECT_NE(record.flow, 0U);
  EXPECT_NE(record.pid, 0U);
  const auto events = lab.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, KernelEventKind::kOpened);
  EXPECT_EQ(events[0].unix_name, path);
  EXPECT_EQ(events[0].flow, record.flow);
  EXPECT_EQ(events[0].rule, 7U);
}

TEST_F(UnixSockets, APathWithoutItsNulIsTheSamePath) {
  const UniqueFd daemon = listen_as_daemon();
  const std::string longest(SLUICE_UNIX_NAME_MAX, 'p'), shorter = "/nowhere/socket";
  set(shorter, UnixVerdict::kSteer);
  set(longest, UnixVerdict::kSteer);
  set(longest.substr(0, SLUICE_UNIX_NAME_MAX - 1), UnixVerdict::kDeny);
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return unix_connect(UnixAddress{shorter, false});
                     }),
            "ok " + shorter);
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return unix_connect(UnixAddress{longest, false});
                     }),
            "ok " + longest);
  EXPECT_EQ(as_agent(run,
                     [&] {
                       return unix_connect(UnixAddress{shorter + "x", false});
                     }),
            "EACCES");
}

TEST_F(UnixSockets, ALinkToANamedOneIsAnotherName) {
  const UniqueFd server = unix_server(directory.path("server"));
  std::filesystem::create_symlink(directory.path("server"), directory.path("link"));
  set(directory.path("server"), UnixVerdict::kDirect);
  const auto at = [&](const std::string& path) {
    return as_agent(run, [&] { return unix_connect(UnixAddress{path}); });
  };
  EXPECT_EQ(at(directory.path("server")), "ok " + directory.path("server"));
  EXPECT_EQ(at(directory.path("link")), "EACCES");
  EXPECT_EQ(at(directory.path("./server")), "EACCES");
}

TEST_F(UnixSockets, APathMeansTheHostsFilesOrIsNotLetGo) {
  const UniqueFd server = unix_server(directory.path("server"));
  const UniqueFd datagrams = unix_server(directory.path("dgram"), SOCK_DGRAM);
  set(directory.path("server"), UnixVerdict::kDirect);
  set(directory.path("dgram"), UnixVerdict::kDirect);
  const UnixAddress to{directory.path("server")};
  EXPECT_EQ(as_agent(run, [&] { return unix_send(UnixAddress{directory.path("dgram")}); }), "ok");
  const auto after = [&](const std::function<int()>& change) {
    return as_agent(run, [&] {
      return change() == 0 ? unix_connect(to) : "could not change: " + errno_name(errno);
    });
  };
  EXPECT_EQ(after([] { return 0; }), "ok " + directory.path("server"));
  EXPECT_EQ(after([&] { return ::chroot(directory.path().c_str()); }), "EACCES");
  EXPECT_EQ(after([] { return ::unshare(CLONE_NEWNS); }), "EACCES");
  EXPECT_EQ(after([] { return ::unshare(CLONE_NEWUSER); }), "EACCES");
  EXPECT_EQ(lab.count("unix_elsewhere"), 3U);
}

TEST_F(UnixSockets, SteeringDoesNotCareWhereAPathLeads) {
  const UniqueFd daemon = listen_as_daemon();
  set("/nowhere/socket", UnixVerdict::kSteer);
  EXPECT_EQ(as_agent(run,
                     [&] {
                       if (::chroot(directory.path().c_str()) != 0) return errno_name(errno);
                       return unix_connect(UnixAddress{"/nowhere/socket"});
                     }),
            "ok /nowhere/socket");
}

TEST_F(UnixSockets, OwnPeersCannotBeProvedWithoutLsm) {
  set("", UnixVerdict::kOwn);
  EXPECT_EQ(as_agent(run,
                     [&] {
                       const UniqueFd own = unix_server(directory.path("own"));
                       return unix_connect(UnixAddress{directory.path("own")});
                     }),
            "EACCES");
  EXPECT_EQ(lab.count("unix_not_own"), 1U);
}

TEST_F(UnixSockets, AnyOtherMayBeLetGo) {
  const UniqueFd server = unix_server(directory.path("server"));
  set("", UnixVerdict::kDirect);
  set(directory.path("denied"), UnixVerdict::kDeny);
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{directory.path("server")}); }),
            "ok " + directory.path("server"));
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{directory.path("denied")}); }),
            "ECONNRESET");
}

TEST_F(UnixSockets, TheDaemonsListenerIsNotToBeAskedForByName) {
  const UniqueFd daemon = listen_as_daemon();
  set("", UnixVerdict::kDirect);
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{abstract("daemon")}); }), "EPERM");
}

TEST_F(UnixSockets, OnlyByteStreamsAreSteered) {
  const UniqueFd daemon = listen_as_daemon();
  set("/nowhere/socket", UnixVerdict::kSteer);
  const UnixAddress to{"/nowhere/socket"};
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to, SOCK_SEQPACKET); }), "EPROTOTYPE");
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to, SOCK_DGRAM); }), "EPROTOTYPE");
  EXPECT_EQ(as_agent(run, [&] { return unix_send(to); }), "EPROTOTYPE");
}

TEST_F(UnixSockets, WithoutAListenerSteeringIsRefused) {
  set("/nowhere/socket", UnixVerdict::kSteer);
  const UnixAddress to{"/nowhere/socket"};
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to); }), "ECONNREFUSED");
  const UniqueFd daemon = listen_as_daemon();
  EXPECT_EQ(
      as_agent(run,
               [&] { return ::unshare(CLONE_NEWNET) == 0 ? unix_connect(to) : errno_name(errno); }),
      "ECONNREFUSED");
  must(lab.maps->set_unix_listener(-1));
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to); }), "ECONNREFUSED");
}

TEST_F(UnixSockets, ASilentDaemonIsNotSteeredToAndNothingPassesDirect) {
  const std::string path = directory.path("server");
  const UniqueFd daemon = listen_as_daemon(), server = unix_server(path);
  set("/nowhere/socket", UnixVerdict::kSteer);
  set(path, UnixVerdict::kDirect);
  must(lab.maps->set_alive_until(1));
  EXPECT_EQ(as_agent(run, [] { return unix_connect(UnixAddress{"/nowhere/socket"}); }),
            "ECONNREFUSED");
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{path}); }), "ECONNREFUSED");
  EXPECT_EQ(lab.count("daemon_silent"), 2u);
  must(lab.maps->set_alive_until(~std::uint64_t{0}));
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{path}); }), "ok " + path);
}

TEST_F(UnixSockets, ARevokedRunReachesNone) {
  const UniqueFd server = unix_server(directory.path("server"));
  set(directory.path("server"), UnixVerdict::kDirect);
  must(lab.maps->revoke_run(lab.id_of(run)));
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(UnixAddress{directory.path("server")}); }),
            "EPERM");
}

TEST_F(UnixSockets, AConnectedOneKeepsItsRecord) {
  const UniqueFd daemon = listen_as_daemon();
  const UniqueFd server = unix_server(directory.path("second"));
  set("/nowhere/first", UnixVerdict::kSteer);
  set(directory.path("second"), UnixVerdict::kSteer);
  EXPECT_EQ(as_agent(run,
                     [&]() -> std::string {
                       const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
                       const UnixAddress first{"/nowhere/first"}, second{directory.path("second")};
                       if (::connect(fd.get(), first.get(), first.length) != 0)
                         return errno_name(errno);
                       return ::connect(fd.get(), second.get(), second.length) == 0
                                  ? "connected twice"
                                  : errno_name(errno);
                     }),
            "EISCONN");
  const UniqueFd accepted = accept(daemon);
  EXPECT_EQ(must(lab.maps->take_unix_record(accepted.get())).name, "/nowhere/first");
}

TEST_F(UnixSockets, AStrangerAtTheDaemonsListenerHasNoRecord) {
  const UniqueFd daemon = listen_as_daemon();
  const std::string cgroup = lab.make_cgroup("nobody");
  EXPECT_THAT(as_agent(cgroup, [&] { return unix_connect(UnixAddress{abstract("daemon")}); }),
              StartsWith("ok "));
  const UniqueFd accepted = accept(daemon);
  const auto record = lab.maps->take_unix_record(accepted.get());
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code(), ENOENT);
}

TEST_F(UnixSockets, ANewPolicyIsWholeBeforeItIsInForce) {
  const UniqueFd server = unix_server(directory.path("server"));
  const UnixAddress to{directory.path("server")};
  set(directory.path("server"), UnixVerdict::kDirect);
  must(lab.maps->set_unix_verdict(unix_verdict(directory.path("server"), UnixVerdict::kDeny),
                                  InForce::kFromNextEpoch));
  EXPECT_THAT(as_agent(run, [&] { return unix_connect(to); }), StartsWith("ok "));
  must(lab.maps->next_epoch());
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to); }), "ECONNRESET");
  must(lab.maps->next_epoch());
  EXPECT_EQ(as_agent(run, [&] { return unix_connect(to); }), "EACCES");
}

TEST_F(UnixSockets, AFloodOfDatagramsIsOneEventAndCountedWhole) {
  EXPECT_EQ(as_agent(run,
                     [&]() -> std::string {
                       const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
                       const UnixAddress to{std::string("\0no\x01ne", 6)};
                       for (int i = 0; i < 50; ++i)
                         if (::sendto(fd.get(), "x", 1, 0, to.get(), to.length) == 1) return "sent";
                       return errno_name(errno);
                     }),
            "EACCES");
  const auto events = lab.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, KernelEventKind::kDenied);
  EXPECT_EQ(events[0].reason, "unix_unlisted");
  EXPECT_EQ(printable_unix_name(events[0].unix_name), "@no\\x01ne");
  EXPECT_EQ(lab.count("unix_unlisted"), 50U);
}

}  // namespace
}  // namespace sluice::kernel
