// SPDX-License-Identifier: Apache-2.0
#include "record/decode.h"
#include "record/encode.h"
#include "record/format.h"
#include "support.h"

namespace sluice::record {
namespace {

using namespace test;

struct Case {
  std::string name;
  Event event;
};

std::vector<Case> every_event() {
  static const Bytes seen = to_bytes(std::string_view{"Z\0\0\0\5I", 6});
  return {
      {"session_opened", sample_opened("ses-0000000000000001")},
      {"remark", Remark{"logged in upstream"}},
      {"statement_judged", sample_judged(9, VerdictKind::kHold, "select \xff")},
      {"empty_statement", StatementJudged{}},
      {"hold_decided", HoldDecided{"abcd2345", 9, DecisionKind::kWithdrawn, "", "gone"}},
      {"agent_sees", AgentSees{seen}},
      {"agent_sees_nothing", AgentSees{}},
      {"session_closed", SessionClosed{"agent closed", 1, 2, ~0ULL}},
  };
}

class EveryEvent : public testing::TestWithParam<Case> {};

Bytes encoded(const Event& event) {
  Bytes out;
  EXPECT_TRUE(encode_event(WallTime{std::chrono::nanoseconds{-5}}, event, out).ok());
  return out;
}

TEST_P(EveryEvent, IsTheSameAfterARoundTrip) {
  const Bytes bytes = encoded(GetParam().event);
  const auto decoded = decode_event(bytes);
  ASSERT_TRUE(std::holds_alternative<DecodedEvent>(decoded));
  const auto& event = std::get<DecodedEvent>(decoded);
  EXPECT_EQ(event.bytes, bytes.size());
  EXPECT_EQ(event.at.time_since_epoch().count(), -5);
  EXPECT_EQ(event.event.index(), GetParam().event.index());
  // Every field takes part in the encoding, so equal bytes are equal events.
  EXPECT_EQ(encoded(event.event), bytes);
}

TEST_P(EveryEvent, CutShortAnywhereIsBad) {
  const Bytes bytes = encoded(GetParam().event);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_TRUE(std::holds_alternative<BadEvent>(decode_event(ByteView{bytes}.first(size))))
        << size;
}

TEST_P(EveryEvent, WithAnyByteChangedIsBadOrAnotherEvent) {
  const Bytes bytes = encoded(GetParam().event);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int change : {1, 0x80, 0xFF}) {
      Bytes changed = bytes;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ change);
      const auto decoded = decode_event(changed);
      const auto* event = std::get_if<DecodedEvent>(&decoded);
      if (!event) continue;
      // Canonical: what decodes encodes back to the very bytes it was decoded from.
      Bytes again;
      ASSERT_TRUE(encode_event(event->at, event->event, again).ok());
      EXPECT_EQ(again, Bytes(changed.begin(), changed.begin() + static_cast<long>(event->bytes)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Encoding, EveryEvent, testing::ValuesIn(every_event()),
                         [](const auto& each) { return each.param.name; });

TEST(Encoding, KeepsTheFieldsOfAStatement) {
  const auto judged = sample_judged(9, VerdictKind::kHold, "select 1");
  const Bytes bytes = encoded(judged);
  const auto decoded = decode_event(bytes);
  const auto& back = std::get<StatementJudged>(std::get<DecodedEvent>(decoded).event);
  EXPECT_EQ(back.intent.statement, "select 1");
  EXPECT_EQ(back.intent.actions, judged.intent.actions);
  EXPECT_EQ(back.intent.objects, judged.intent.objects);
  EXPECT_EQ(back.intent.columns, judged.intent.columns);
  EXPECT_EQ(back.intent.parameters, judged.intent.parameters);
  EXPECT_EQ(back.verdict.approvers.groups, judged.verdict.approvers.groups);
  EXPECT_EQ(back.verdict.timeout, judged.verdict.timeout);
  EXPECT_EQ(back.ticket, "abcd2345");
}

TEST(Encoding, RefusesAnEventOverTheLimitAndLeavesTheOutputAlone) {
  const Bytes huge(kEventBytesMax + 1);
  Bytes out = to_bytes("before");
  EXPECT_FALSE(encode_event({}, AgentSees{huge}, out).ok());
  EXPECT_FALSE(encode_event({}, Remark{std::string(kEventBytesMax, 'x')}, out).ok());
  auto many = sample_judged(1, VerdictKind::kAllow, "");
  many.intent.parameters.resize(kListMax + 1);
  EXPECT_FALSE(encode_event({}, many, out).ok());
  EXPECT_EQ(out, to_bytes("before"));
}

}  // namespace
}  // namespace sluice::record
