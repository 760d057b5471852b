// SPDX-License-Identifier: Apache-2.0
// Connections of a run on this kernel: where they go, and what the agent and the daemon see.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/netns_cookie.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

class Steering : public testing::Test {
 protected:
  void SetUp() override {
    lab.emplace();
    must(lab->maps->set_listeners({v4.endpoint(), v6.endpoint()}));
    run = lab->make_run("run");
  }
  std::string agent(const std::function<std::string()>& act) { return as_agent(run, act); }
  FlowRecord take(const Listener& listener) {
    const UniqueFd accepted = listener.accept();
    return must(lab->maps->take_flow_record(accepted.get()));
  }
  bool nobody_waits(const Listener& listener) const {
    pollfd waiting{listener.fd.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0;
  }

  Listener v4{"127.0.0.1"};
  Listener v6{"::1"};
  std::optional<Lab> lab;
  std::string run;
};

TEST_F(Steering, ShowsTheAgentTheRealIpv4PeerAndTheDaemonTheDestination) {
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "ok 127.1.2.3:5432");
  const FlowRecord record = take(v4);
  EXPECT_EQ(record.original_destination.text(), "127.1.2.3:5432");
  EXPECT_EQ(record.cgroup_id, lab->id_of(run));
  EXPECT_NE(record.flow, 0u);
  EXPECT_NE(record.pid, 0u);
  EXPECT_EQ(record.agent_address.ip.text(), "127.0.0.1");
}

TEST_F(Steering, ShowsTheRealIpv6Peer) {
  EXPECT_EQ(agent([] { return connect_to({"::1", 5432}); }), "ok [::1]:5432");
  EXPECT_EQ(take(v6).original_destination.text(), "[::1]:5432");
}

TEST_F(Steering, KeepsIpv4MappedAddressesMapped) {
  EXPECT_EQ(agent([] {
              return connect_to({"::ffff:127.1.2.3", 5432});
            }),
            "ok [::ffff:127.1.2.3]:5432");
  EXPECT_EQ(take(v4).original_destination.text(), "127.1.2.3:5432");
}

TEST_F(Steering, TakesTheUnspecifiedAddressForLoopback) {
  EXPECT_EQ(agent([] { return connect_to({"0.0.0.0", 5432}); }), "ok 127.0.0.1:5432");
  EXPECT_EQ(take(v4).original_destination.text(), "127.0.0.1:5432");
  EXPECT_EQ(agent([] { return connect_to({"::", 5432}); }), "ok [::1]:5432");
  EXPECT_EQ(take(v6).original_destination.text(), "[::1]:5432");
}

TEST_F(Steering, WorksForNonBlockingConnects) {
  EXPECT_EQ(agent([] {
              const UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
              const Address to{"127.1.2.3", 5432};
              if (::connect(fd.get(), to.get(), to.length) == 0 || errno != EINPROGRESS)
                return "not in progress: " + errno_name(errno);
              pollfd writable{fd.get(), POLLOUT, 0};
              ::poll(&writable, 1, -1);
              int error = -1;
              socklen_t length = sizeof error;
              ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
              sockaddr_storage peer{};
              length = sizeof peer;
              ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length);
              return std::to_string(error) + " " + text_of(peer);
            }),
            "0 127.1.2.3:5432");
  EXPECT_EQ(take(v4).original_destination.text(), "127.1.2.3:5432");
}

TEST_F(Steering, CatchesTcpFastOpen) {
  EXPECT_EQ(agent([] {
              const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
              const Address to{"127.1.2.3", 5432};
              const ssize_t sent =
                  ::sendto(fd.get(), "hello", 5, MSG_FASTOPEN, to.get(), to.length);
              return sent == 5 ? std::string{"sent"} : errno_name(errno);
            }),
            "sent");
  EXPECT_EQ(take(v4).original_destination.text(), "127.1.2.3:5432");
}

