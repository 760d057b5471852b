// SPDX-License-Identifier: Apache-2.0
// Rows that are longer than any message may be that has to be read whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using testing::HasSubstr;

const Field kNote{"note", kOrders, 3, 25};

Bytes answer(Harness& h, std::size_t bytes) {
  h.logged_in();
  h.agent(Say{}.query("select note from orders"));
  h.server(Reply{}.columns({kNote}));
  h.agent_bytes();
  return Reply{}.row({std::string(bytes, 'x')}).complete("SELECT 1").ready().bytes;
}

std::size_t over_the_limit() { return pg::Limits{}.backend_message_bytes_max + 1000; }

TEST(LongRows, InWhichNothingIsMaskedPassWhole) {
  Harness h{{.sensitive = "[]"}};
  const Bytes all = answer(h, over_the_limit());
  h.server(all);
  EXPECT_TRUE(h.agent_bytes() == all);
}

TEST(LongRows, InWhichNothingIsMaskedPassInPieces) {
  Harness h{{.sensitive = "[]"}};
  const Bytes all = answer(h, over_the_limit());
  Bytes got;
  for (std::size_t at = 0; at < all.size(); at += 1'000'003) {
    h.server(ByteView{all}.subspan(at, std::min<std::size_t>(1'000'003, all.size() - at)));
    append(got, ByteView{h.agent_bytes()});
    EXPECT_LT(h.unread(Side::kUpstream), 8U) << "nothing is gathered";
  }
  EXPECT_TRUE(got == all);
}

TEST(LongRows, ThatDetectorsWouldHaveToReadEndTheFlow) {
  Harness h;
  h.server(answer(h, over_the_limit()));
  EXPECT_THAT(h.agent_got(), HasSubstr("FATAL"));
  EXPECT_TRUE(h.closed.has_value());
}

TEST(LongRows, JustBelowTheLimitAreRead) {
  Harness h;
  const Bytes all = answer(h, pg::Limits{}.backend_message_bytes_max - 1000);
  h.server(all);
  EXPECT_TRUE(h.agent_bytes() == all);
}

}  // namespace
}  // namespace sluice::session::test
