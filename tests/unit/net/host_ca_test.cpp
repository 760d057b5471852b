// SPDX-License-Identifier: Apache-2.0
#include "net/host_ca.h"

#include "net/certificate_impl.h"
#include "net/tls_context_impl.h"
#include "support.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::net::test {
namespace {

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return now; }
  SteadyTime steady() const override { return SteadyTime{now.time_since_epoch()}; }
  WallTime now = SystemClock{}.wall();
};

class HostCaFiles : public testing::Test {
 protected:
  TempDir directory;
  FakeClock clock;
  Result<std::unique_ptr<HostCa>> open(std::string system_bundle = "", std::size_t leaves = 8) {
    return HostCa::open({directory.path("ca"), "test-host", std::move(system_bundle), leaves},
                        clock);
  }
  std::string read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream{directory.path(name)}.rdbuf();
    return text.str();
  }
  mode_t mode(const std::string& name) const {
    struct stat status {};
    ::stat(directory.path(name).c_str(), &status);
    return status.st_mode & 0777;
  }
};

TEST_F(HostCaFiles, AreMadeAtFirstStartAndKeptAfterwards) {
  std::ofstream{directory.path("system.pem")} << "# the system's";
  ASSERT_TRUE(open(directory.path("system.pem")));
  const std::string certificate = read("ca/host-ca.pem");
  EXPECT_EQ(mode("ca/host-ca.key"), 0600U);
  EXPECT_EQ(mode("ca/host-ca.pem"), 0644U);
  EXPECT_EQ(read("ca/bundle.pem"), "# the system's\n" + certificate);
  ASSERT_TRUE(open());
  EXPECT_EQ(read("ca/host-ca.pem"), certificate);
  auto parsed = certificate_from_pem(certificate, "it");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(X509_check_ca(parsed->get()), 1);
  EXPECT_EQ(X509_get_pathlen(parsed->get()), 0);
}

TEST_F(HostCaFiles, KeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(open());
  ::chmod(directory.path("ca/host-ca.key").c_str(), 0640);
  auto again = open();
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text().find("can be read by others; run: chmod 600"), std::string::npos);
}

TEST_F(HostCaFiles, HalfACaIsRefused) {
  for (const std::string missing : {"ca/host-ca.key", "ca/host-ca.pem"}) {
    std::filesystem::remove_all(directory.path("ca"));
    ASSERT_TRUE(open());
    std::filesystem::remove(directory.path(missing));
    auto again = open();
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text().find("half there"), std::string::npos) << again.error().text();
  }
}

TEST_F(HostCaFiles, KeyOfAnotherCertificateIsRefused) {
  ASSERT_TRUE(open());
  const std::string first = read("ca/host-ca.pem");
  std::filesystem::remove_all(directory.path("ca"));
  ASSERT_TRUE(open());
  std::ofstream{directory.path("ca/host-ca.pem")} << first;
  auto again = open();
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text().find("is not the key of"), std::string::npos);
}

TEST_F(HostCaFiles, GarbageIsRefusedWithTheNameOfTheFile) {
  for (const std::string spoiled : {"ca/host-ca.key", "ca/host-ca.pem"}) {
    std::filesystem::remove_all(directory.path("ca"));
    ASSERT_TRUE(open());
    std::ofstream{directory.path(spoiled)} << "garbage";
    auto again = open();
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text().find(spoiled), std::string::npos) << again.error().text();
  }
}

TEST_F(HostCaFiles, ExpiredCaIsRefused) {
  ASSERT_TRUE(open());
  clock.now += std::chrono::hours{24 * 3651};
  auto again = open();
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text().find("has expired"), std::string::npos);
}

TEST_F(HostCaFiles, LeafIsKeptPerNameSetAndRenewedBeforeItsEnd) {
  auto ca = open();
  ASSERT_TRUE(ca);
  const LeafNames names{{"a", "b"}, {*parse_ip("10.0.0.5")}};
  const auto first = *(*ca)->context_for(names);
  EXPECT_EQ(*(*ca)->context_for({{"b", "a", "a"}, names.ips}), first) << "order does not matter";
  EXPECT_NE(*(*ca)->context_for({{"a"}, names.ips}), first);
  clock.now += std::chrono::hours{24 * 29 + 1};
  EXPECT_NE(*(*ca)->context_for(names), first);
}

TEST_F(HostCaFiles, CacheOfLeavesIsBounded) {
  auto ca = open("", 4);
  ASSERT_TRUE(ca);
  for (int number = 0; number < 10; ++number)
    ASSERT_TRUE((*ca)->context_for({{"host" + std::to_string(number)}, {}}));
  EXPECT_EQ((*ca)->cached_leaves(), 4U);
}

TEST_F(HostCaFiles, LeavesAreMintedFromManyThreadsAtOnce) {
  auto ca = open("", 4);
  ASSERT_TRUE(ca);
  std::vector<std::thread> threads;
  std::atomic<int> made{0};
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int number = 0; number < 20; ++number)
        made += (*ca)->context_for({{"host" + std::to_string(number % 6)}, {}}).ok() ? 1 : 0;
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(made.load(), 80);
}

}  // namespace
}  // namespace sluice::net::test
