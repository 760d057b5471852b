// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sluice/action.h>
#include <sluice/resource.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace sluice {
namespace {

Result<int> fails() { return Error::sys(ENOENT, "open '/x'"); }
Result<int> passes_on() {
  SLUICE_TRY(const int value, fails());
  return value;
}

TEST(Error, SaysWhatFailedAndKeepsTheNumber) {
  const auto result = passes_on();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text(), "open '/x': No such file or directory");
  EXPECT_EQ(result.error().code(), ENOENT);
  EXPECT_EQ(result.error().within("load policy").text(),
            "load policy: open '/x': No such file or directory");
  EXPECT_EQ(result.error().within("load policy").code(), ENOENT);
}

TEST(Actions, EveryNameIsReadBackAsItself) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Action::kCount_); ++i) {
    const auto action = static_cast<Action>(i);
    EXPECT_EQ(action_named(name_of(action)), action);
  }
  EXPECT_EQ(action_named("reads"), std::nullopt);
}

TEST(Actions, ASetSurvivesItsBits) {
  const ActionSet set{Action::kRead, Action::kHost};
  EXPECT_EQ(ActionSet::from_bits(set.bits()), set);
  EXPECT_EQ(ActionSet::from_bits(~0ULL).list().size(), static_cast<std::size_t>(Action::kCount_));
}

TEST(IpAddress, AnIpv4AddressIsItsMappedForm) {
  const auto plain = parse_ip("10.0.0.5");
  const auto mapped = parse_ip("::ffff:10.0.0.5");
  ASSERT_TRUE(plain && mapped);
  EXPECT_EQ(*plain, *mapped);
  EXPECT_EQ(plain->text(), "10.0.0.5");
  EXPECT_EQ((Endpoint{*plain, 5432}).text(), "10.0.0.5:5432");
  EXPECT_EQ((Endpoint{*parse_ip("2001:db8::1"), 5432}).text(), "[2001:db8::1]:5432");
}

TEST(IpAddress, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {"", "10.0.0", "10.0.0.5.6", "10.0.0.256", "db.internal", "::g", " 1.2.3.4"})
    EXPECT_EQ(parse_ip(text), std::nullopt) << text;
}

TEST(Secret, IsEmptyAfterItWasMoved) {
  Secret first{std::string_view{"hunter2"}};
  const Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(as_text(second.for_wire()), "hunter2");
}

TEST(UniqueFd, ClosesOnceAndOnlyWhatItOwns) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd reader{ends[0]};
  {
    const UniqueFd writer{ends[1]};
    const UniqueFd moved = std::move(reader);
    EXPECT_FALSE(reader);  // NOLINT(bugprone-use-after-move): that is the point
    EXPECT_EQ(moved.get(), ends[0]);
  }
  EXPECT_EQ(::close(ends[0]), -1);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace sluice
