// SPDX-License-Identifier: Apache-2.0
#include "net/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <future>

#include "net/dns_server.h"

namespace sluice::net {
namespace {

using std::chrono::milliseconds;

// Threads that do what they were given when the test says so.
struct Threads {
  std::vector<std::deque<std::function<void()>>> queues;
  explicit Threads(std::size_t count) : queues(count) {}
  std::vector<PostTask> posts() {
    std::vector<PostTask> all;
    for (auto& queue : queues)
      all.emplace_back([&queue](std::function<void()> task) { queue.push_back(std::move(task)); });
    return all;
  }
  void run(std::size_t which) {
    for (; !queues[which].empty(); queues[which].pop_front()) queues[which].front()();
  }
};

SteadyTime at(int ms) { return SteadyTime{milliseconds{ms}}; }

TEST(Progress, IsProvenFromWhenTheQuestionWasPut) {
  Threads threads{2};
  ProgressMonitor monitor{threads.posts()};
  EXPECT_EQ(monitor.proven(at(100)), std::nullopt);
  threads.run(0);
  EXPECT_EQ(monitor.proven(at(200)), std::nullopt) << "one of two has answered";
  threads.run(1);
  EXPECT_EQ(monitor.proven(at(300)), at(100)) << "not when the answer was seen";
  threads.run(0);
  threads.run(1);
  EXPECT_EQ(monitor.proven(at(400)), at(300));
}

TEST(Progress, StopsWhereOneThreadHangsAndGoesOnWhenItDoes) {
  Threads threads{3};
  ProgressMonitor monitor{threads.posts()};
  EXPECT_EQ(monitor.proven(at(0)), std::nullopt);
  for (const std::size_t each : {0u, 1u, 2u}) threads.run(each);
  EXPECT_EQ(monitor.proven(at(1000)), at(0));
  for (int now = 1100; now < 60'000; now += 100) {
    threads.run(0);
    threads.run(2);
    ASSERT_EQ(monitor.proven(at(now)), at(0)) << now;
  }
  EXPECT_EQ(threads.queues[1].size(), 1u) << "it is not asked again while it owes an answer";
  threads.run(1);
  EXPECT_EQ(monitor.proven(at(60'000)), at(1000));
  for (const std::size_t each : {0u, 1u, 2u}) threads.run(each);
  EXPECT_EQ(monitor.proven(at(60'100)), at(60'000));
}

TEST(Progress, MayBeAnsweredAfterTheMonitorIsGone) {
  Threads threads{1};
  {
    ProgressMonitor monitor{threads.posts()};
    EXPECT_EQ(monitor.proven(at(0)), std::nullopt);
  }
  threads.run(0);
}

TEST(Progress, TheDnsServerAnswersWhileItRunsAndWhileItDoesNot) {
  DnsServer server;
  bool asked = false;
  server.post([&] { asked = true; });
  EXPECT_TRUE(asked) << "it does not run: nobody waits for it";
  for (int life = 0; life < 2; ++life) {
    ASSERT_TRUE(
        server.start({}, 512, [](std::size_t, const Endpoint&, ByteView) { return Bytes{}; }).ok());
    for (int question = 0; question < 3; ++question) {
      std::promise<std::thread::id> answer;
      server.post([&] { answer.set_value(std::this_thread::get_id()); });
      EXPECT_NE(answer.get_future().get(), std::this_thread::get_id());
    }
    server.stop();
  }
  asked = false;
  server.post([&] { asked = true; });
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace sluice::net
