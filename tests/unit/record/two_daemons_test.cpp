// SPDX-License-Identifier: Apache-2.0
// While one daemon hands over to the next, both append to one directory, and it stays whole.
#include "support.h"

#include <thread>

namespace sluice::record::test {
namespace {

std::unique_ptr<SessionWriter> begin(DirectoryRecorder& recorder, const Directory& directory,
                                     const SessionId& id) {
  auto writer = recorder.open(directory.clock.wall(), sample_opened(id));
  EXPECT_TRUE(writer.ok()) << (writer.ok() ? "" : writer.error().text());
  return writer.ok() ? *std::move(writer) : nullptr;
}

void end(SessionWriter& writer, const Directory& directory) {
  ASSERT_OK(writer.append(directory.clock.wall(), SessionClosed{"agent closed", 0, 0, 0}));
  ASSERT_OK(writer.close());
}

TEST(TwoDaemons, OnlyTheOwnerMayStartUntilItHandsOver) {
  const Directory directory;
  const auto first = directory.start();
  auto refused = DirectoryRecorder::start(directory.options(), directory.clock,
                                          std::make_unique<FailingFiles>(directory.no_fault));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text().find("another daemon"), std::string::npos);
  first->hand_over();
  auto second = directory.start();
  ASSERT_NE(second, nullptr);
  EXPECT_FALSE(first->take_back().ok());
  second.reset();
  EXPECT_TRUE(first->take_back().ok());
}

TEST(TwoDaemons, TheSecondLeavesTheLivingSessionsOfTheFirstAlone) {
  const Directory directory;
  const auto first = directory.start();
  const auto old = begin(*first, directory, "ses-old");
  first->hand_over();
  const auto second = directory.start();
  EXPECT_TRUE(second->recovered().empty()) << second->recovered().front();
  record_session(*second, directory.clock, "ses-new");
  const auto late = begin(*first, directory, "ses-late");
  ASSERT_OK(old->append(directory.clock.wall(), sample_judged(1, VerdictKind::kAllow, "select 1")));
  end(*old, directory);
  record_session(*second, directory.clock, "ses-newer");
  end(*late, directory);
  ASSERT_OK(second->checkpoint());
  const Report report = directory.verify();
  EXPECT_TRUE(report.findings.empty()) << text_of(report);
}

TEST(TwoDaemons, AppendAtOnceFromManyThreads) {
  const Directory directory;
  const auto first = directory.start();
  first->hand_over();
  const auto second = directory.start();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      DirectoryRecorder& recorder = thread % 2 == 0 ? *first : *second;
      for (int i = 0; i < 50; ++i)
        record_session(recorder, directory.clock,
                       "ses-" + std::to_string(thread) + "-" + std::to_string(i));
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK(second->checkpoint());
  const Report report = directory.verify();
  EXPECT_TRUE(report.findings.empty()) << text_of(report);
  const auto listed = list_sessions(directory.path, directory.key().host_id());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->size(), 200u);
}

TEST(TwoDaemons, WhatTheFirstLeftOpenIsFinishedWhenItDied) {
  const Directory directory;
  auto first = directory.start();
  auto old = begin(*first, directory, "ses-old");
  first->hand_over();
  const auto second = directory.start();
  const auto living = begin(*second, directory, "ses-living");
  EXPECT_TRUE(second->finish_abandoned()->empty()) << "it still has its writer";
  // As at a death: the files are closed, and nothing is written any more.
  directory.no_fault.kind = Fault::Kind::kBroken;
  directory.no_fault.at = directory.no_fault.count + 1;
  directory.no_fault.for_ever = true;
  old.reset();
  first.reset();
  directory.no_fault.at = 0;
  directory.no_fault.for_ever = false;
  const auto finished = second->finish_abandoned();
  ASSERT_TRUE(finished.ok()) << finished.error().text();
  ASSERT_EQ(finished->size(), 1u);
  EXPECT_NE(finished->front().find("ses-old"), std::string::npos);
  end(*living, directory);
  const Report report = directory.verify();
  EXPECT_TRUE(report.findings.empty()) << text_of(report);
}

}  // namespace
}  // namespace sluice::record::test