// What no daemon vouches for does not pass, in whichever form it is asked.
TEST_F(Steering, AndDirectEndWhenTheDaemonIsSilent) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  const auto direct = [&] { return connect_to({"127.0.0.1", server.port}); };
  const auto steered = [] { return connect_to({"127.1.2.3", 5432}); };
  const auto steered6 = [] { return connect_to({"::1", 5432}); };
  const auto fast_open = [] {
    const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
    const Address to{"127.1.2.3", 5432};
    const ssize_t sent = ::sendto(fd.get(), "x", 1, MSG_FASTOPEN, to.get(), to.length);
    return sent == 1 ? std::string{"sent"} : errno_name(errno);
  };
  must(lab->maps->set_alive_until(1));
  EXPECT_EQ(agent(direct), "ECONNREFUSED");
  EXPECT_EQ(agent(steered), "ECONNREFUSED");
  EXPECT_EQ(agent(steered6), "ECONNREFUSED");
  EXPECT_EQ(agent(fast_open), "ECONNREFUSED");
  EXPECT_EQ(lab->count("daemon_silent"), 4u);
  EXPECT_TRUE(nobody_waits(v4));
  EXPECT_TRUE(nobody_waits(v6));
  EXPECT_TRUE(nobody_waits(server));
  EXPECT_EQ(lab->flow_records(), 0u);
  EXPECT_EQ(as_agent(lab->make_cgroup("outside"), direct),
            "ok 127.0.0.1:" + std::to_string(server.port));
  must(lab->maps->set_alive_until(~std::uint64_t{0}));
  EXPECT_EQ(agent(direct), "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(agent(steered), "ok 127.1.2.3:5432");
}

TEST_F(Steering, ARunNeedsNoDaemonToReachItself) {
  must(lab->maps->set_alive_until(0));
  EXPECT_EQ(agent([] {
              const Listener own{"127.0.0.1"};
              const std::string said = connect_to({"127.0.0.1", own.port});
              return said.substr(0, said.find(':'));
            }),
            "ok 127.0.0.1");
  EXPECT_EQ(lab->count("own_run"), 1u);
}

TEST_F(Steering, CatchesMptcp) {
  constexpr int kMptcp = 262;  // IPPROTO_MPTCP
  const std::string said = agent([] {
    return connect_to({"127.1.2.3", 5432}, SOCK_STREAM, kMptcp);
  });
  if (const UniqueFd outside{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kMptcp)}; !outside) {
    EXPECT_EQ(said, "socket " + errno_name(errno));  // this kernel has none, for nobody
    return;
  }
  EXPECT_EQ(said, "ok 127.1.2.3:5432");
  EXPECT_EQ(take(v4).original_destination.text(), "127.1.2.3:5432");
}

