// SPDX-License-Identifier: Apache-2.0
// Invariant 8: every connection is accounted for, on this kernel.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

class Events : public testing::Test {
 protected:
  void SetUp() override {
    lab.emplace();
    must(lab->maps->set_listeners({v4.endpoint(), v6.endpoint()}));
    run = lab->make_run("run");
  }
  // Waits, because a connection ends when its last packets have been exchanged.
  std::vector<KernelEvent> events_until(std::size_t count) {
    std::vector<KernelEvent> all;
    for (int look = 0; look < 2000 && all.size() < count; ++look) {
      for (const KernelEvent& event : lab->events()) all.push_back(event);
      if (all.size() < count) ::usleep(5'000);  // few events wake nobody
    }
    return all;
  }

  Listener v4{"127.0.0.1"};
  Listener v6{"::1"};
  std::optional<Lab> lab;
  std::string run;
};

std::string exchange(const Address& to, std::size_t send, std::size_t receive) {
  const UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM, 0)};
  if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
  const std::string out(send, 'a');
  if (::send(fd.get(), out.data(), out.size(), 0) != static_cast<ssize_t>(send)) return "short";
  std::string in(receive, ' ');
  if (receive > 0 &&
      ::recv(fd.get(), in.data(), receive, MSG_WAITALL) != static_cast<ssize_t>(receive))
    return "short";
  return "ok";
}

void serve(const UniqueFd& fd, std::size_t receive, std::size_t send) {
  std::string in(receive, ' ');
  ASSERT_EQ(::recv(fd.get(), in.data(), receive, MSG_WAITALL), static_cast<ssize_t>(receive));
  const std::string out(send, 'b');
  ASSERT_EQ(::send(fd.get(), out.data(), out.size(), MSG_NOSIGNAL), static_cast<ssize_t>(send));
}

TEST_F(Events, TellOfASteeredConnectionFromOpenToCloseWithItsBytes) {
  Child child{run, [] { return exchange({"127.1.2.3", 5432}, 1000, 70000); }};
  const pid_t pid = child.pid();
  UniqueFd accepted = v4.accept();
  const FlowRecord record = must(lab->maps->take_flow_record(accepted.get()));
  serve(accepted, 1000, 70000);
  EXPECT_EQ(child.result(), "ok");
  accepted.reset();
  const auto events = events_until(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kOpened);
  EXPECT_EQ(events[0].verdict, ConnectVerdict::kSteer);
  EXPECT_EQ(events[0].reason, "steered_no_entry");
  EXPECT_EQ(events[0].flow, record.flow);
  EXPECT_EQ(events[0].pid, static_cast<std::uint32_t>(pid));
  EXPECT_EQ(events[0].cgroup_id, lab->id_of(run));
  EXPECT_EQ(events[0].subject, 1u);
  EXPECT_EQ(events[0].destination.text(), "127.1.2.3:5432");
  EXPECT_EQ(events[0].ip_protocol, IPPROTO_TCP);
  EXPECT_NE(events[0].task_start_ns, 0u);
  struct stat self {};
  ASSERT_EQ(::stat("/proc/self/exe", &self), 0);
  EXPECT_EQ(events[0].executable.inode, self.st_ino);
  EXPECT_EQ(events[0].executable.device, (major(self.st_dev) << 20) | minor(self.st_dev));
  EXPECT_EQ(events[1].executable, events[0].executable);
  EXPECT_EQ(events[1].kind, KernelEventKind::kClosed);
  EXPECT_EQ(events[1].flow, record.flow);
  EXPECT_EQ(events[1].bytes_sent, 1000u);
  EXPECT_EQ(events[1].bytes_received, 70000u);
  EXPECT_EQ(events[1].reason, "closed");
}

