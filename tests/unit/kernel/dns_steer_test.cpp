// SPDX-License-Identifier: Apache-2.0
// DNS over UDP of a run on this kernel: every way to send a query ends at the daemon's resolver,
// and the answer comes from the resolver that was asked.
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

constexpr int kPatienceMs = 20'000;

std::string receive(int fd) {
  pollfd readable{fd, POLLIN, 0};
  if (::poll(&readable, 1, kPatienceMs) != 1) return "nothing came";
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  char text[100];
  const ssize_t size =
      ::recvfrom(fd, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (size < 0) return errno_name(errno);
  return std::string{text, static_cast<std::size_t>(size)} + " from " + text_of(from);
}

void set_family(Address& address, int claimed) {
  address.storage.ss_family = static_cast<sa_family_t>(claimed);
}

// The daemon's sockets of one family, as the daemon has them.
struct OurResolver {
  explicit OurResolver(const std::string& ip) {
    const Address any{ip, 0};
    for (std::size_t i = 0; i < kResolverPorts; ++i) {
      fds.emplace_back(::socket(any.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      if (::bind(fds.back().get(), any.get(), any.length) != 0) fail("bind: " + errno_name(errno));
      ports.push_back(must(query_port_of(fds.back().get())));
    }
  }

  struct Query {
    FlowRecord record;
    std::string text;
    std::size_t socket = 0;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
  };
  // Waits for the next query and finds who sent it.
  Query next(const Lab& lab) const {
    std::vector<pollfd> waits;
    for (const UniqueFd& fd : fds) waits.push_back({fd.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), kPatienceMs) < 1) fail("no query came");
    Query query;
    while (waits[query.socket].revents == 0) ++query.socket;
    char text[100];
    const ssize_t size = ::recvfrom(fds[query.socket].get(), text, sizeof text, 0,
                                    reinterpret_cast<sockaddr*>(&query.from), &query.length);
    if (size < 0) fail("recvfrom: " + errno_name(errno));
    query.text.assign(text, static_cast<std::size_t>(size));
    query.record = must(lab.maps->find_query(ports[query.socket], source_of(query)));
    return query;
  }
  static Endpoint source_of(const Query& query) {
    Endpoint source;
    if (query.from.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(query.from);
      source.ip.bytes[10] = source.ip.bytes[11] = 0xff;
      std::memcpy(source.ip.bytes.data() + 12, &v4.sin_addr, 4);
      source.port = ntohs(v4.sin_port);
    } else {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(query.from);
      std::memcpy(source.ip.bytes.data(), &v6.sin6_addr, 16);
      source.port = ntohs(v6.sin6_port);
    }
    return source;
  }
  void answer(const Query& query) const {
    const std::string text = "re:" + query.text;
    if (::sendto(fds[query.socket].get(), text.data(), text.size(), 0,
                 reinterpret_cast<const sockaddr*>(&query.from), query.length) < 0)
      fail("answer: " + errno_name(errno));
  }
  bool got_something() const {
    for (const UniqueFd& fd : fds) {
      char byte = 0;
      if (::recv(fd.get(), &byte, 1, MSG_DONTWAIT) >= 0) return true;
    }
    return false;
  }

  std::vector<UniqueFd> fds;
  std::vector<QueryPort> ports;
};

class DnsSteering : public testing::Test {
 protected:
  void SetUp() override {
    lab.emplace();
    must(lab->maps->set_resolver(v4.ports));
    must(lab->maps->set_resolver(v6.ports));
    run = lab->make_run("run");
  }
  std::string agent(const std::function<std::string()>& act) { return as_agent(run, act); }

  OurResolver v4{"127.0.0.1"};
  OurResolver v6{"::1"};
  std::optional<Lab> lab;
  std::string run;
};

struct Form {
  const char* name;
  int socket_family;
  const char* to;
  int claimed_family;  // what is written into the address
  bool connected = false;
  const char* bind_to = "";
  bool v6_only = false;
  const char* shown;  // the source of the answer, as the agent sees it
  const char* meant;  // the destination, as the daemon sees it
};
const Form kForms[] = {
    {.name = "ipv4",
     .socket_family = AF_INET,
     .to = "192.0.2.53",
     .claimed_family = AF_INET,
     .shown = "192.0.2.53:53",
     .meant = "192.0.2.53:53"},
    {.name = "ipv4_connected",
     .socket_family = AF_INET,
     .to = "192.0.2.53",
     .claimed_family = AF_INET,
     .connected = true,
     .shown = "192.0.2.53:53",
     .meant = "192.0.2.53:53"},
    {.name = "a_resolver_on_loopback",
     .socket_family = AF_INET,
     .to = "127.0.0.53",
     .claimed_family = AF_INET,
     .connected = true,
     .shown = "127.0.0.53:53",
     .meant = "127.0.0.53:53"},
    {.name = "said_to_be_unspecified",
     .socket_family = AF_INET,
     .to = "192.0.2.53",
     .claimed_family = AF_UNSPEC,
     .shown = "192.0.2.53:53",
     .meant = "192.0.2.53:53"},
    {.name = "any",
     .socket_family = AF_INET,
     .to = "0.0.0.0",
     .claimed_family = AF_INET,
     .shown = "127.0.0.1:53",
     .meant = "127.0.0.1:53"},
    {.name = "bound_address",
     .socket_family = AF_INET,
     .to = "192.0.2.53",
     .claimed_family = AF_INET,
     .bind_to = "127.5.6.7",
     .shown = "192.0.2.53:53",
     .meant = "192.0.2.53:53"},
    {.name = "bound_address_connected",
     .socket_family = AF_INET,
     .to = "192.0.2.53",
     .claimed_family = AF_INET,
     .connected = true,
     .bind_to = "127.5.6.7",
     .shown = "192.0.2.53:53",
     .meant = "192.0.2.53:53"},
    {.name = "ipv6",
     .socket_family = AF_INET6,
     .to = "2001:db8::53",
     .claimed_family = AF_INET6,
     .shown = "[2001:db8::53]:53",
     .meant = "[2001:db8::53]:53"},
    {.name = "ipv6_connected",
     .socket_family = AF_INET6,
     .to = "2001:db8::53",
     .claimed_family = AF_INET6,
     .connected = true,
     .shown = "[2001:db8::53]:53",
     .meant = "[2001:db8::53]:53"},
    {.name = "ipv6_only",
     .socket_family = AF_INET6,
     .to = "2001:db8::53",
     .claimed_family = AF_INET6,
     .connected = true,
     .v6_only = true,
     .shown = "[2001:db8::53]:53",
     .meant = "[2001:db8::53]:53"},
    {.name = "ipv6_any",
     .socket_family = AF_INET6,
     .to = "::",
     .claimed_family = AF_INET6,
     .shown = "[::1]:53",
     .meant = "[::1]:53"},
    {.name = "mapped",
     .socket_family = AF_INET6,
     .to = "::ffff:192.0.2.53",
     .claimed_family = AF_INET6,
     .shown = "[::ffff:192.0.2.53]:53",
     .meant = "192.0.2.53:53"},
    {.name = "mapped_connected",
     .socket_family = AF_INET6,
     .to = "::ffff:192.0.2.53",
     .claimed_family = AF_INET6,
     .connected = true,
     .shown = "[::ffff:192.0.2.53]:53",
     .meant = "192.0.2.53:53"},
    {.name = "ipv4_address_on_ipv6_socket",
     .socket_family = AF_INET6,
     .to = "192.0.2.53",
     .claimed_family = AF_INET,
     .shown = "[::ffff:192.0.2.53]:53",
     .meant = "192.0.2.53:53"},
};

std::string ask(const Form& form) {
  const UniqueFd fd{::socket(form.socket_family, SOCK_DGRAM, 0)};
  const int on = 1;
  if (form.v6_only) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (*form.bind_to != '\0') {
    const Address from{form.bind_to, 0};
    if (::bind(fd.get(), from.get(), from.length) != 0) return "bind " + errno_name(errno);
  }
  Address to{form.to, 53};
  set_family(to, form.claimed_family);
  if (!form.connected) {
    if (::sendto(fd.get(), "name", 4, 0, to.get(), to.length) != 4) return errno_name(errno);
    return receive(fd.get());
  }
  if (::connect(fd.get(), to.get(), to.length) != 0) return "connect " + errno_name(errno);
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length);
  if (text_of(peer) != form.shown) return "the peer is shown as " + text_of(peer);
  if (::send(fd.get(), "name", 4, 0) != 4) return errno_name(errno);
  return receive(fd.get());
}

class EveryForm : public DnsSteering, public testing::WithParamInterface<Form> {};

TEST_P(EveryForm, ComesToTheDaemonAndIsAnsweredFromWhereItWasAsked) {
  const Form& form = GetParam();
  Child child{run, [&] { return ask(form); }};
  const bool by_v6 = std::string_view{form.meant}.starts_with('[');
  const OurResolver& ours = by_v6 ? v6 : v4;
  OurResolver::Query query;
  try {
    query = ours.next(*lab);
  } catch (const std::exception& thrown) {
    FAIL() << thrown.what() << "; the agent says: " << child.result();
  }
  EXPECT_EQ(query.record.original_destination.text(), form.meant);
  EXPECT_EQ(query.record.cgroup_id, lab->id_of(run));
  EXPECT_NE(query.record.flow, 0u);
  ours.answer(query);
  EXPECT_EQ(child.result(), std::string{"re:name from "} + form.shown);
  EXPECT_EQ(lab->query_records(), 0u) << "the socket is closed";
  EXPECT_GE(lab->count("dns_steered"), 1u);
  const auto events = lab->events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kOpened);
  EXPECT_EQ(events[0].destination.text(), form.meant);
  EXPECT_EQ(events[0].reason, "dns_steered");
  EXPECT_EQ(events[1].kind, KernelEventKind::kClosed);
}
INSTANTIATE_TEST_SUITE_P(Table, EveryForm, testing::ValuesIn(kForms),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST_F(DnsSteering, TwoResolversOnOneSocketAreToldApartWhateverTheOrderOfTheirAnswers) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address one{"127.0.0.53", 53}, two{"192.0.2.1", 53};
                ::sendto(fd.get(), "a", 1, 0, one.get(), one.length);
                ::sendto(fd.get(), "b", 1, 0, two.get(), two.length);
                const std::string first = receive(fd.get());
                return first + ", " + receive(fd.get());
              }};
  std::vector<OurResolver::Query> queries{v4.next(*lab), v4.next(*lab)};
  if (queries[0].text == "a") std::swap(queries[0], queries[1]);
  for (const auto& query : queries) v4.answer(query);
  EXPECT_EQ(child.result(), "re:b from 192.0.2.1:53, re:a from 127.0.0.53:53");
}

