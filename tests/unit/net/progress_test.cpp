// SPDX-License-Identifier: Apache-2.0
#include "net/progress.h"

#include <gtest/gtest.h>

#include <deque>

namespace sluice::net {
namespace {

using std::chrono::milliseconds;

// Threads that do what they were given when the test says so.
struct Threads {
  std::vector<std::deque<std::function<void()>>> queues;
  explicit Threads(std::size_t count) : queues(count) {}
  std::vector<ProgressMonitor::Post> posts() {
    std::vector<ProgressMonitor::Post> all;
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
  ProgressMonitor monitor{threads.posts(), milliseconds{500}};
  EXPECT_EQ(monitor.proven(at(100)), std::nullopt);
  threads.run(0);
  EXPECT_EQ(monitor.proven(at(200)), std::nullopt) << "one of two has answered";
  threads.run(1);
  EXPECT_EQ(monitor.proven(at(300)), at(100)) << "not when the answer was seen";
}

TEST(Progress, StopsWhereOneThreadHangsAndGoesOnWhenItDoes) {
  Threads threads{3};
  ProgressMonitor monitor{threads.posts(), milliseconds{500}};
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

TEST(Progress, AsksOnceInAWhileOnly) {
  Threads threads{1};
  ProgressMonitor monitor{threads.posts(), milliseconds{500}};
  int asked = 0;
  for (int now = 0; now < 5'000; now += 100) {
    static_cast<void>(monitor.proven(at(now)));
    asked += static_cast<int>(threads.queues[0].size());
    threads.run(0);
  }
  EXPECT_EQ(asked, 10);
}

TEST(Progress, MayBeAnsweredAfterTheMonitorIsGone) {
  Threads threads{1};
  {
    ProgressMonitor monitor{threads.posts(), milliseconds{500}};
    EXPECT_EQ(monitor.proven(at(0)), std::nullopt);
  }
  threads.run(0);
}

}  // namespace
}  // namespace sluice::net
