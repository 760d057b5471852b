// SPDX-License-Identifier: Apache-2.0
// What a run may not do, on this kernel; each way around that was thought of is a test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

class Refusing : public testing::Test {
 protected:
  void SetUp() override {
    lab.emplace();
    must(lab->maps->set_listeners({v4.endpoint(), v6.endpoint()}));
    run = lab->make_run("run");
  }
  std::string agent(const std::function<std::string()>& act) { return as_agent(run, act); }

  Listener v4{"127.0.0.1"};
  Listener v6{"::1"};
  std::optional<Lab> lab;
  std::string run;
};

struct UdpServer {
  explicit UdpServer(const std::string& ip) {
    const Address any{ip, 0};
    fd.reset(::socket(any.storage.ss_family, SOCK_DGRAM, 0));
    sockaddr_in bound{};  // the port has the same place in both families
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::bind(fd.get(), any.get(), any.length) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
      fail("bind");
    std::memcpy(&bound, &storage, sizeof bound);
    port = ntohs(bound.sin_port);
  }
  bool got_something() const {
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) >= 0;
  }
  UniqueFd fd;
  std::uint16_t port = 0;
};

// From a socket of family `socket_family`; `claimed_family` is what is written into the address.
std::string send_to(const Address& to, int socket_family, int claimed_family) {
  const UniqueFd fd{::socket(socket_family, SOCK_DGRAM, 0)};
  Address address = to;
  address.storage.ss_family = static_cast<sa_family_t>(claimed_family);
  const ssize_t sent = ::sendto(fd.get(), "x", 1, 0, address.get(), address.length);
  return sent == 1 ? "sent" : errno_name(errno);
}

struct UdpCase {
  const char* name;
  const char* server;
  const char* to;
  int socket_family;
  int claimed_family;
};
const UdpCase kUdpCases[] = {
    {"ipv4", "127.0.0.1", "127.0.0.1", AF_INET, AF_INET},
    {"ipv4_said_to_be_unspecified", "127.0.0.1", "127.0.0.1", AF_INET, AF_UNSPEC},
    {"ipv4_any", "127.0.0.1", "0.0.0.0", AF_INET, AF_INET},
    {"ipv6", "::1", "::1", AF_INET6, AF_INET6},
    {"ipv6_any", "::1", "::", AF_INET6, AF_INET6},
    {"mapped", "127.0.0.1", "::ffff:127.0.0.1", AF_INET6, AF_INET6},
    {"ipv4_address_on_ipv6_socket", "127.0.0.1", "127.0.0.1", AF_INET6, AF_INET},
};

TEST_F(Refusing, EveryFormOfUdpSendWithoutADirectEntry) {
  for (const UdpCase& c : kUdpCases) {
    const UdpServer server{c.server};
    EXPECT_EQ(agent([&] {
                return send_to({c.to, server.port}, c.socket_family, c.claimed_family);
              }),
              "EPERM")
        << c.name;
    EXPECT_FALSE(server.got_something()) << c.name;
  }
  EXPECT_EQ(lab->count("udp_no_entry"), std::size(kUdpCases));
}

TEST_F(Refusing, NoFormOfUdpSendThatHasADirectEntry) {
  for (const UdpCase& c : kUdpCases) {
    const UdpServer server{c.server};
    must(lab->maps->set_verdict(
        verdict_for(c.server, server.port, ConnectVerdict::kDirect, IPPROTO_UDP)));
    EXPECT_EQ(agent([&] {
                return send_to({c.to, server.port}, c.socket_family, c.claimed_family);
              }),
              "sent")
        << c.name;
    EXPECT_TRUE(server.got_something()) << c.name;
  }
}

TEST_F(Refusing, UdpConnectUnlessDirectAndNeverSteersIt) {
  const UdpServer server{"127.0.0.1"};
  const auto connect = [&] { return connect_to({"127.0.0.1", server.port}, SOCK_DGRAM); };
  EXPECT_EQ(agent(connect), "EPERM");
  must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  EXPECT_EQ(agent(connect), "EPERM") << "an entry for TCP is none for UDP";
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.1", server.port, ConnectVerdict::kSteer, IPPROTO_UDP)));
  EXPECT_EQ(agent(connect), "EPERM");
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect, IPPROTO_UDP)));
  EXPECT_EQ(agent(connect), "ok 127.0.0.1:" + std::to_string(server.port));
}

