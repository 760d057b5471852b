// SPDX-License-Identifier: Apache-2.0
// What one handle() does at most, so that other flows of the thread have their turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::HasSubstr;

WorldOptions everything() {
  WorldOptions options;
  options.rules = kAllowAll;
  return options;
}

// As many as there are are not looked at in one go: each is long, and another text.
Bytes long_texts(int count) {
  Say say;
  for (int i = 0; i < count; ++i)
    say.query("select " + std::to_string(i) + " from orders where id in (1" +
              std::string(std::size_t{10'000}, ' ') + ")");
  return say.bytes;
}

std::size_t offer(Harness& h, ByteView bytes, FlowActions& out) {
  out.clear();
  return h.session->handle(Received{Side::kAgent, bytes}, h.now, h.wall, out);
}

TEST(Turn, EndsWhenEnoughWasRead) {
  Harness h{everything()};
  h.logged_in();
  const Bytes all = long_texts(50);
  FlowActions out;
  std::size_t at = 0;
  int turns = 0;
  for (; at < all.size(); ++turns) {
    const std::size_t taken = offer(h, ByteView{all}.subspan(at), out);
    ASSERT_GT(taken, 0U) << "each brings at least one message further";
    at += taken;
    EXPECT_EQ(h.session->demand(Side::kAgent), at < all.size() ? Demand::kInTurn : Demand::kMore);
  }
  EXPECT_GT(turns, 3);
}

TEST(Turn, TakesAnOrdinaryPipelineWhole) {
  Harness h{everything()};
  h.logged_in();
  Say say;
  for (int i = 0; i < 500; ++i) say.bind("", "s").execute("").sync();
  h.agent(Say{}.parse("s", "select id from orders").sync());
  h.server(Reply{}.parsed().ready());
  FlowActions out;
  EXPECT_EQ(offer(h, say, out), say.bytes.size());
  EXPECT_EQ(h.session->demand(Side::kAgent), Demand::kMore);
}

TEST(Turn, OfAnAgentThatSaysNoMoreGoesOnToItsEnd) {
  Harness h{everything()};
  h.logged_in();
  const Bytes all = long_texts(50);
  FlowActions out;
  std::size_t at = offer(h, all, out);
  ASSERT_LT(at, all.size());
  const auto finishes = [&] {
    return std::any_of(out.begin(), out.end(), [](const FlowAction& action) {
      return std::holds_alternative<FinishSending>(action);
    });
  };
  out.clear();
  h.session->handle(SideClosed{Side::kAgent}, h.now, h.wall, out);
  while (at < all.size()) {
    EXPECT_FALSE(finishes()) << "what was said before goes before it";
    at += offer(h, ByteView{all}.subspan(at), out);
  }
  EXPECT_TRUE(finishes());
}

TEST(Turn, AParseThatIsHeldIsNotLookedAtBeforeItsBindIsThere) {
  Harness h;
  h.logged_in();
  const Say parse = Say{}.parse("", "delete from orders where id = $1");
  const Bytes bind = Say{}.bind("", "", {"7"}).execute("").sync().bytes;
  h.agent(parse);
  h.world.set_rules(kAllowAll);
  for (std::size_t at = 0; at < 10; ++at) h.agent(ByteView{bind}.subspan(at, 1));
  EXPECT_EQ(h.server_got(), "") << "looked at, it would be let through by now";
  h.agent(ByteView{bind}.subspan(10));
  EXPECT_THAT(h.server_got(), HasSubstr("Parse"));
}

}  // namespace
}  // namespace sluice::session::test