TEST_F(Events, CountTheBytesAlsoWhereTheServerClosesFirst) {
  Child child{run, [] {
                const Address to{"::1", 5432};
                const UniqueFd fd{::socket(AF_INET6, SOCK_STREAM, 0)};
                if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
                char buffer[64];
                std::string got;
                for (ssize_t n = 0; (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
                  got.append(buffer, static_cast<std::size_t>(n));
                return got;
              }};
  UniqueFd accepted = v6.accept();
  ASSERT_EQ(::write(accepted.get(), "hello", 5), 5);
  accepted.reset();
  EXPECT_EQ(child.result(), "hello");
  const auto events = events_until(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].kind, KernelEventKind::kClosed);
  EXPECT_EQ(events[1].bytes_sent, 0u);
  EXPECT_EQ(events[1].bytes_received, 5u);
}

TEST_F(Events, TellOfADirectConnectionAndItsBytes) {
  const Listener server{"127.0.0.1"};
  must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  Child child{run, [&] { return exchange({"127.0.0.1", server.port}, 10, 20); }};
  UniqueFd accepted = server.accept();
  serve(accepted, 10, 20);
  EXPECT_EQ(child.result(), "ok");
  accepted.reset();
  const auto events = events_until(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kDirect);
  EXPECT_EQ(events[0].rule, 9u);
  EXPECT_EQ(events[1].kind, KernelEventKind::kClosed);
  EXPECT_EQ(events[1].verdict, ConnectVerdict::kDirect);
  EXPECT_EQ(events[1].bytes_sent, 10u);
  EXPECT_EQ(events[1].bytes_received, 20u);
}

TEST_F(Events, TellOfDirectDatagramsOncePerSocketAndOfItsEnd) {
  const UniqueFd server{::socket(AF_INET, SOCK_DGRAM, 0)};
  const Address bound{"127.1.2.3", 0};
  ASSERT_EQ(::bind(server.get(), bound.get(), bound.length), 0);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const std::uint16_t port = ntohs(name.sin_port);
  must(
      lab->maps->set_verdict(verdict_for("127.1.2.3", port, ConnectVerdict::kDirect, IPPROTO_UDP)));
  as_agent(run, [&] {
    const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
    const Address to{"127.1.2.3", port};
    for (int i = 0; i < 5; ++i) ::sendto(fd.get(), "x", 1, 0, to.get(), to.length);
    return std::string{};
  });
  const auto events = events_until(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, KernelEventKind::kDirect);
  EXPECT_EQ(events[1].kind, KernelEventKind::kClosed);
  EXPECT_EQ(events[1].flow, events[0].flow);
  EXPECT_EQ(lab->count("direct"), 5u);
}

TEST_F(Events, CloseWhatFailedBeforeASynLeft) {
  // One source port, one listener: the second connection has no four-tuple left.
  EXPECT_EQ(as_agent(run,
                     [] {
                       UniqueFd first{::socket(AF_INET, SOCK_STREAM, 0)},
                           second{::socket(AF_INET, SOCK_STREAM, 0)};
                       const int on = 1;
                       sockaddr_storage bound{};
                       socklen_t length = sizeof bound;
                       Address source{"127.0.0.1", 0};
                       for (const UniqueFd* fd : {&first, &second}) {
                         ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
                         if (::bind(fd->get(), source.get(), source.length) != 0)
                           return errno_name(errno);
                         ::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&bound), &length);
                         source.storage = bound;
                       }
                       const Address one{"127.1.2.3", 1}, two{"127.1.2.3", 2};
                       if (::connect(first.get(), one.get(), one.length) != 0)
                         return errno_name(errno);
                       return ::connect(second.get(), two.get(), two.length) == 0
                                  ? "connected"
                                  : errno_name(errno);
                     }),
            "EADDRNOTAVAIL");
  { const UniqueFd accepted = v4.accept(); }
  const auto events = events_until(4);
  ASSERT_EQ(events.size(), 4u);
  std::multiset<std::string> kinds;
  for (const auto& event : events)
    kinds.insert(std::string{name_of(event.kind)} + " " + std::string{event.reason});
  EXPECT_EQ(kinds, (std::multiset<std::string>{"opened steered_no_entry", "opened steered_no_entry",
                                               "closed connect_failed", "closed closed"}));
}

TEST_F(Events, HaveNoGapInTheirSequencesAndBalance) {
  Child child{run, [] {
                for (int i = 0; i < 500; ++i) connect_to({"127.1.2.3", 5432});
                return std::string{"ok"};
              }};
  for (int i = 0; i < 500; ++i) (void)v4.accept();
  EXPECT_EQ(child.result(), "ok");
  const auto events = events_until(1000);
  EXPECT_EQ(events.size(), 1000u);
  std::set<std::pair<std::uint32_t, std::uint64_t>> numbers;
  std::uint64_t opened = 0, closed = 0;
  for (const KernelEvent& event : events) {
    EXPECT_TRUE(numbers.insert({event.cpu, event.sequence}).second);
    opened += event.kind == KernelEventKind::kOpened ? 1 : 0;
    closed += event.kind == KernelEventKind::kClosed ? 1 : 0;
  }
  EXPECT_EQ(opened, 500u);
  EXPECT_EQ(closed, 500u);
  EXPECT_EQ(lab->reader->lost(), 0u);
  EXPECT_EQ(lab->count("steered_no_entry"), opened);
  EXPECT_EQ(lab->count("closed") + lab->count("connect_failed"), closed);
}

