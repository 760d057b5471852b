// SPDX-License-Identifier: Apache-2.0
// A flow with a session that forwards everything must be as if it were not there (invariant 10).
#include "support.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <random>

namespace sluice::net::test {
namespace {

std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937_64 engine{seed};
  std::string bytes(count, '\0');
  for (std::size_t at = 0; at + 8 <= count; at += 8) {
    const std::uint64_t word = engine();
    std::memcpy(bytes.data() + at, &word, 8);
  }
  return bytes;
}

TEST(Relay, ForwardsBytesBothWays) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  send_all(agent, "ping");
  EXPECT_EQ(receive_exactly(server, 4), "ping");
  send_all(server, "pong");
  EXPECT_EQ(receive_exactly(agent, 4), "pong");
}

TEST(Relay, ForwardsSingleBytesInOrder) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  const std::string text = "every byte of this arrives on its own";
  for (const char byte : text) {
    send_all(agent, {&byte, 1});
    EXPECT_EQ(receive_exactly(server, 1), std::string(1, byte));
  }
}

TEST(Relay, KeepsAHundredMebibytesWholeInEitherDirection) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  const std::string block = random_bytes(1U << 20, 7);
  for (const bool up : {true, false}) {
    const UniqueFd& from = up ? agent : server;
    const UniqueFd& to = up ? server : agent;
    std::thread sender([&] {
      for (int count = 0; count < 100; ++count) send_all(from, block);
    });
    for (int count = 0; count < 100; ++count)
      ASSERT_TRUE(receive_exactly(to, block.size()) == block) << "block " << count;
    sender.join();
  }
}

TEST(Relay, PassesTheAgentsHalfCloseAndStillBringsTheAnswer) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  send_all(agent, "question");
  half_close(agent);
  EXPECT_EQ(receive_to_end(server), "question");
  send_all(server, "a late answer");
  server.reset();
  EXPECT_EQ(receive_to_end(agent), "a late answer");
  EXPECT_TRUE(plane.journal.await("closed: both sides have closed"));
}

TEST(Relay, PassesTheUpstreamsHalfCloseAndStillTakesBytes) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  half_close(server);
  EXPECT_EQ(receive_to_end(agent), "");
  send_all(agent, "last words");
  agent.reset();
  EXPECT_EQ(receive_to_end(server), "last words");
}

TEST(Relay, SendsWhatCameBeforeAHalfCloseThatOvertookTheConnect) {
  Plane plane;
  const UniqueFd agent = plane.connect();
  send_all(agent, "all at once");
  half_close(agent);
  const UniqueFd server = accept_one(plane.upstream.first);
  EXPECT_EQ(receive_to_end(server), "all at once");
}

TEST(Relay, ResetsTheAgentWhenTheUpstreamIsReset) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  reset(std::move(server));
  EXPECT_EQ(receive_to_end(agent), "<reset>");
  EXPECT_TRUE(plane.journal.await("closed: the upstream broke the connection"));
}

TEST(Relay, EndsTheUpstreamWhenTheAgentIsReset) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  reset(std::move(agent));
  EXPECT_EQ(receive_to_end(server), "");
  EXPECT_TRUE(plane.journal.await("closed: the agent broke the connection"));
  EXPECT_TRUE(plane.journal.has("seal"));
}

TEST(Relay, DoesNotReadWhatTheOtherSideDoesNotTake) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  const std::string block(1U << 20, 'x');
  // Fill until nothing more is taken for good: each refusal is followed by a wait for room.
  std::size_t sent = 0;
  for (;;) {
    const ssize_t count = ::send(agent.get(), block.data(), block.size(), flags);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      ASSERT_LT(sent, 200U << 20) << "the flow buffers without end";
      continue;
    }
    pollfd waiting{agent.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, 300) == 0) break;
  }
  // The kernel's four buffers and the flow's one; the flow's is bounded by its watermark.
  const auto flows = plane.server->flows().list();
  ASSERT_EQ(flows.size(), 1U);
  std::string received;
  std::size_t total = 0;
  half_close(agent);
  std::array<char, 65536> chunk{};
  for (ssize_t count = 0; (count = ::recv(server.get(), chunk.data(), chunk.size(), 0)) > 0;)
    total += static_cast<std::size_t>(count);
  EXPECT_EQ(total, sent);
}

TEST(Relay, TellsOfAnUpstreamThatRefuses) {
  Plane plane;
  plane.upstream.first.reset();
  const UniqueFd agent = plane.connect();
  EXPECT_EQ(receive_to_end(agent), "<reset>");
  EXPECT_TRUE(plane.journal.await("closed: connect to " + plane.upstream.second.text() +
                                  ": Connection refused"));
}

TEST(Acceptance, ResetsAConnectionWithoutAFlowRecord) {
  Plane plane;
  plane.refuse.store(true);
  const UniqueFd agent = plane.connect();
  EXPECT_EQ(receive_to_end(agent), "<reset>");
  EXPECT_EQ(plane.server->counters().refused, 1U);
  EXPECT_EQ(plane.server->flows().size(), 0U);
}

TEST(Acceptance, ResetsConnectionsAboveTheLimit) {
  Plane::Options options;
  options.flow_count_max = 1;
  Plane plane{options};
  auto [agent, server] = plane.connect_through();
  const UniqueFd second = plane.connect();
  EXPECT_EQ(receive_to_end(second), "<reset>");
  EXPECT_EQ(plane.server->counters().over_limit, 1U);
}

TEST(Stopping, EndsEveryFlowAndSealsItsRecording) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  plane.server->stop("upgrade");
  EXPECT_EQ(receive_to_end(agent), "");
  EXPECT_TRUE(plane.journal.has("seal"));
  EXPECT_EQ(plane.server->flows().size(), 0U);
}

TEST(FlowTableOfAServer, ListsFlowsAndEndsThoseOfARun) {
  Plane plane;
  auto [agent, server] = plane.connect_through();
  const auto flows = plane.server->flows().list();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].resource, "orders");
  EXPECT_EQ(flows[0].lineage->back().agent, "reporter");
  EXPECT_EQ(flows[0].bytes_from_agent, 1U);
  EXPECT_EQ(plane.server->flows().terminate_run("run-of-another", "revoked"), 0U);
  EXPECT_EQ(plane.server->flows().terminate_run(plane.run, "revoked"), 1U);
  EXPECT_EQ(receive_to_end(agent), "");
  EXPECT_TRUE(plane.journal.await("closed: revoked"));
}

TEST(Relay, WorksOnManyThreadsAtOnce) {
  Plane::Options options;
  options.threads = 3;
  Plane plane{options};
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  std::thread echo([&] {
    std::vector<std::thread> servers;
    for (int count = 0; count < 12; ++count)
      servers.emplace_back([fd = accept_one(plane.upstream.first)] {
        for (;;) {
          const std::string got = receive_exactly(fd, 64);
          if (got.size() != 64) return;
          send_all(fd, got);
        }
      });
    for (auto& each : servers) each.join();
  });
  for (int client = 0; client < 12; ++client)
    clients.emplace_back([&plane, &good, client] {
      const UniqueFd fd = plane.connect();
      for (int round = 0; round < 200; ++round) {
        const std::string question(64, static_cast<char>('a' + client));
        send_all(fd, question);
        if (receive_exactly(fd, 64) != question) return;
      }
      ++good;
    });
  for (auto& each : clients) each.join();
  echo.join();
  EXPECT_EQ(good.load(), 12);
}

}  // namespace
}  // namespace sluice::net::test
