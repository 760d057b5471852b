// SPDX-License-Identifier: Apache-2.0
// Who may connect to a listener of a run, and what a run may connect to without a rule.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "kernel/subject_rules.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

// A server in a cgroup, on a port of its own, which answers each connection with one byte. Ends
// with the object.
class Server {
 public:
  Server(const std::string& cgroup, const std::string& ip, bool share_port = false)
      : child_(cgroup, [=, this] { return serve(ip, share_port); }) {
    ::close(told_[1]);  // so that a server that failed is not waited for
    if (::read(told_[0], &port, sizeof port) != sizeof port) fail("the server did not start");
    ::close(told_[0]);
  }
  ~Server() { (void)child_.result(); }
  std::uint16_t port = 0;

 private:
  std::string serve(const std::string& ip, bool share_port) {
    const Address address{ip.empty() ? "0.0.0.0" : ip, 0};
    const UniqueFd fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int yes = 1;
    if (share_port) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    // "" listens without bind(): on all addresses, with a port that the kernel chooses.
    if (!ip.empty() && ::bind(fd.get(), address.get(), address.length) != 0)
      return "bind " + errno_name(errno);
    if (::listen(fd.get(), 16) != 0) return "listen " + errno_name(errno);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    const std::uint16_t chosen = ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
    if (::write(told_[1], &chosen, sizeof chosen) != sizeof chosen) return "tell";
    for (;;) {
      pollfd waits[2] = {{fd.get(), POLLIN, 0}, {Child::release_descriptor(), POLLIN, 0}};
      ::poll(waits, 2, -1);
      if (waits[1].revents != 0) return "done";
      const UniqueFd peer{::accept(fd.get(), nullptr, nullptr)};
      (void)!::write(peer.get(), "s", 1);
    }
  }
  struct Pipe {
    Pipe() {
      if (::pipe(ends) != 0) fail("pipe");
    }
    int& operator[](int i) { return ends[i]; }
    int ends[2];
  };
  Pipe told_;
  Child child_;
};