TEST(FullEventBuffer, IsSeenAsAGapAndCounted) {
  Lab lab{[](PlaneOptions& options) { options.event_bytes = 4096; }};
  const std::string run = lab.make_run("run");
  const auto flood = [&] {
    as_agent(run, [] {
      cpu_set_t first;  // one CPU, one sequence
      CPU_ZERO(&first);
      CPU_SET(0, &first);
      if (::sched_setaffinity(0, sizeof first, &first) != 0) fail("CPU 0 is not for us");
      for (int i = 0; i < 500; ++i) connect_to({"127.1.2.3", 5432});  // no listener: denied
      return std::string{};
    });
  };
  flood();
  std::size_t given = lab.events().size();
  flood();
  given += lab.events().size();
  const std::uint64_t lost = lab.count("event_lost");
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(given + lost, 1000u) << "counted, not forgotten";
  EXPECT_EQ(lab.count("no_listener"), 1000u) << "and enforced all the same";
  EXPECT_GT(lab.reader->lost(), 0u);
  EXPECT_LE(lab.reader->lost(), lost) << "what is lost last shows with the next event";
}

TEST(FullEventBuffer, KeepsTheLossOfTheLastEventToo) {
  Lab lab{[](PlaneOptions& options) { options.event_bytes = 4096; }};
  const std::string run = lab.make_run("run");
  as_agent(run, [] {
    for (int i = 0; i < 100; ++i) connect_to({"127.1.2.3", 5432});
    return std::string{};
  });
  const std::size_t given = lab.events().size();
  const SequenceTotals sequences = must(lab.maps->sequences());
  EXPECT_EQ(sequences.given_out, 100u);
  EXPECT_EQ(sequences.lost, 100 - given) << "no later event shows this gap";
}