TEST_F(DnsSteering, AConnectedSocketThatAsksAnotherShowsEachItsOwn) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address one{"127.0.0.53", 53}, two{"192.0.2.1", 53};
                ::connect(fd.get(), one.get(), one.length);
                ::sendto(fd.get(), "b", 1, 0, two.get(), two.length);
                ::send(fd.get(), "a", 1, 0);
                sockaddr_storage peer{};
                socklen_t length = sizeof peer;
                ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length);
                const std::string got = receive(fd.get());
                Child::await_release();
                return got + ", peer " + text_of(peer);
              }};
  for (int i = 0; i < 2; ++i) v4.answer(v4.next(*lab));
  EXPECT_EQ(child.result(), "re:a from 127.0.0.53:53, peer 127.0.0.53:53")
      << "a connected socket gets nothing from anybody else";
}

TEST_F(DnsSteering, AsManyResolversAsASocketLikesOneAfterTheOther) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                for (int i = 1; i <= 20; ++i) {
                  const std::string ip = "192.0.2." + std::to_string(i);
                  const Address to{ip, 53};
                  if (::sendto(fd.get(), "q", 1, 0, to.get(), to.length) != 1)
                    return errno_name(errno);
                  const std::string got = receive(fd.get());
                  if (got != "re:q from " + ip + ":53") return ip + " gave " + got;
                }
                Child::await_release();
                return std::string{"all"};
              }};
  for (int i = 0; i < 20; ++i) v4.answer(v4.next(*lab));
  EXPECT_LE(lab->query_records(), kResolverPorts);
  EXPECT_EQ(child.result(), "all");
  EXPECT_EQ(lab->query_records(), 0u);
}

