// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include "support.h"

namespace sluice::net::test {
namespace {

class SteppedClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime{}; }
  SteadyTime steady() const override { return SteadyTime{std::chrono::nanoseconds{now_ns.load()}}; }
  std::atomic<std::int64_t> now_ns{1};
};

class Resolving : public testing::Test {
 protected:
  std::mutex mutex;
  std::map<std::string, std::vector<IpAddress>> answers;  // a name that is not here fails
  SteppedClock clock;
  Journal said;
  std::atomic<int> changes{0};

  void answer(const std::string& name, std::vector<std::string> addresses) {
    const std::lock_guard lock{mutex};
    answers.erase(name);
    for (const auto& each : addresses) answers[name].push_back(*parse_ip(each));
  }
  std::unique_ptr<Resolver> make() {
    Resolver::Options options;
    options.refresh_every = std::chrono::hours{1};
    options.stale_max = std::chrono::seconds{600};
    options.warn = [this](std::string_view line) { said.add(std::string{line}); };
    options.lookup = [this](const std::string& name) -> Result<std::vector<IpAddress>> {
      const std::lock_guard lock{mutex};
      if (!answers.contains(name)) return Error{"resolve '" + name + "': no such name"};
      return answers[name];
    };
    return std::make_unique<Resolver>(std::move(options), clock,
                                      [this](std::shared_ptr<const AddressBook>) { ++changes; });
  }
};

TEST_F(Resolving, GivesSortedAddressesOncePerChange) {
  answer("db", {"10.0.0.2", "10.0.0.1", "10.0.0.2"});
  auto resolver = make();
  resolver->set_names({"db"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_EQ(resolver->snapshot()->at("db"),
            (std::vector{*parse_ip("10.0.0.1"), *parse_ip("10.0.0.2")}));
  EXPECT_EQ(changes.load(), 1);
}

TEST_F(Resolving, NameThatNeverResolvedMatchesNothingAndIsSaid) {
  auto resolver = make();
  resolver->set_names({"nowhere"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_TRUE(resolver->snapshot()->at("nowhere").empty());
  EXPECT_TRUE(
      said.has("resolve 'nowhere': no such name; until it resolves nothing matches that name"));
}

TEST_F(Resolving, FailureKeepsTheOldAddressesForABoundedTime) {
  answer("db", {"10.0.0.1"});
  auto resolver = make();
  resolver->set_names({"db"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  answer("db", {});
  resolver->set_names({"db"});  // a new round that can be waited for
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_EQ(resolver->snapshot()->at("db").size(), 1U);
  EXPECT_TRUE(said.has("resolve 'db': no such name; its last known addresses stay in use for now"));
  clock.now_ns += 601'000'000'000;
  resolver->set_names({"db"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_TRUE(resolver->snapshot()->at("db").empty());
  answer("db", {"10.0.0.9"});
  resolver->set_names({"db"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_EQ(resolver->snapshot()->at("db"), std::vector{*parse_ip("10.0.0.9")});
  EXPECT_TRUE(said.has("'db' resolves again"));
}

TEST_F(Resolving, AFormerAddressGoesOnMatchingForAWhileAndIsToldToNobody) {
  answer("db", {"10.0.0.1"});
  auto resolver = make();
  const auto again = [&] {
    resolver->set_names({"db"});
    return resolver->wait_resolved(kPatience);
  };
  ASSERT_TRUE(again());
  answer("db", {"10.0.0.2"});
  clock.now_ns += 30'000'000'000;
  ASSERT_TRUE(again());
  EXPECT_EQ(resolver->newest()->at("db"), std::vector{*parse_ip("10.0.0.2")});
  EXPECT_EQ(resolver->snapshot()->at("db"),
            (std::vector{*parse_ip("10.0.0.1"), *parse_ip("10.0.0.2")}));
  clock.now_ns += 61'000'000'000;
  ASSERT_TRUE(again());
  EXPECT_EQ(resolver->snapshot()->at("db"), std::vector{*parse_ip("10.0.0.2")});
}

TEST_F(Resolving, ForgetsNamesThatThePolicyNoLongerHas) {
  answer("a", {"10.0.0.1"});
  answer("b", {"10.0.0.2"});
  auto resolver = make();
  resolver->set_names({"a", "b"});
  resolver->set_names({"b"});
  ASSERT_TRUE(resolver->wait_resolved(kPatience));
  EXPECT_FALSE(resolver->snapshot()->contains("a"));
}

TEST(SystemResolver, KnowsLocalhost) {
  auto found = resolve_by_system("localhost");
  ASSERT_TRUE(found) << found.error().text();
  for (const auto& each : *found)
    EXPECT_TRUE(each.text() == "127.0.0.1" || each.text() == "::1") << each.text();
}

}  // namespace
}  // namespace sluice::net::test