TEST(FullEventBuffer, RefusesWhatWouldGoUnseenWhereTheAuditIsRequired) {
  Lab lab{[](PlaneOptions& options) { options.event_bytes = 4096; }};
  const std::string run = lab.make_run("run");
  const Listener server{"127.0.0.1", 1024};
  must(lab.maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
  must(lab.maps->require_audit(true));
  const auto connect_often = [&] {
    return as_agent(run, [&] {
      std::string last;
      for (int i = 0; i < 60; ++i) last = connect_to({"127.0.0.1", server.port});
      return last;
    });
  };
  EXPECT_EQ(connect_often(), "ENOBUFS");
  const auto counted = must(lab.maps->counted());
  EXPECT_GT(counted.at("audit_full").total, 0u);
  EXPECT_EQ(counted.at("direct").lost, 0u) << "nothing passed unseen";
  EXPECT_EQ(counted.at("direct").total + counted.at("audit_full").total, 60u);
  // The ends of those that passed come a moment later, and may fill the buffer once more.
  std::string again;
  for (int attempt = 0; attempt < 100 && !again.starts_with("ok"); ++attempt) {
    (void)lab.events();
    again = as_agent(run, [&] { return connect_to({"127.0.0.1", server.port}); });
  }
  EXPECT_EQ(again.substr(0, 2), "ok") << "there is room again";
  must(lab.maps->require_audit(false));
  EXPECT_EQ(connect_often().substr(0, 2), "ok");
  EXPECT_GT(must(lab.maps->counted()).at("direct").lost, 0u);
}

TEST(FullEventBuffer, RefusesADatagramThatWouldGoUnseenWhereTheAuditIsRequired) {
  Lab lab{[](PlaneOptions& options) { options.event_bytes = 4096; }};
  const std::string run = lab.make_run("run");
  const UniqueFd server{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
  const Address bound{"127.1.2.3", 0};
  ASSERT_EQ(::bind(server.get(), bound.get(), bound.length), 0);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const Address to{"127.1.2.3", ntohs(name.sin_port)};
  must(lab.maps->set_verdict(
      verdict_for("127.1.2.3", ntohs(name.sin_port), ConnectVerdict::kDirect, IPPROTO_UDP)));
  must(lab.maps->require_audit(true));
  // Twice on each socket: what was refused once must not pass as no news.
  const std::string errors = as_agent(run, [&] {
    std::string last;
    for (int i = 0; i < 120; ++i) {
      const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
      for (int sent = 0; sent < 2; ++sent)
        last =
            ::sendto(fd.get(), "x", 1, 0, to.get(), to.length) == 1 ? "ok" : std::to_string(errno);
    }
    return last;
  });
  EXPECT_EQ(errors, std::to_string(ENOBUFS));
  std::size_t arrived = 0;
  for (char byte = 0; ::recv(server.get(), &byte, 1, 0) == 1;) ++arrived;
  const auto counted = must(lab.maps->counted());
  EXPECT_GT(counted.at("audit_full").total, 0u);
  EXPECT_EQ(counted.at("direct").lost, 0u);
  EXPECT_EQ(counted.at("direct").total, arrived) << "none passed unseen";
  EXPECT_EQ(arrived + counted.at("audit_full").total, 240u);
}

TEST_F(Events, AreGivenAgainWhereTheyWereNotWrittenDown) {
  as_agent(run, [] { return connect_to({"127.1.2.3", 5432}); });
  const auto failed = lab->reader->drain([](const KernelEvent&) { fail("no room"); });
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().text().find("no room"), std::string::npos);
  const auto full = lab->reader->drain([](const KernelEvent&) {},
                                       [](std::uint64_t) { return Error{"disk full"}; });
  ASSERT_FALSE(full.ok());
  EXPECT_NE(full.error().text().find("disk full"), std::string::npos);
  EXPECT_EQ(lab->reader->audited().at("steered_no_entry"), 0u);
  EXPECT_GE(lab->events().size(), 1u);
  EXPECT_EQ(lab->reader->audited().at("steered_no_entry"), 1u);
  EXPECT_EQ(lab->reader->lost(), 0u);
}

std::string differences(const Books& books) {
  std::string text;
  for (const Balance& balance : reconcile(books))
    if (balance.one != balance.other)
      text += balance.id + ": " + std::to_string(balance.one) + " against " +
              std::to_string(balance.other) + "\n";
  return text;
}

TEST_F(Events, AddUpToTheCountersOverDaemonsThatComeAndGo) {
  const Listener server{"127.0.0.1", 1024};
  for (int round = 0; round < 4; ++round) {
    must(lab->maps->set_verdict(verdict_for("127.0.0.1", server.port, ConnectVerdict::kDirect)));
    must(lab->maps->set_verdict(verdict_for("127.9.9.9", 9, ConnectVerdict::kDeny)));
    Child child{run, [&] {
                  for (int i = 0; i < 25; ++i) {
                    connect_to({"127.1.2.3", 5432});
                    connect_to({"127.0.0.1", server.port});
                    connect_to({"127.9.9.9", 9});
                    const UniqueFd raw{::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)};
                    const UniqueFd udp{::socket(AF_INET, SOCK_DGRAM, 0)};
                    const Address nowhere{"127.1.2.3", 443};
                    for (int again = 0; again < 3; ++again)
                      (void)!::sendto(udp.get(), "x", 1, 0, nowhere.get(), nowhere.length);
                  }
                  return std::string{"done"};
                }};
    for (int i = 0; i < 25; ++i) {
      const UniqueFd accepted = v4.accept();
      must(lab->maps->take_flow_record(accepted.get()));
      lab->maps->totals().add(i % 2 == 0 ? FlowTotal::kSession : FlowTotal::kRefused);
    }
    EXPECT_EQ(child.result(), "done");
    if (round % 2 == 0) (void)lab->events();
    lab->load();  // the next daemon
    must(lab->maps->set_listeners({v4.endpoint(), v6.endpoint()}));
  }
  std::string wrong = "never looked";
  for (int look = 0; look < 400 && !wrong.empty(); ++look) {
    (void)lab->events();
    wrong = differences(must(lab->maps->books(lab->reader->audited())));
    if (!wrong.empty()) ::usleep(5'000);  // connections that are still closing
  }
  EXPECT_EQ(wrong, "");
  const auto counted = must(lab->maps->counted());
  EXPECT_EQ(counted.at("steered_no_entry").total, 100u);
  EXPECT_EQ(counted.at("direct").total, 100u);
  EXPECT_EQ(counted.at("denied_by_verdict").total, 100u);
  EXPECT_EQ(counted.at("socket_raw").total, 100u);
  EXPECT_EQ(counted.at("udp_no_entry").total, 300u);
  EXPECT_EQ(counted.at("udp_no_entry").repeated, 200u);
  EXPECT_EQ(lab->reader->audited().at("direct"), 100u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
