// SPDX-License-Identifier: Apache-2.0
// Two real processes: how each ends when the other does.
#include "keeper/keeper.h"

#include <gtest/gtest.h>

#include "keeper/client.h"
#include "keeper/sandbox.h"
#include "support.h"

namespace sluice::keeper {
namespace {

using test::OwnCgroup;

class KeeperAndWorker : public testing::Test {
 protected:
  void SetUp() override {
    if (!own_.missing().empty()) FAIL() << own_.missing();
    ASSERT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
  }
  void TearDown() override {
    for (const int fd : pipe_)
      if (fd >= 0) ::close(fd);
  }
  // A process that becomes a keeper; its worker runs `body`. Returns the keeper's pid.
  pid_t start(const std::function<int(KeeperClient&, pid_t keeper)>& body) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      ::close(pipe_[1]);
      pipe_[1] = -1;
      return pid;
    }
    auto keeper = Keeper::open({.cgroup_root = own_.directory(),
                                .secrets_dirs = {},
                                .destroy_sockets = {},
                                .take_census = {}});
    auto split = split_process();
    if (!keeper || !split) ::_exit(99);
    if (split->worker) {
      KeeperClient client{std::move(split->socket)};
      ::_exit(body(client, split->other));
    }
    ::close(pipe_[1]);
    ::_exit((*keeper)->serve(std::move(split->socket), split->other).exit_status);
  }
  int end_of(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  // The worker holds the only writing end, so end-of-file means that it is gone.
  std::string read_pipe(std::size_t most) {
    std::string text(most, '\0');
    const ssize_t got = ::read(pipe_[0], text.data(), most);
    return text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  void say(char c) { EXPECT_EQ(::write(pipe_[1], &c, 1), 1); }

  OwnCgroup own_;
  int pipe_[2] = {-1, -1};
};

TEST_F(KeeperAndWorker, TheKeeperEndsWithTheWorkersStatus) {
  EXPECT_EQ(end_of(start([](KeeperClient&, pid_t) { return 7; })), 7);
}

TEST_F(KeeperAndWorker, TheKeeperEndsWhenTheWorkerIsKilled) {
  EXPECT_EQ(end_of(start([](KeeperClient&, pid_t) {
              ::raise(SIGKILL);
              return 0;
            })),
            128 + SIGKILL);
}

TEST_F(KeeperAndWorker, TheWorkerIsKilledWhenTheKeeperDies) {
  const pid_t keeper = start([&](KeeperClient& client, pid_t parent) {
    if (!become_worker({.user = "nobody",
                        .group = "",
                        .keeper = parent,
                        .keep_fds = {client.socket(), pipe_[1]}}))
      return 1;
    say('r');
    for (;;) ::pause();
  });
  EXPECT_EQ(read_pipe(1), "r");
  ::kill(keeper, SIGKILL);
  EXPECT_EQ(read_pipe(1), "");  // blocks until the worker is gone
  EXPECT_EQ(end_of(keeper), 1000 + SIGKILL);
}

TEST_F(KeeperAndWorker, TheKeeperPassesTerminationOnToTheWorker) {
  const pid_t keeper = start([&](KeeperClient& client, pid_t) -> int {
    ::signal(SIGTERM, [](int) { ::_exit(42); });
    static_cast<void>(client.make_run_cgroup("", "x"));  // an answer: the keeper is serving
    say('r');
    for (;;) ::pause();
  });
  EXPECT_EQ(read_pipe(1), "r");
  ::kill(keeper, SIGTERM);
  EXPECT_EQ(end_of(keeper), 42);
}

TEST_F(KeeperAndWorker, AWorkerWithoutPrivilegesGetsWhatItMayAskForAndNothingElse) {
  const int status = end_of(start([&](KeeperClient& client, pid_t parent) {
    if (!become_worker(
            {.user = "nobody", .group = "", .keeper = parent, .keep_fds = {client.socket()}}))
      return 1;
    if (!install_seccomp()) return 2;
    const auto run = client.make_run_cgroup("", "run-00000000000000aa");
    if (!run) return 3;
    // By itself it could do none of this.
    if (::mkdir((own_.directory() + "/sluice/run-00000000000000bb").c_str(), 0755) == 0) return 4;
    const UniqueFd self = test::pidfd_of(::getpid());
    const UniqueFd keeper = test::pidfd_of(parent);
    if (client.move_process(self.get(), run->path)) return 5;
    if (client.move_process(keeper.get(), run->path)) return 6;
    if (client.read_secret("/etc/shadow")) return 7;
    if (client.open_in_namespace(self.get(), 4, Transport::kTcpListener)) return 8;
    if (!client.remove_run_cgroup(run->path)) return 9;
    return 0;
  }));
  EXPECT_EQ(status, 0);
}

TEST_F(KeeperAndWorker, TheKeeperLeavesNoCoreFile) {
  const pid_t keeper = start([&](KeeperClient& client, pid_t) -> int {
    static_cast<void>(client.make_run_cgroup("", "x"));
    say('r');
    for (;;) ::pause();
  });
  EXPECT_EQ(read_pipe(1), "r");
  const std::string proc = "/proc/" + std::to_string(keeper);
  EXPECT_NE(test::slurp(proc + "/limits").find("Max core file size        0                    0"),
            std::string::npos);
  EXPECT_NE(test::slurp(proc + "/status").find("NoNewPrivs:\t1\n"), std::string::npos);
  ::kill(keeper, SIGTERM);
  EXPECT_EQ(end_of(keeper), 128 + SIGTERM);
}

TEST_F(KeeperAndWorker, TheDirectoryOfRunsGoesWithTheKeeperUnlessARunOutlivesIt) {
  EXPECT_EQ(end_of(start([](KeeperClient&, pid_t) { return 0; })), 0);
  EXPECT_FALSE(std::filesystem::exists(own_.directory() + "/sluice"));
  ASSERT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
  EXPECT_EQ(end_of(start([](KeeperClient& client, pid_t) {
              return client.make_run_cgroup("", "run-00000000000000aa") ? 0 : 1;
            })),
            0);
  EXPECT_TRUE(std::filesystem::exists(own_.directory() + "/sluice/run-00000000000000aa"));
}

TEST(Keeper, SaysWhatIsMissing) {
  const auto keeper = Keeper::open({.cgroup_root = "/nonexistent",
                                    .secrets_dirs = {},
                                    .destroy_sockets = {},
                                    .take_census = {}});
  ASSERT_FALSE(keeper.ok());
  EXPECT_NE(keeper.error().text().find("cgroup_root '/nonexistent'"), std::string::npos);
}

}  // namespace
}  // namespace sluice::keeper
