// SPDX-License-Identifier: Apache-2.0
// Invariant 8: every connection is accounted for, on this kernel.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
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
    must(lab->maps->set_listeners(v4.endpoint(), v6.endpoint()));
    run = lab->make_run("run");
  }
  // Waits, because a connection ends when its last packets have been exchanged.
  std::vector<KernelEvent> events_until(std::size_t count) {
    std::vector<KernelEvent> all;
    while (all.size() < count) {
      pollfd readable{lab->reader->poll_fd(), POLLIN, 0};
      if (::poll(&readable, 1, 10'000) != 1) break;
      for (const KernelEvent& event : lab->events()) all.push_back(event);
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

TEST_F(Events, StopAtAConsumerThatThrowsAndGoOnLater) {
  as_agent(run, [] { return connect_to({"127.1.2.3", 5432}); });
  const auto failed = lab->reader->drain([](const KernelEvent&) { fail("no room"); });
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().text().find("no room"), std::string::npos);
  EXPECT_TRUE(lab->reader->drain([](const KernelEvent&) {}).ok());
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