TEST_F(Steering, LeavesTasksOutsideOfRunsAlone) {
  const Listener server{"127.0.0.1"};
  const Address to{"127.0.0.1", server.port};
  const std::string outside = lab->make_cgroup("outside");
  EXPECT_EQ(as_agent(outside, [&] { return connect_to(to); }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(as_agent(outside, [&] { return connect_to(to, SOCK_DGRAM); }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  (void)server.accept();
  EXPECT_TRUE(lab->events().empty());
  for (const auto& [reason, count] : must(lab->maps->counters())) EXPECT_EQ(count, 0u) << reason;
}

TEST_F(Steering, FailsClosedInANetworkNamespaceOfTheAgentsOwn) {
  EXPECT_EQ(agent([] {
              if (::unshare(CLONE_NEWNET) != 0) return "unshare " + errno_name(errno);
              return connect_to({"192.0.2.1", 5432});
            }),
            "ECONNREFUSED");
  const auto events = lab->events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_NE(events[0].netns_cookie, 0u);
  EXPECT_NE(events[0].netns_cookie, must(own_netns_cookie()));
  EXPECT_EQ(lab->count("netns_without_listener"), 1u);
  EXPECT_TRUE(nobody_waits(v4));
  EXPECT_EQ(lab->flow_records(), 0u);
}

// The daemon's listeners and a resource, all in this process's namespace and all on loopback.
TEST_F(Steering, TakesNoLoopbackOfAnotherNamespaceForTheHosts) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect, IPPROTO_UDP)));
  EXPECT_EQ(agent([&] {
              new_network_namespace();
              std::string said;
              for (const Address& to :
                   {Address{"127.1.2.3", 5432}, Address{"::1", 5432}, Address{"0.0.0.0", 5432},
                    Address{"::ffff:127.0.0.1", 5432}, Address{"127.0.0.1", server.port}})
                said += connect_to(to) + " ";
              return said + connect_to({"127.0.0.1", server.port}, SOCK_DGRAM);
            }),
            "ECONNREFUSED ECONNREFUSED ECONNREFUSED ECONNREFUSED ECONNREFUSED ECONNREFUSED");
  EXPECT_EQ(lab->count("foreign_loopback"), 6u);
  EXPECT_EQ(agent([&] {
              return connect_to({"127.0.0.1", server.port});
            }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(agent([&] {
              return connect_to({"127.0.0.1", server.port}, SOCK_DGRAM);
            }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(lab->count("foreign_loopback"), 6u);
}

TEST_F(Steering, ARunReachesItselfInANamespaceOfItsOwn) {
  EXPECT_EQ(agent([] {
              new_network_namespace();
              const Listener own{"127.0.0.1"};
              const std::string said = connect_to({"127.0.0.1", own.port});
              return said.substr(0, said.find(':'));
            }),
            "ok 127.0.0.1");
  EXPECT_EQ(lab->count("own_run"), 1u);
  EXPECT_EQ(lab->count("foreign_loopback"), 0u);
}

TEST_F(Steering, ForgetsTheNamespacesThatItIsNotTold) {
  const std::uint64_t home = must(own_netns_cookie());
  const auto steered = [&] { return agent([] { return connect_to({"127.1.2.3", 5432}); }); };
  for (const std::uint64_t cookie : {home + 1000, home + 2000})
    must(lab->maps->set_listeners_in(cookie, {v4.endpoint(), v6.endpoint()}));
  EXPECT_EQ(must(lab->maps->namespaces_with_listeners()),
            (std::set<std::uint64_t>{home, home + 1000, home + 2000}));
  must(lab->maps->forget_namespaces_except({home + 2000}));
  EXPECT_EQ(must(lab->maps->namespaces_with_listeners()),
            (std::set<std::uint64_t>{home, home + 2000}));
  must(lab->maps->forget_namespace(home + 2000));
  EXPECT_EQ(must(lab->maps->namespaces_with_listeners()), std::set<std::uint64_t>{home});
  EXPECT_EQ(steered(), "ok 127.1.2.3:5432");
  must(lab->maps->forget_listeners());
  EXPECT_EQ(steered(), "ECONNREFUSED");
}

TEST_F(Steering, HasNoRecordForConnectionsThatDidNotComeThroughTheKernel) {
  const std::string outside = lab->make_cgroup("outside");
  as_agent(outside, [&] { return connect_to({"127.0.0.1", v4.port}); });
  const UniqueFd accepted = v4.accept();
  EXPECT_EQ(lab->maps->take_flow_record(accepted.get()).error().code(), ENOENT);
}

TEST_F(Steering, GivesEachRecordOnce) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
                const Address to{"127.1.2.3", 5432};
                if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
                Child::await_release();
                return std::string{"ok"};
              }};
  const UniqueFd accepted = v4.accept();
  EXPECT_TRUE(lab->maps->take_flow_record(accepted.get()).ok());
  EXPECT_EQ(lab->maps->take_flow_record(accepted.get()).error().code(), ENOENT);
  EXPECT_EQ(child.result(), "ok");
}

// A cancel request is sent and the connection closed at once, perhaps before the daemon accepts it.
TEST_F(Steering, KeepsTheRecordOfAConnectionThatWasClosedBeforeItWasAccepted) {
  EXPECT_EQ(agent([] {
              const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
              const Address to{"127.1.2.3", 5432};
              if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
              return std::to_string(::write(fd.get(), "cancel", 6));
            }),
            "6");
  const UniqueFd accepted = v4.accept();
  EXPECT_EQ(must(lab->maps->take_flow_record(accepted.get())).original_destination.text(),
            "127.1.2.3:5432");
  char buffer[16];
  EXPECT_EQ(::read(accepted.get(), buffer, sizeof buffer), 6);
}

TEST_F(Steering, LetsDirectDestinationsThroughUntouched) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  EXPECT_EQ(agent([&] {
              return connect_to({"127.0.0.1", server.port});
            }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  (void)server.accept();
  EXPECT_TRUE(nobody_waits(v4));
  EXPECT_EQ(lab->count("direct"), 1u);
}

TEST_F(Steering, KnowsPrefixesPortsAndSubjects) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.0", 0, ConnectVerdict::kDirect, IPPROTO_TCP, 96 + 8)));
  must(lab->maps->set_verdict(
      verdict_for("127.9.0.0", 7, ConnectVerdict::kDeny, IPPROTO_TCP, 96 + 16)));
  const auto to = [&] { return connect_to({"127.0.0.1", server.port}); };
  EXPECT_EQ(agent(to), "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(agent([] { return connect_to({"127.9.1.1", 7}); }), "EHOSTUNREACH");
  const std::string other = lab->make_run("other", 2);
  EXPECT_EQ(as_agent(other,
                     [] {
                       return connect_to({"127.9.1.1", 7});
                     }),
            "ok 127.9.1.1:7")
      << "another subject's entry must not count";
  EXPECT_EQ(take(v4).original_destination.text(), "127.9.1.1:7");
}

TEST_F(Steering, DeniesWithTheErrnoOfTheEntryInBothFamiliesAndMapped) {
  must(lab->maps->set_verdict(verdict_for("127.1.2.3", 5432, ConnectVerdict::kDeny)));
  auto entry = verdict_for("::1", 5432, ConnectVerdict::kDeny);
  entry.denied_errno = ENETUNREACH;
  must(lab->maps->set_verdict(entry));
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "EHOSTUNREACH");
  EXPECT_EQ(agent([] { return connect_to({"::ffff:127.1.2.3", 5432}); }), "EHOSTUNREACH");
  EXPECT_EQ(agent([] { return connect_to({"::1", 5432}); }), "ENETUNREACH");
  EXPECT_EQ(lab->count("denied_by_verdict"), 3u);
  const auto events = lab->events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kDenied);
  EXPECT_EQ(events[0].denied_errno, EHOSTUNREACH);
  EXPECT_EQ(events[0].rule, 9u);
}