TEST_F(DnsSteering, SocketsOfOnePortOnTwoAddressesAreNotConfused) {
  const std::string other = lab->make_run("other", 2);
  const OurResolver probe{"127.0.0.1"};  // a port that was free a moment ago on every address
  const std::uint16_t port = probe.ports[0].address.port;
  const auto act = [port](const char* ip) {
    return [port, ip] {
      const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
      const Address from{ip, port}, to{"127.0.0.53", 53};
      if (::bind(fd.get(), from.get(), from.length) != 0) return "bind " + errno_name(errno);
      ::sendto(fd.get(), ip, 9, 0, to.get(), to.length);
      return receive(fd.get());
    };
  };
  Child one{run, act("127.0.0.7")}, two{other, act("127.0.0.8")};
  for (int i = 0; i < 2; ++i) {
    const auto query = v4.next(*lab);
    EXPECT_EQ(query.record.cgroup_id, lab->id_of(query.text == "127.0.0.7" ? run : other));
    v4.answer(query);
  }
  EXPECT_EQ(one.result(), "re:127.0.0.7 from 127.0.0.53:53");
  EXPECT_EQ(two.result(), "re:127.0.0.8 from 127.0.0.53:53");
}

TEST_F(DnsSteering, ASubagentThatSharesASocketAsksInItsOwnName) {
  const std::string below = lab->make_run("run/below", 2);
  Child child{run, [&] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address to{"127.0.0.53", 53};
                ::sendto(fd.get(), "a", 1, 0, to.get(), to.length);
                const std::string own = receive(fd.get());
                return own + ", " + as_agent(below, [&] {
                         ::sendto(fd.get(), "b", 1, 0, to.get(), to.length);
                         return receive(fd.get());
                       });
              }};
  const auto own = v4.next(*lab);
  EXPECT_EQ(own.record.cgroup_id, lab->id_of(run));
  v4.answer(own);
  const auto inherited = v4.next(*lab);
  EXPECT_EQ(inherited.record.cgroup_id, lab->id_of(below));
  v4.answer(inherited);
  EXPECT_EQ(child.result(), "re:a from 127.0.0.53:53, re:b from 127.0.0.53:53");
}

