// SPDX-License-Identifier: Apache-2.0
// The whole of become_agent(): what the program that it starts finds itself to be.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>

#include "cli/launch/launch.h"

namespace sluice::launch {
namespace {

struct Ended {
  int status = -1;
  std::string output;
};

// Runs the plan in a child and returns what its program printed.
Ended run(const LaunchPlan& plan, const std::function<void()>& before = {}) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], 1);
    if (before) before();
    const Error error = become_agent(plan);
    std::fprintf(stderr, "%s\n", error.text().c_str());
    ::_exit(error.code() == ENOENT ? 127 : 126);
  }
  ::close(out[1]);
  Ended ended;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(out[0], buffer, sizeof buffer)) > 0;)
    ended.output.append(buffer, static_cast<std::size_t>(got));
  ::close(out[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ended.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ended;
}

LaunchPlan shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}, .user = std::nullopt, .environment = {}};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Agent, HasNoNewPrivilegesAndAFilter) {
  const Ended ended = run(shell("cat /proc/self/status"));
  EXPECT_EQ(ended.status, 0);
  EXPECT_TRUE(has(ended.output, "NoNewPrivs:\t1\n")) << ended.output;
  EXPECT_TRUE(has(ended.output, "Seccomp:\t2\n")) << ended.output;
}

TEST(Agent, FindsNoForeignDescriptor) {
  const Ended ended = run(shell("for f in /proc/$$/fd/*; do echo ${f##*/}; done"), [] {
    ::dup2(1, 77);
    ::dup2(1, 5);
  });
  EXPECT_FALSE(has(ended.output, "77")) << ended.output;
  EXPECT_FALSE(has(ended.output, "5\n")) << ended.output;
}

TEST(Agent, BecomesTheNamedUserForGood) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  const auto user = find_user("nobody");
  ASSERT_TRUE(user.ok()) << user.error().text();
  LaunchPlan plan = shell("cat /proc/self/status; echo $HOME $USER $LOGNAME");
  plan.user = *user;
  const Ended ended = run(plan);
  const std::string uid = std::to_string(user->uid);
  EXPECT_TRUE(has(ended.output, "Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid + "\n"))
      << ended.output;
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    EXPECT_TRUE(has(ended.output, std::string(set) + ":\t0000000000000000\n")) << set;
  EXPECT_TRUE(has(ended.output, user->home + " nobody nobody\n")) << ended.output;
}

TEST(Agent, TakesTheUsersOwnGroupsOnly) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  LaunchPlan plan = shell("id -G");
  plan.user = *find_user("nobody");
  const gid_t mine[] = {0, 4};
  const Ended ended = run(plan, [&] { ::setgroups(2, mine); });
  EXPECT_EQ(ended.output, std::to_string(plan.user->gid) + "\n");
}

TEST(Agent, ThatStaysRootKeepsNoPowerOverTheKernelOrTheNetwork) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  const Ended ended = run(shell("cat /proc/self/status"));
  EXPECT_TRUE(has(ended.output, "Uid:\t0\t0\t0\t0\n"));
  for (const char* set : {"CapPrm:\t", "CapEff:\t", "CapBnd:\t"}) {
    const std::size_t at = ended.output.find(set);
    ASSERT_NE(at, std::string::npos);
    const auto bits = std::strtoull(ended.output.c_str() + at + 8, nullptr, 16);
    // net_admin, net_raw, sys_module, sys_rawio, sys_ptrace, sys_admin, mknod, perfmon, bpf
    for (const int capability : {12, 13, 16, 17, 19, 21, 27, 38, 39})
      EXPECT_EQ((bits >> capability) & 1U, 0U) << set << capability;
  }
}

TEST(Agent, MayNotBecomeAnotherUserWithoutRoot) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  LaunchPlan plan = shell("id");
  plan.user = *find_user("root");
  const Ended ended = run(plan, [] {
    if (::setgroups(0, nullptr) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(99);
  });
  EXPECT_EQ(ended.status, 126);
  EXPECT_EQ(ended.output, "");
}

TEST(Agent, OfAnOrdinaryUserStarts) {
  if (::geteuid() != 0) FAIL() << "must run as root";
  const Ended ended = run(shell("id -u"), [] {
    if (::setgroups(0, nullptr) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(99);
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "65534\n");
}

TEST(Agent, StartsInsideAnAgent) {
  int depth = 0;
  const Ended ended = run(shell("grep -E 'Seccomp_filters|NoNewPrivs' /proc/self/status"), [&] {
    // The first agent's steps, but for its program, which is this process here.
    LaunchPlan outer{.argv = {"/nonexistent/program"}, .user = std::nullopt, .environment = {}};
    if (become_agent(outer).code() != ENOENT) ::_exit(98);
    ++depth;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_TRUE(has(ended.output, "Seccomp_filters:\t2\n")) << ended.output;
}

TEST(Agent, GetsTheEnvironmentWithEachNameOnce) {
  ::setenv("SLUICE_UNIT_OLD", "old", 1);
  ::setenv("SLUICE_UNIT_KEPT", "kept", 1);
  LaunchPlan plan = shell("env | grep ^SLUICE_UNIT_ | sort");
  plan.environment = {{"SLUICE_UNIT_OLD", "first"}, {"SLUICE_UNIT_OLD", "new"}};
  const Ended ended = run(plan);
  ::unsetenv("SLUICE_UNIT_OLD");
  ::unsetenv("SLUICE_UNIT_KEPT");
  EXPECT_EQ(ended.output, "SLUICE_UNIT_KEPT=kept\nSLUICE_UNIT_OLD=new\n");
}

TEST(Agent, GetsItsSignalsBack) {
  const Ended ended = run(shell("sed -n 's/^Sig\\(Blk\\|Ign\\)://p' /proc/self/status"), [] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  });
  std::istringstream said{ended.output};
  std::uint64_t blocked = 1, ignored = ~std::uint64_t{0};
  said >> std::hex >> blocked >> ignored;
  EXPECT_EQ(blocked, 0U) << ended.output;
  // Whatever else the starter of this test ignores (a shell's background job, posix_spawn) stays.
  EXPECT_EQ(ignored & (std::uint64_t{1} << (SIGPIPE - 1)), 0U) << ended.output;
}

TEST(Agent, ThatCannotStartSaysWhy) {
  const auto plan = [](std::string program) {
    return LaunchPlan{.argv = {std::move(program)}, .user = std::nullopt, .environment = {}};
  };
  EXPECT_EQ(run(plan("no-such-program-here")).status, 127);
  EXPECT_EQ(run(plan("/etc/passwd")).status, 126);
  EXPECT_EQ(become_agent({}).code(), EINVAL);
  LaunchPlan bad = shell("true");
  bad.environment = {{"A=B", "c"}};
  EXPECT_EQ(become_agent(bad).code(), EINVAL);
  EXPECT_FALSE(find_user("no-such-user-here").ok());
}

TEST(TrustEnvironment, GivesEachVariableTheFileThatItMeans) {
  const Environment environment = trust_environment("/ca.pem", "/bundle.pem");
  const auto value = [&](const std::string& name) {
    for (const auto& entry : environment)
      if (entry.first == name) return entry.second;
    return std::string();
  };
  for (const char* name :
       {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"})
    EXPECT_EQ(value(name), "/bundle.pem") << name;
  for (const char* name : {"PGSSLROOTCERT", "NODE_EXTRA_CA_CERTS"})
    EXPECT_EQ(value(name), "/ca.pem") << name;
  EXPECT_EQ(environment.size(), 6U);
}

}  // namespace
}  // namespace sluice::launch
