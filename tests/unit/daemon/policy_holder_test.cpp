// SPDX-License-Identifier: Apache-2.0
// Which policy a thread is told while another takes its place.
#include "daemon/policy_holder.h"

#include "../store/temp_dir.h"
#include "base/system_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

namespace sluice::daemon {
namespace {

class PolicyHolderTest : public testing::Test {
 protected:
  // A policy whose only agent has this name.
  std::shared_ptr<const policy::Policy> policy_of(const std::string& agent) {
    std::ofstream{dir.file("policy.yaml")} << "version: 1\nagents: { " << agent << ": {} }\n";
    auto read = holder.read({});
    EXPECT_TRUE(read.ok()) << read.error().text();
    return *read;
  }
  static Result<void> succeeds() { return {}; }
  static Result<void> fails() { return Error{"the kernel's map is full"}; }

  test::TempDir dir;
  SystemClock clock;
  PolicyHolder holder{dir.path(), clock};
};

TEST_F(PolicyHolderTest, AReaderIsToldTheOldPolicyAfterAFlipThatFailed) {
  const auto before = policy_of("before"), after = policy_of("after");
  ASSERT_TRUE(holder.replace(before, succeeds).ok());
  PolicyReader reader{holder};
  EXPECT_EQ(&reader.current(), before.get());
  EXPECT_FALSE(holder.replace(after, fails).ok());
  EXPECT_EQ(&reader.current(), before.get());
  EXPECT_EQ(holder.policy(), before);
  ASSERT_TRUE(holder.replace(after, succeeds).ok());
  EXPECT_EQ(&reader.current(), after.get());
}

TEST_F(PolicyHolderTest, WhoAsksWhileAFlipRunsIsToldWhatItEndsWith) {
  const auto before = policy_of("before"), after = policy_of("after");
  ASSERT_TRUE(holder.replace(before, succeeds).ok());
  for (const bool works : {false, true}) {
    PolicyReader reader{holder};
    reader.current();
    std::future<const policy::Policy*> told;
    const auto flipped = holder.replace(after, [&]() -> Result<void> {
      told = std::async(std::launch::async, [&] { return &reader.current(); });
      return works ? succeeds() : fails();
    });
    EXPECT_EQ(flipped.ok(), works);
    EXPECT_EQ(told.get(), works ? after.get() : before.get());
  }
}

TEST_F(PolicyHolderTest, NoReaderMeetsAPolicyWhoseFlipFailedNorAnOlderOneAgain) {
  const auto first = policy_of("first"), never = policy_of("never"), last = policy_of("last");
  ASSERT_TRUE(holder.replace(first, succeeds).ok());
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      PolicyReader reader{holder};
      bool met_last = false;
      while (!done) {
        const policy::Policy* told = &reader.current();
        met_last |= told == last.get();
        if (told == never.get() || (met_last && told != last.get())) ++wrong;
      }
    });
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(holder.replace(never, fails).ok());
  ASSERT_TRUE(holder.replace(last, succeeds).ok());
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(holder.replace(never, fails).ok());
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sluice::daemon