TEST_F(Refusing, ASecondDestinationOnAConnectedUdpSocket) {
  const UdpServer allowed{"127.0.0.1"}, other{"127.0.0.1"};
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.1", allowed.port, ConnectVerdict::kDirect, IPPROTO_UDP)));
  EXPECT_EQ(agent([&] {
              const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
              const Address first{"127.0.0.1", allowed.port}, second{"127.0.0.1", other.port};
              if (::connect(fd.get(), first.get(), first.length) != 0) return errno_name(errno);
              if (::sendto(fd.get(), "x", 1, 0, second.get(), second.length) == 1)
                return std::string{"sent"};
              return errno_name(errno);
            }),
            "EPERM");
  EXPECT_FALSE(other.got_something());
  lab->events();
}

TEST_F(Refusing, SocketsThatAreNeitherTcpNorUdp) {
  const auto make = [&](int family, int type, int protocol) {
    return agent([=] {
      const UniqueFd fd{::socket(family, type, protocol)};
      return fd ? std::string{"made"} : errno_name(errno);
    });
  };
  EXPECT_EQ(make(AF_INET, SOCK_RAW, IPPROTO_TCP), "EPERM");
  EXPECT_EQ(make(AF_INET, SOCK_RAW, IPPROTO_RAW), "EPERM");
  EXPECT_EQ(make(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), "EPERM");
  EXPECT_EQ(lab->count("socket_raw"), 3u);
  EXPECT_EQ(make(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), "EACCES");
  EXPECT_EQ(make(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), "EPROTONOSUPPORT");
  EXPECT_EQ(make(AF_INET, SOCK_STREAM, 0), "made");
  EXPECT_EQ(make(AF_INET6, SOCK_DGRAM, 0), "made");
  const auto events = lab->events();
  ASSERT_GE(events.size(), 3u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kDenied);
  EXPECT_EQ(events[0].reason, "socket_raw");
  EXPECT_EQ(events[0].cgroup_id, lab->id_of(run));
}

TEST_F(Refusing, EverythingOfARevokedRunAndOfTheRunsBelowIt) {
  const std::string child = lab->make_run("run/child", 2);
  const UdpServer server{"127.0.0.1"};
  must(lab->maps->set_verdict(
      verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect, IPPROTO_UDP)));
  must(lab->maps->revoke_run(lab->id_of(run)));
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "EPERM");
  EXPECT_EQ(agent([] { return connect_to({"::1", 5432}); }), "EPERM");
  EXPECT_EQ(agent([&] { return send_to({"127.0.0.1", server.port}, AF_INET, AF_INET); }), "EPERM");
  EXPECT_EQ(as_agent(child, [] { return connect_to({"127.1.2.3", 5432}); }), "EPERM");
  EXPECT_EQ(lab->count("revoked"), 4u);
  must(lab->maps->add_run(lab->id_of(run), 1));
  EXPECT_EQ(agent([] {
              return connect_to({"127.1.2.3", 5432});
            }),
            "EPERM")
      << "adding it again must not pardon it";
}

TEST_F(Refusing, NothingToTheParentOfARevokedRun) {
  const std::string child = lab->make_run("run/child", 2);
  must(lab->maps->revoke_run(lab->id_of(child)));
  EXPECT_EQ(as_agent(child, [] { return connect_to({"127.1.2.3", 5432}); }), "EPERM");
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "ok 127.1.2.3:5432");
}

TEST_F(Refusing, AnOldEpochAndAnExpiredEntry) {
  auto entry = verdict_for("127.1.2.3", 5432, ConnectVerdict::kDeny);
  const auto connect = [] { return connect_to({"127.1.2.3", 5432}); };
  must(lab->maps->set_verdict(entry));
  EXPECT_EQ(agent(connect), "EHOSTUNREACH");
  must(lab->maps->next_epoch());
  EXPECT_EQ(agent(connect), "ok 127.1.2.3:5432");
  entry.lifetime_ns = 1;
  must(lab->maps->set_verdict(entry));
  EXPECT_EQ(agent(connect), "ok 127.1.2.3:5432");
  EXPECT_EQ(lab->count("steered_stale"), 1u);
  entry.lifetime_ns = 3'600'000'000'000;
  must(lab->maps->set_verdict(entry));
  EXPECT_EQ(agent(connect), "EHOSTUNREACH");
}

