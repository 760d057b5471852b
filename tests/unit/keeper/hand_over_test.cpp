// SPDX-License-Identifier: Apache-2.0
// What a keeper hands to the daemon that takes over, to whom, and to whom not.
#include "keeper/hand_over.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "keeper/wire.h"

namespace sluice::keeper {
namespace {

constexpr std::uint32_t kLayout = 7;
const Installation kHere{"/state", "/pins", "/cgroups"};

class HandingOver : public testing::Test {
 protected:
  HandingOver() {
    char name[] = "/tmp/sluice-handover-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/handover.sock";
    Sockets sockets;
    sockets.hand_over = listening(path_, SOCK_SEQPACKET);
    sockets.control = listening(directory_ + "/control.sock", SOCK_STREAM);
    for (const char* each : {"/one", "/two"})
      sockets.listeners.push_back(listening(directory_ + each, SOCK_STREAM));
    for (const char* each : {"/three", "/four"})
      sockets.resolvers.push_back(listening(directory_ + each, SOCK_STREAM));
    resolver_ = inode(sockets.resolvers[1]);
    offered_ = std::make_unique<HandOver>(kHere, kLayout, std::move(sockets));
  }
  ~HandingOver() override { std::filesystem::remove_all(directory_); }

  static UniqueFd listening(const std::string& path, int type) {
    UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 8), 0);
    return fd;
  }
  static ino_t inode(const UniqueFd& fd) {
    struct stat status {};
    EXPECT_EQ(::fstat(fd.get(), &status), 0);
    return status.st_ino;
  }
  // Asks on another thread while the keeper answers on this one.
  Result<std::optional<TakenOver>> ask(const Installation& from, std::uint32_t layout,
                                       const HandOver::Check& may, Result<void>& answered) {
    Result<std::optional<TakenOver>> taken = std::optional<TakenOver>{};
    std::thread newcomer{[&] { taken = take_over(path_, from, layout); }};
    answered = offered_->answer(may);
    newcomer.join();
    return taken;
  }
  static Result<void> anybody(pid_t) { return {}; }

  std::string directory_;
  std::string path_;
  ino_t resolver_ = 0;
  std::unique_ptr<HandOver> offered_;
};

TEST_F(HandingOver, GivesEverySocketAndAChannelBetweenTheWorkers) {
  Result<void> answered;
  auto taken = ask(kHere, kLayout, anybody, answered);
  ASSERT_TRUE(answered.ok()) << answered.error().text();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  ASSERT_TRUE(taken->has_value());
  EXPECT_EQ((*taken)->sockets.listeners.size(), 2u);
  ASSERT_EQ((*taken)->sockets.resolvers.size(), 2u);
  EXPECT_EQ(inode((*taken)->sockets.resolvers[1]), resolver_) << "in their order";
  EXPECT_EQ(inode((*taken)->sockets.hand_over), [&] {
    struct stat status {};
    ::fstat(offered_->socket(), &status);
    return status.st_ino;
  }());
  const UniqueFd theirs = offered_->take_successor();
  ASSERT_TRUE(theirs);
  EXPECT_FALSE(offered_->take_successor()) << "once";
  ASSERT_TRUE(send((*taken)->channel.get(), "hello", 5, -1, Waiting::kNo).ok());
  char text[8] = {};
  const auto got = receive(theirs.get(), text, sizeof text);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(std::string(text, got->size), "hello");
}

TEST_F(HandingOver, IsFinishedOnlyAfterItWasAsked) {
  EXPECT_FALSE(offered_->finish());
  Result<void> answered;
  const auto taken = ask(kHere, kLayout, anybody, answered);
  EXPECT_FALSE(offered_->finished());
  EXPECT_TRUE(offered_->finish());
  EXPECT_TRUE(offered_->finished());
  EXPECT_EQ(offered_->socket(), -1) << "it answers nobody else";
}

TEST_F(HandingOver, RefusesAnotherInstallationAnotherLayoutAndWhoMayNot) {
  struct Case {
    Installation from;
    std::uint32_t layout;
    HandOver::Check may;
    const char* words;
  };
  const Case cases[] = {
      {{"/elsewhere", "/pins", "/cgroups"}, kLayout, anybody, "state_dir"},
      {{"/state", "/elsewhere", "/cgroups"}, kLayout, anybody, "pin_dir"},
      {{"/state", "/pins", "/elsewhere"}, kLayout, anybody, "cgroup_root"},
      {kHere, kLayout + 1, anybody, "map layout 8"},
      {kHere, kLayout, [](pid_t) -> Result<void> { return Error{"in a run"}; }, "in a run"},
  };
  for (const Case& each : cases) {
    Result<void> answered;
    const auto taken = ask(each.from, each.layout, each.may, answered);
    ASSERT_FALSE(answered.ok()) << each.words;
    ASSERT_FALSE(taken.ok()) << each.words;
    EXPECT_NE(taken.error().text().find(each.words), std::string::npos) << taken.error().text();
    EXPECT_FALSE(offered_->take_successor());
  }
}

TEST_F(HandingOver, RefusesWhatIsNoRequest) {
  for (const std::string& words : {std::string{"x"}, std::string(sizeof(TakeOver), 'x'),
                                   std::string(sizeof(TakeOver) + 1, '\0')}) {
    Result<void> sent;
    std::thread newcomer{[&] {
      const UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::memcpy(address.sun_path, path_.data(), path_.size());
      ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
      sent = send(fd.get(), words.data(), words.size(), -1, Waiting::kYes);
      HandedSocket reply;
      const auto got = receive(fd.get(), &reply, sizeof reply);
      EXPECT_TRUE(got.ok() && got->size == sizeof reply && reply.head.failed == 1 && !got->fd);
    }};
    EXPECT_FALSE(offered_->answer(anybody).ok());
    newcomer.join();
    EXPECT_TRUE(sent.ok());
  }
}

TEST(TakeOverFromNobody, IsNoError) {
  const auto taken = take_over("/tmp/sluice-there-is-no-such-socket", kHere, kLayout);
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_FALSE(taken->has_value());
}

}  // namespace
}  // namespace sluice::keeper
