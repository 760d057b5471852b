// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/values.h"

#include <gtest/gtest.h>

#include <set>

#include "pg_transcript.h"
#include "proto/postgres/replay_text.h"
#include "proto/postgres/type_oids.h"

namespace sluice::pg {
namespace {

// The server printed one row in text and sent the same row in binary; PostgreSQL is the oracle.
TEST(RenderedValues, ReadAsTheServerPrintsThem) {
  ReplayText replay;
  std::vector<ReplayEvent> rows;
  for (ReplayEvent& event : replay.feed(testing::transcript("values").backend))
    if (event.kind == ReplayEvent::Kind::kRow) rows.push_back(std::move(event));
  ASSERT_EQ(rows.size(), 2U);
  ASSERT_EQ(rows[0].cells.size(), rows[1].cells.size());
  ASSERT_GT(rows[0].cells.size(), 80U);
  for (std::size_t i = 0; i < rows[0].cells.size(); ++i)
    EXPECT_EQ(rows[0].cells[i], rows[1].cells[i]) << "column " << i + 1;
}

struct Malformed {
  const char* name;
  std::uint32_t type;
  Bytes value;
};
class MalformedValue : public ::testing::TestWithParam<Malformed> {};
TEST_P(MalformedValue, IsAnError) {
  EXPECT_FALSE(render_value(GetParam().type, Format::kBinary, GetParam().value));
}
INSTANTIATE_TEST_SUITE_P(
    Binary, MalformedValue,
    ::testing::Values(
        Malformed{"bool_of_two", oid::kBool, {2}}, Malformed{"bool_empty", oid::kBool, {}},
        Malformed{"int2_short", oid::kInt2, {0}},
        Malformed{"int4_long", oid::kInt4, {0, 0, 0, 0, 0}},
        Malformed{"int8_empty", oid::kInt8, {}}, Malformed{"float4_long", oid::kFloat4, Bytes(8)},
        Malformed{"float8_short", oid::kFloat8, Bytes(4)},
        Malformed{"uuid_short", oid::kUuid, Bytes(15)},
        Malformed{"jsonb_version_2", oid::kJsonb, {2, '{', '}'}},
        Malformed{"jsonb_empty", oid::kJsonb, {}},
        Malformed{"date_after_the_end", oid::kDate, {0x7f, 0xff, 0xff, 0xfe}},
        Malformed{"time_negative", oid::kTime, Bytes(8, 0xff)},
        Malformed{"timetz_short", oid::kTimetz, Bytes(8)},
        Malformed{"timestamp_before_the_beginning", oid::kTimestamp, {0x80, 0, 0, 0, 0, 0, 0, 1}},
        Malformed{"interval_short", oid::kInterval, Bytes(12)},
        Malformed{"numeric_digit_over_9999", oid::kNumeric, {0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10}},
        Malformed{"numeric_count_lies", oid::kNumeric, {0, 9, 0, 0, 0, 0, 0, 0, 0, 1}},
        Malformed{"numeric_sign_unknown", oid::kNumeric, {0, 0, 0, 0, 0x12, 0x34, 0, 0}},
        Malformed{"inet_family_unknown", oid::kInet, {9, 32, 0, 4, 1, 2, 3, 4}},
        Malformed{"inet_prefix_too_long", oid::kInet, {2, 33, 0, 4, 1, 2, 3, 4}},
        Malformed{"inet_short", oid::kInet, {2, 32, 0, 4, 1, 2}},
        Malformed{"bit_count_lies", oid::kVarbit, {0xff, 0xff, 0xff, 0xff}},
        Malformed{"array_short", oid::kInt4Array, {0, 0, 0, 1}},
        Malformed{
            "array_of_seven_dimensions", oid::kInt4Array, {0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 23}},
        Malformed{"array_of_another_type", oid::kInt4Array, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25}},
        Malformed{"array_count_lies", oid::kInt4Array, {0, 0,  0,    1,    0,    0,    0, 0, 0, 0,
                                                        0, 23, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1}},
        Malformed{"array_with_bytes_after_it",
                  oid::kInt4Array,
                  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(RenderedValues, AreCutAtTheLimitAndSaySo) {
  const RenderLimits limits{.text_bytes_max = 4, .array_elements_max = 10};
  EXPECT_EQ(*render_value(oid::kText, Format::kText, as_bytes("abcdefgh"), limits),
            "abcd... (8 bytes)");
  EXPECT_EQ(*render_value(oid::kBytea, Format::kBinary, Bytes(100), limits),
            "\\x00... (100 bytes)");
}

TEST(RenderedValues, OfUnknownTypesAreHex) {
  EXPECT_EQ(*render_value(987654, Format::kBinary, Bytes{0xde, 0xad}), "\\xdead");
  EXPECT_EQ(*render_value(987654, Format::kText, as_bytes("as it is")), "as it is");
}

TEST(RenderedValues, OfTheSmallestIntervalDoNotOverflow) {
  Bytes value(16, 0);
  value[0] = 0x80;
  EXPECT_EQ(*render_value(oid::kInterval, Format::kBinary, value), "-2562047788:00:54.775808");
}

}  // namespace
}  // namespace sluice::pg
