// SPDX-License-Identifier: Apache-2.0
// What processes were connected to before they became a run: listed, and ended where it is asked.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/socket_census.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

// In the child: holds a connection until it breaks, or until it is released.
std::string hold(const Address& to, int ready) {
  const UniqueFd fd{::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
  (void)!::write(ready, "x", 1);
  char byte = 0;
  return ::read(fd.get(), &byte, 1) < 0 ? errno_name(errno) : "closed in order";
}

class CensusOf : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe(ready_), 0); }
  void TearDown() override {
    ::close(ready_[0]);
    ::close(ready_[1]);
  }
  void await_one() {
    char byte = 0;
    ASSERT_EQ(::read(ready_[0], &byte, 1), 1);
  }
  std::string holds(const std::string& ip) {
    ::close(server.fd.get());
    ::close(server6.fd.get());
    return hold({ip, ip == "::1" ? server6.port : server.port}, ready_[1]);
  }

  Lab lab;
  const Listener server{"127.0.0.1"};
  const Listener server6{"::1"};
  std::string cgroup = lab.make_cgroup("service");
  int ready_[2] = {};
};

TEST_F(CensusOf, ACgroupNamesItsConnectionsAndLeavesThemWhereItIsNotToKill) {
  Child v4{cgroup, [&] { return holds("127.0.0.1"); }};
  UniqueFd first = server.accept();
  await_one();
  const Census census = must(take_census(cgroup, false));
  ASSERT_EQ(census.connections.size(), 1u) << "a listener, or a socket of somebody else, is in it";
  const OpenConnection& open = census.connections[0];
  EXPECT_EQ(open.ip_protocol, IPPROTO_TCP);
  EXPECT_EQ(open.remote.text(), "127.0.0.1:" + std::to_string(server.port));
  EXPECT_EQ(open.local.ip.text(), "127.0.0.1");
  EXPECT_NE(open.local.port, 0);
  EXPECT_EQ(open.pid, v4.pid());
  EXPECT_FALSE(open.killed);
  EXPECT_EQ(census.why_kept, "");
  first.reset();
  EXPECT_EQ(v4.result(), "closed in order");
}

TEST_F(CensusOf, ACgroupEndsThoseOfAllBelowItAndOfNobodyBeside) {
  const std::string below = lab.make_cgroup("service/below");
  const std::string beside = lab.make_cgroup("beside");
  Child v4{cgroup, [&] { return holds("127.0.0.1"); }};
  const UniqueFd first = server.accept();
  Child v6{below, [&] {
             ::close(first.get());
             return holds("::1");
           }};
  const UniqueFd second = server6.accept();
  Child other{beside, [&] {
                ::close(first.get());
                ::close(second.get());
                return holds("127.0.0.1");
              }};
  UniqueFd third = server.accept();
  for (int i = 0; i < 3; ++i) await_one();
  const Census census = must(take_census(cgroup, true));
  EXPECT_EQ(census.connections.size(), 2u);
  for (const OpenConnection& open : census.connections) EXPECT_TRUE(open.killed);
  EXPECT_EQ(v4.result(), "ECONNABORTED");
  EXPECT_EQ(v6.result(), "ECONNABORTED");
  third.reset();
  EXPECT_EQ(other.result(), "closed in order");
}

TEST_F(CensusOf, ACgroupThatIsNotThereFails) {
  EXPECT_FALSE(take_census(cgroup + "/gone", false).ok());
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