// "served", "dropped" where nothing answers a SYN, or the errno's name. A connection that was let
// through loopback is there at once; a second is a long time.
std::string call(const std::string& ip, std::uint16_t port) {
  const Address to{ip, port};
  const UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), to.get(), to.length) != 0 && errno != EINPROGRESS)
    return errno_name(errno);
  pollfd writable{fd.get(), POLLOUT, 0};
  if (::poll(&writable, 1, 1'000) == 0) return "dropped";
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return errno_name(error);
  pollfd readable{fd.get(), POLLIN, 0};
  char byte = 0;
  if (::poll(&readable, 1, 10'000) == 1 && ::read(fd.get(), &byte, 1) == 1 && byte == 's')
    return "served";
  return "connected to somebody else";
}

class InboundOf : public ::testing::Test {
 protected:
  void SetUp() override {
    rules.emplace(must(SubjectRules::adopt(must(lab.plane->descriptors()))));
  }
  std::string from(const std::string& cgroup, const std::string& ip, std::uint16_t port) {
    return as_agent(cgroup, [&] { return call(ip, port); });
  }
  Lab lab;
  std::optional<SubjectRules> rules;
};

TEST_F(InboundOf, ARunTalksToItsOwnServerWithoutARuleOrADaemon) {
  const std::string run = lab.make_run("run");
  const Server v4{run, "127.0.0.1"}, v6{run, "::1"}, any{run, "0.0.0.0"};
  EXPECT_EQ(from(run, "127.0.0.1", v4.port), "served");
  EXPECT_EQ(from(run, "::1", v6.port), "served");
  EXPECT_EQ(from(run, "127.0.0.1", any.port), "served");
  EXPECT_EQ(from(run, "::ffff:127.0.0.1", any.port), "served");
  EXPECT_EQ(lab.count("own_run"), 4u);
  bool seen = false;
  for (const KernelEvent& event : lab.events())
    seen = seen || (event.kind == KernelEventKind::kDirect && event.reason == "own_run");
  EXPECT_TRUE(seen);
}

// A listener on all addresses is found in the socket table for every address there is.
TEST_F(InboundOf, AServerOnAllAddressesOpensNoWayToOtherMachines) {
  const std::string run = lab.make_run("run");
  const Server any{run, "0.0.0.0"};
  EXPECT_EQ(from(run, "192.0.2.1", any.port), "ECONNREFUSED");
  EXPECT_EQ(lab.count("own_run"), 0u);
}

TEST_F(InboundOf, ServersOfOthersAreADestinationLikeAnyOther) {
  const std::string run = lab.make_run("run", 1), other = lab.make_run("other", 2);
  const std::string outside = lab.make_cgroup("outside");
  const Server theirs{other, "127.0.0.1"}, relay{outside, "127.0.0.1"};
  EXPECT_EQ(from(run, "127.0.0.1", theirs.port), "ECONNREFUSED");
  EXPECT_EQ(from(run, "127.0.0.1", relay.port), "ECONNREFUSED");
  EXPECT_EQ(from(outside, "127.0.0.1", relay.port), "served");
}

TEST_F(InboundOf, ARunReachesServersInsideItAndNeverThoseAroundIt) {
  const std::string outer = lab.make_run("outer", 1), inner = lab.make_run("outer/inner", 2);
  const Server above{outer, "127.0.0.1"}, below{inner, "127.0.0.1"};
  EXPECT_EQ(from(outer, "127.0.0.1", below.port), "served");
  EXPECT_EQ(from(inner, "127.0.0.1", above.port), "ECONNREFUSED")
      << "it could use the rights of the run around it";
}

TEST_F(InboundOf, NobodyFromOutsideConnectsToARunUnlessThePolicySaysLoopback) {
  const std::string run = lab.make_run("run");
  const std::string outside = lab.make_cgroup("outside");
  const Server v4{run, "127.0.0.1"}, v6{run, "::1"}, unbound{run, ""};
  EXPECT_EQ(from(outside, "127.0.0.1", v4.port), "dropped");
  EXPECT_EQ(from(outside, "::1", v6.port), "dropped");
  EXPECT_EQ(from(outside, "127.0.0.1", unbound.port), "dropped") << "listen() without bind()";
  EXPECT_GE(lab.count("inbound_foreign"), 3u);
  must(rules->set(1, Inbound::kLoopback));
  EXPECT_EQ(from(outside, "127.0.0.1", v4.port), "served");
  EXPECT_EQ(from(outside, "::1", v6.port), "served");
  EXPECT_EQ(from(run, "127.0.0.1", v4.port), "served");
}

TEST_F(InboundOf, NoneKeepsOutTheRunItselfToo) {
  const std::string run = lab.make_run("run");
  const Server server{run, "127.0.0.1"};
  must(rules->set(1, Inbound::kNone));
  EXPECT_EQ(from(run, "127.0.0.1", server.port), "ECONNREFUSED");
  EXPECT_EQ(from(lab.make_cgroup("outside"), "127.0.0.1", server.port), "dropped");
  EXPECT_GE(lab.count("inbound_none"), 1u);
}

TEST_F(InboundOf, ARevokedRunIsCalledByNobody) {
  const std::string run = lab.make_run("run");
  const Server server{run, "127.0.0.1"};
  must(rules->set(1, Inbound::kLoopback));
  must(lab.maps->revoke_run(lab.id_of(run)));
  EXPECT_EQ(from(run, "127.0.0.1", server.port), "EPERM");
  EXPECT_EQ(from(lab.make_cgroup("outside"), "127.0.0.1", server.port), "dropped");
}

// Which of two that share a port gets a connection cannot be told before.
TEST_F(InboundOf, APortThatIsSharedIsNobodysOwn) {
  const std::string run = lab.make_run("run");
  const Server shared{run, "127.0.0.1", true};
  EXPECT_EQ(from(run, "127.0.0.1", shared.port), "ECONNREFUSED");
}

TEST_F(InboundOf, ARunThatListensOnTheDaemonsPortHearsNothing) {
  const std::string squatter = lab.make_run("squatter", 1);
  const Server server{squatter, "127.0.0.1"};
  must(rules->set(1, Inbound::kLoopback));
  // The daemon is dead, and its port is another's by now.
  must(lab.maps->set_listeners({Endpoint{*parse_ip("127.0.0.1"), server.port}}));
  const std::string victim = lab.make_run("victim", 2);
  EXPECT_EQ(from(victim, "127.9.9.9", 5432), "dropped");
  EXPECT_GE(lab.count("inbound_squatter"), 1u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