TEST_F(Steering, CountsTheHitsOfTheRulesThatItWasTold) {
  must(lab->maps->count_rules({9, 10}));
  must(lab->maps->set_verdict(verdict_for("127.1.2.3", 5432, ConnectVerdict::kDeny)));
  auto entry = verdict_for("127.1.2.4", 5432, ConnectVerdict::kDeny);
  entry.rule = 11;
  must(lab->maps->set_verdict(entry));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "EHOSTUNREACH");
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.4", 5432}); }), "EHOSTUNREACH");
  using Hits = std::map<std::uint32_t, std::uint64_t>;
  EXPECT_EQ(must(lab->maps->rule_hits()), (Hits{{9, 3}, {10, 0}}));
  must(lab->maps->count_rules({9, 11}));
  EXPECT_EQ(must(lab->maps->rule_hits()), (Hits{{9, 3}, {11, 0}}));
}

TEST_F(Steering, AnswersConnectionRefusedOnceTheDaemonIsDead) {
  v4.fd.reset();
  v6.fd.reset();
  lab->drop_daemon();
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "ECONNREFUSED");
  EXPECT_EQ(agent([] { return connect_to({"::1", 5432}); }), "ECONNREFUSED");
  const Listener server{"127.0.0.1"};
  const std::string outside = lab->make_cgroup("outside");
  EXPECT_EQ(as_agent(outside,
                     [&] {
                       return connect_to({"127.0.0.1", server.port});
                     }),
            "ok 127.0.0.1:" + std::to_string(server.port));
}