TEST_F(DnsSteering, NobodyOutsideOfARunIsTakenForOne) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address from{"127.0.0.7", 0}, to{"127.0.0.53", 53};
                ::bind(fd.get(), from.get(), from.length);
                ::sendto(fd.get(), "a", 1, 0, to.get(), to.length);
                const std::string got = receive(fd.get());
                Child::await_release();
                return got;
              }};
  const auto query = v4.next(*lab);
  v4.answer(query);
  Endpoint source = OurResolver::source_of(query);
  source.ip.bytes[15] = 9;  // the same port, another address: another socket
  EXPECT_EQ(lab->maps->find_query(v4.ports[query.socket], source).error().code(), ENOENT);
  source = OurResolver::source_of(query);
  ++source.port;
  EXPECT_EQ(lab->maps->find_query(v4.ports[query.socket], source).error().code(), ENOENT);
  EXPECT_EQ(child.result(), "re:a from 127.0.0.53:53");
}

TEST_F(DnsSteering, WhatComesFromElsewhereIsNotShownAsTheResolver) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address to{"127.0.0.53", 53};
                ::sendto(fd.get(), "a", 1, 0, to.get(), to.length);
                return receive(fd.get());
              }};
  const auto query = v4.next(*lab);
  const std::uint16_t port = v4.ports[query.socket].address.port;
  const UniqueFd liar{::socket(AF_INET, SOCK_DGRAM, 0)};
  const Address from{"127.9.9.9", port};
  ASSERT_EQ(::bind(liar.get(), from.get(), from.length), 0);
  ASSERT_EQ(::sendto(liar.get(), "lie", 3, 0, reinterpret_cast<const sockaddr*>(&query.from),
                     query.length),
            3);
  EXPECT_EQ(child.result(), "lie from 127.9.9.9:" + std::to_string(port));
}

