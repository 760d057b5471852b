// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "cli/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

template <class T>
T must_be(const Words& words) {
  auto parsed = parse_arguments(words);
  const auto* stop = std::get_if<Stop>(&parsed);
  EXPECT_EQ(stop, nullptr) << (stop ? stop->text : "");
  if (stop) return {};
  const auto* command = std::get_if<T>(&std::get<Arguments>(parsed).command);
  EXPECT_NE(command, nullptr);
  return command ? *command : T{};
}

Stop must_stop(const Words& words) {
  auto parsed = parse_arguments(words);
  const auto* stop = std::get_if<Stop>(&parsed);
  EXPECT_NE(stop, nullptr) << testing::PrintToString(words);
  return stop ? *stop : Stop{-1, ""};
}

TEST(Arguments, EveryCommandIsUnderstood) {
  must_be<StatusCommand>({"status"});
  must_be<DoctorCommand>({"doctor"});
  must_be<AgentsCommand>({"agents"});
  must_be<FlowsCommand>({"flows"});
  must_be<ReloadCommand>({"reload"});
  must_be<SessionsCommand>({"sessions"});
  EXPECT_TRUE(must_be<ApprovalsCommand>({"approvals", "--follow"}).follow);
  EXPECT_EQ(must_be<RevokeCommand>({"revoke", "reporter"}).target, "reporter");
  EXPECT_EQ(must_be<PolicyCheckCommand>({"policy", "check", "dir"}).directory, "dir");
  EXPECT_EQ(must_be<VerifyCommand>({"verify"}).session, "");
  EXPECT_EQ(must_be<VerifyCommand>({"verify", "ses-1", "--key", "k"}).key_file, "k");
  const auto replay =
      must_be<ReplayCommand>({"replay", "ses-1", "--speed", "2", "--format", "asciicast"});
  EXPECT_EQ(replay.session, "ses-1");
  EXPECT_EQ(replay.speed, 2);
  EXPECT_EQ(replay.format, "asciicast");
}

TEST(Arguments, AnApprovalHasADurationAndANote) {
  const auto vote = must_be<VoteCommand>({"approve", "abcd2345", "--for", "15m", "--note", "seen"});
  EXPECT_TRUE(vote.request.approve);
  EXPECT_EQ(vote.request.ticket, "abcd2345");
  EXPECT_EQ(vote.request.grant_for, std::chrono::minutes{15});
  EXPECT_EQ(vote.request.note, "seen");
  const auto denial = must_be<VoteCommand>({"deny", "abcd2345", "--reason", "no"});
  EXPECT_FALSE(denial.request.approve);
  EXPECT_EQ(denial.request.note, "no");
}

TEST(Arguments, TheCommandOfARunIsLeftAsItIs) {
  const auto run = must_be<RunCommand>({"run", "--agent", "reporter", "--on-behalf-of", "bob",
                                        "--task", "t 1", "--user", "u", "--", "psql", "--json",
                                        "--config", "x", "--", "-c", "run", "--help"});
  EXPECT_EQ(run.request.agent, "reporter");
  EXPECT_EQ(run.request.on_behalf_of, "bob");
  EXPECT_EQ(run.request.task, "t 1");
  EXPECT_EQ(run.request.user, "u");
  EXPECT_EQ(run.command, (Words{"psql", "--json", "--config", "x", "--", "-c", "run", "--help"}));
}

TEST(Arguments, JsonAndConfigStandBeforeOrBehindTheCommand) {
  for (const Words& words :
       {Words{"--config", "f", "status", "--json"}, Words{"status", "--json", "--config", "f"},
        Words{"policy", "check", "d", "--json", "--config=f"}}) {
    auto parsed = parse_arguments(words);
    ASSERT_TRUE(std::holds_alternative<Arguments>(parsed))
        << testing::PrintToString(words) << std::get<Stop>(parsed).text;
    EXPECT_TRUE(std::get<Arguments>(parsed).json);
    EXPECT_EQ(std::get<Arguments>(parsed).config, "f");
  }
}

TEST(Arguments, WhatIsWrongIsAUsageError) {
  for (const Words& words : {Words{},
                             Words{"nonsense"},
                             Words{"status", "more"},
                             Words{"status", "--nonsense"},
                             Words{"approve"},
                             Words{"approve", "abcd2345", "--for", "soon"},
                             Words{"approve", "abcd2345", "--for", "0s"},
                             Words{"approve", "abcd2345", "--for", "-5m"},
                             Words{"approve", "../../x"},
                             Words{"approve", "a b"},
                             Words{"approve", "a?b=c"},
                             Words{"approve", "ABCD"},
                             Words{"deny", "abcd2345"},
                             Words{"revoke"},
                             Words{"policy"},
                             Words{"policy", "check"},
                             Words{"replay"},
                             Words{"replay", "s", "--format", "xml"},
                             Words{"replay", "s", "--speed", "-1"},
                             Words{"run"},
                             Words{"run", "--agent", "a"},
                             Words{"run", "--agent", "a", "psql"},
                             Words{"run", "--agent", "a", "--"},
                             Words{"run", "--", "psql"}}) {
    const Stop stop = must_stop(words);
    EXPECT_EQ(stop.code, kUsage) << testing::PrintToString(words);
    EXPECT_FALSE(stop.text.empty()) << testing::PrintToString(words);
  }
}

TEST(Arguments, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(must_stop({"--help"}).code, kDone);
  EXPECT_THAT(must_stop({"--help"}).text, HasSubstr("approvals"));
  EXPECT_THAT(must_stop({"run", "--help"}).text, HasSubstr("--on-behalf-of"));
  EXPECT_THAT(must_stop({"--version"}).text, HasSubstr("sluice "));
}

}  // namespace
}  // namespace sluice::cli