TEST_F(Steering, RefusesWhereThereIsNoListener) {
  must(lab->maps->set_listeners({v4.endpoint()}));
  EXPECT_EQ(agent([] { return connect_to({"::1", 5432}); }), "ECONNREFUSED");
  EXPECT_EQ(lab->count("no_listener"), 1u);
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 1}); }), "ok 127.1.2.3:1");
}

TEST_F(Steering, RefusesTheListenerItself) {
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.0", 0, ConnectVerdict::kDirect, IPPROTO_TCP, 96 + 8)));
  EXPECT_EQ(agent([&] { return connect_to({"127.0.0.1", v4.port}); }), "EPERM");
  EXPECT_EQ(agent([&] { return connect_to({"0.0.0.0", v4.port}); }), "EPERM");
  EXPECT_EQ(agent([&] { return connect_to({"::ffff:127.0.0.1", v4.port}); }), "EPERM");
  EXPECT_EQ(agent([&] { return connect_to({"::1", v6.port}); }), "EPERM");
  EXPECT_EQ(lab->count("own_listener"), 4u);
}

TEST_F(Steering, GivesBackAllRecordsOfTenThousandConnections) {
  constexpr int kConnections = 10'000;
  Child child{run, [] {
                const Address to{"127.1.2.3", 5432};
                for (int i = 0; i < kConnections; ++i) {
                  const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
                  const linger reset{1, 0};  // no TIME_WAIT: there are fewer ports than connections
                  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                  if (::connect(fd.get(), to.get(), to.length) != 0)
                    return std::to_string(i) + " " + errno_name(errno);
                  char byte = 0;
                  if (::read(fd.get(), &byte, 1) != 1) return std::string{"no answer"};
                }
                return std::string{"ok"};
              }};
  for (int i = 0; i < kConnections; ++i) {
    const UniqueFd accepted = v4.accept();
    const auto record = lab->maps->take_flow_record(accepted.get());
    ASSERT_TRUE(record.ok()) << i << ": " << record.error().text();
    ASSERT_EQ(::write(accepted.get(), "x", 1), 1);
  }
  EXPECT_EQ(child.result(), "ok");
  v4.fd.reset();
  // These fail, and must leave nothing either.
  EXPECT_EQ(agent([] {
              for (int i = 0; i < 1000; ++i)
                if (connect_to({"127.1.2.3", 5432}) != "ECONNREFUSED") return "connected";
              return "refused";
            }),
            "refused");
  EXPECT_EQ(lab->flow_records(), 0u);
}

TEST_F(Steering, SweepsTheRecordsOfConnectionsThatNobodyAccepted) {
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "ok 127.1.2.3:5432");
  EXPECT_EQ(lab->flow_records(), 5u);
  v4.fd.reset();
  EXPECT_EQ(must(lab->maps->sweep_flow_records(0)), 5u);
  EXPECT_EQ(lab->flow_records(), 0u);
}

TEST(FullFlowMap, LeavesTheDaemonWithoutARecord) {
  Lab lab{[](PlaneOptions& options) { options.flow_capacity = 2; }};
  const Listener v4{"127.0.0.1"};
  must(lab.maps->set_listeners({v4.endpoint()}));
  const std::string run = lab.make_run("run");
  std::vector<std::unique_ptr<Child>> children;
  std::vector<UniqueFd> accepted;
  int with_record = 0;
  for (int i = 0; i < 3; ++i) {
    children.push_back(std::make_unique<Child>(run, [] {
      const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
      const Address to{"127.1.2.3", 5432};
      if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
      Child::await_release();
      return std::string{"ok"};
    }));
    accepted.push_back(v4.accept());
  }
  for (const UniqueFd& fd : accepted)
    with_record += lab.maps->take_flow_record(fd.get()).ok() ? 1 : 0;
  EXPECT_EQ(with_record, 2);
  EXPECT_EQ(lab.count("flow_map_full"), 1u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