TEST_F(DnsSteering, ManyMessagesInOneCall) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                Address to[2] = {{"127.0.0.53", 53}, {"192.0.2.1", 53}};
                char text[2][2] = {"a", "b"};
                iovec parts[2] = {{text[0], 1}, {text[1], 1}};
                mmsghdr messages[2]{};
                for (int i = 0; i < 2; ++i) {
                  messages[i].msg_hdr.msg_name = &to[i].storage;
                  messages[i].msg_hdr.msg_namelen = to[i].length;
                  messages[i].msg_hdr.msg_iov = &parts[i];
                  messages[i].msg_hdr.msg_iovlen = 1;
                }
                if (::sendmmsg(fd.get(), messages, 2, 0) != 2) return errno_name(errno);
                const std::string first = receive(fd.get());
                return first + ", " + receive(fd.get());
              }};
  std::vector<OurResolver::Query> queries{v4.next(*lab), v4.next(*lab)};
  if (queries[0].text == "b") std::swap(queries[0], queries[1]);
  for (const auto& query : queries) v4.answer(query);
  EXPECT_EQ(child.result(), "re:a from 127.0.0.53:53, re:b from 192.0.2.1:53");
}

TEST_F(DnsSteering, WithoutAResolverAQueryIsRefusedAtOnce) {
  must(lab->maps->forget_resolvers());
  EXPECT_EQ(agent([] { return ask(kForms[0]); }), "ECONNREFUSED");
  EXPECT_EQ(agent([] { return ask(kForms[1]); }), "connect ECONNREFUSED");
  EXPECT_EQ(lab->count("no_resolver"), 2u);
}

TEST_F(DnsSteering, ASilentDaemonIsNotAsked) {
  must(lab->maps->set_alive_until(1));
  EXPECT_EQ(agent([] { return ask(kForms[0]); }), "ECONNREFUSED");
  EXPECT_EQ(agent([] { return ask(kForms[1]); }), "connect ECONNREFUSED");
  EXPECT_EQ(lab->count("daemon_silent"), 2u);
  EXPECT_FALSE(v4.got_something());
  EXPECT_EQ(lab->query_records(), 0u);
}

TEST_F(DnsSteering, InAnotherNetworkNamespaceAQueryIsRefusedAtOnce) {
  EXPECT_EQ(agent([] {
              if (::unshare(CLONE_NEWNET) != 0) return "unshare " + errno_name(errno);
              return ask(kForms[0]);
            }),
            "ECONNREFUSED");
}

TEST_F(DnsSteering, ASocketThatIsBoundToTheLoopbackDeviceReachesOurs) {
  Child child{run, [] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) != 0)
                  return "bind " + errno_name(errno);
                const Address to{"192.0.2.53", 53};
                ::sendto(fd.get(), "name", 4, 0, to.get(), to.length);
                return receive(fd.get());
              }};
  v4.answer(v4.next(*lab));
  EXPECT_EQ(child.result(), "re:name from 192.0.2.53:53");
}

TEST_F(DnsSteering, ARevokedRunAsksNobody) {
  must(lab->maps->revoke_run(lab->id_of(run)));
  EXPECT_EQ(agent([] { return ask(kForms[0]); }), "EPERM");
  EXPECT_FALSE(v4.got_something());
}

TEST_F(DnsSteering, QuicAndEveryOtherPortStayRefusedAtOnce) {
  for (const auto port : std::vector<std::uint16_t>{443, 853, 5353, 52, 54}) {
    EXPECT_EQ(agent([port] {
                const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
                const Address to{"192.0.2.1", port};
                const ssize_t sent = ::sendto(fd.get(), "x", 1, 0, to.get(), to.length);
                return (sent == 1 ? "sent" : errno_name(errno)) + " " +
                       connect_to({"2001:db8::1", port}, SOCK_DGRAM);
              }),
              "EPERM EPERM")
        << port;
  }
}

TEST_F(DnsSteering, TheResolversOwnPortsCannotBeAskedPastTheHook) {
  for (const auto& ours : {v4.ports[0], v6.ports[0]})
    EXPECT_EQ(agent([&] {
                return connect_to({ours.address.ip.text(), ours.address.port}, SOCK_DGRAM);
              }),
              "EPERM");
}

TEST_F(DnsSteering, ATaskOutsideOfEveryRunIsNotTouched) {
  const std::string outside = lab->make_cgroup("outside");
  EXPECT_EQ(as_agent(outside,
                     [] {
                       return connect_to({"127.0.0.53", 53}, SOCK_DGRAM);
                     }),
            "ok 127.0.0.53:53");
  EXPECT_EQ(lab->query_records(), 0u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