TEST_F(Refusing, InTheDeepestRunThatTheTaskIsIn) {
  const std::string child = lab->make_run("run/child", 2);
  const std::string below = lab->make_cgroup("run/child/no_run_of_its_own");
  must(lab->maps->set_verdict(verdict_for("127.1.2.3", 5432, ConnectVerdict::kDeny)));
  EXPECT_EQ(agent([] { return connect_to({"127.1.2.3", 5432}); }), "EHOSTUNREACH");
  EXPECT_EQ(as_agent(below, [] { return connect_to({"127.1.2.3", 5432}); }), "ok 127.1.2.3:5432");
  const UniqueFd accepted = v4.accept();
  EXPECT_EQ(must(lab->maps->take_flow_record(accepted.get())).cgroup_id, lab->id_of(child));
}

TEST_F(Refusing, NoMoreOnceTheRunIsRemoved) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->remove_run(lab->id_of(run)));
  EXPECT_EQ(lab->maps->remove_run(lab->id_of(run)).error().code(), ENOENT);
  EXPECT_EQ(agent([&] {
              return connect_to({"127.0.0.1", server.port});
            }),
            "ok 127.0.0.1:" + std::to_string(server.port));
  EXPECT_TRUE(lab->events().empty());
}

TEST_F(Refusing, AMapOfRunsThatIsFullIsAnError) {
  Lab small{[](PlaneOptions& options) { options.run_capacity = 1; }};
  small.make_run("one");
  const std::string two = small.make_cgroup("two");
  const auto added = small.maps->add_run(small.id_of(two), 1);
  ASSERT_FALSE(added.ok());
  EXPECT_NE(added.error().text().find("map of runs is full"), std::string::npos)
      << added.error().text();
}

TEST_F(Refusing, AVerdictMapThatIsFullMakesRoomOfWhatIsDead) {
  for (int i = 0; i < 64; ++i) {
    auto entry = verdict_for("127.1.0." + std::to_string(i), 1, ConnectVerdict::kDirect);
    entry.lifetime_ns = i < 32 ? 1 : 0;
    must(lab->maps->set_verdict(entry));
  }
  for (int i = 0; i < 32; ++i)
    must(lab->maps->set_verdict(
        verdict_for("127.2.0." + std::to_string(i), 1, ConnectVerdict::kDirect)));
  const auto over = lab->maps->set_verdict(verdict_for("127.3.0.1", 1, ConnectVerdict::kDirect));
  ASSERT_FALSE(over.ok());
  EXPECT_NE(over.error().text().find("name networks instead"), std::string::npos)
      << over.error().text();
}

TEST_F(Refusing, EntriesAndListenersThatMakeNoSense) {
  auto entry = verdict_for("127.1.2.3", 1, ConnectVerdict::kDeny);
  entry.denied_errno = 0;
  EXPECT_FALSE(lab->maps->set_verdict(entry).ok());
  entry.denied_errno = 5000;
  EXPECT_FALSE(lab->maps->set_verdict(entry).ok());
  entry = verdict_for("127.1.2.3", 1, ConnectVerdict::kDirect, IPPROTO_SCTP);
  EXPECT_FALSE(lab->maps->set_verdict(entry).ok());
  entry = verdict_for("127.1.2.3", 1, ConnectVerdict::kDirect, IPPROTO_TCP, 129);
  EXPECT_FALSE(lab->maps->set_verdict(entry).ok());
  EXPECT_FALSE(lab->maps->set_listeners({Endpoint{*parse_ip("0.0.0.0"), 1}}).ok());
  const Endpoint one{*parse_ip("127.0.0.1"), 1}, other{*parse_ip("127.0.0.2"), 1};
  EXPECT_FALSE(lab->maps->set_listeners({one, other}).ok());
  EXPECT_FALSE(lab->maps->set_listeners({one, one, one}).ok()) << "three do not fill sixteen";
  EXPECT_FALSE(lab->maps->set_listeners({Endpoint{*parse_ip("127.0.0.1"), 0}}).ok());
  EXPECT_EQ(lab->maps->add_run(0, 1).error().code(), ENOENT);
  EXPECT_FALSE(lab->maps->add_run_at(1, 1, 64).ok());
  EXPECT_FALSE(lab->maps->add_run_at(1, 1, 0).ok()) << "the whole machine would be a run";
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
