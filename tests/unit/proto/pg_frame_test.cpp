// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/postgres/startup.h"

namespace sluice::pg {
namespace {

Bytes head(char type, std::uint32_t length) {
  return {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(length >> 24),
          static_cast<std::uint8_t>(length >> 16), static_cast<std::uint8_t>(length >> 8),
          static_cast<std::uint8_t>(length)};
}
bool is_bad(const Step& step) { return std::holds_alternative<Bad>(step); }

TEST(NextFrame, SaysHowManyBytesItNeeds) {
  const Limits limits;
  EXPECT_EQ(std::get<NeedMore>(next_frame(Direction::kFrontend, {}, limits)), NeedMore{5});
  const Bytes query = head('Q', 10);
  for (std::size_t size = 1; size < 5; ++size)
    EXPECT_EQ(
        std::get<NeedMore>(next_frame(Direction::kFrontend, ByteView{query}.first(size), limits)),
        NeedMore{5});
  EXPECT_EQ(std::get<NeedMore>(next_frame(Direction::kFrontend, query, limits)), NeedMore{11});
}

TEST(NextFrame, RefusesATypeOfTheOtherDirectionByItsFirstByte) {
  const Limits limits;
  for (int type = 0; type < 256; ++type) {
    const auto byte = static_cast<std::uint8_t>(type);
    const char letter = static_cast<char>(byte);
    EXPECT_EQ(is_bad(next_frame(Direction::kFrontend, {&byte, 1}, limits)),
              std::string("BCDEFHPQSXcdfp").find(letter) == std::string::npos)
        << type;
    EXPECT_EQ(is_bad(next_frame(Direction::kBackend, {&byte, 1}, limits)),
              std::string("123ACDEGHIKNRSTVWZcdnstv").find(letter) == std::string::npos)
        << type;
  }
}

TEST(NextFrame, RefusesALengthThatDoesNotCoverItself) {
  for (const std::uint32_t length : {0U, 1U, 2U, 3U, 0x80000000U, 0xffffffffU})
    EXPECT_TRUE(is_bad(next_frame(Direction::kFrontend, head('Q', length), Limits{}))) << length;
}

TEST(NextFrame, RefusesAMessageOverItsDirectionsLimitBeforeItsBodyComes) {
  Limits limits;
  limits.frontend_message_bytes_max = 100;
  limits.backend_message_bytes_max = 200;
  EXPECT_FALSE(is_bad(next_frame(Direction::kFrontend, head('Q', 99), limits)));
  EXPECT_TRUE(is_bad(next_frame(Direction::kFrontend, head('Q', 100), limits)));
  EXPECT_FALSE(is_bad(next_frame(Direction::kBackend, head('D', 199), limits)));
  EXPECT_TRUE(is_bad(next_frame(Direction::kBackend, head('D', 200), limits)));
}

TEST(NextFrame, RefusesALongMessageOfAShortType) {
  EXPECT_TRUE(is_bad(next_frame(Direction::kFrontend, head('S', 10'001), Limits{})));
  EXPECT_TRUE(is_bad(next_frame(Direction::kBackend, head('Z', 10'001), Limits{})));
  EXPECT_TRUE(is_bad(next_frame(Direction::kFrontend, head('p', 65'536), Limits{})));
}

TEST(NextHead, GivesALargeMessageForStreaming) {
  const auto step = next_head(Direction::kBackend, head('d', 500U << 20), Limits{});
  EXPECT_EQ(std::get<FrameHead>(step).size, (std::size_t{500} << 20) + 1);
  EXPECT_TRUE(
      std::holds_alternative<Bad>(next_head(Direction::kBackend, head('d', 0x3fffffff), Limits{})));
}

TEST(LeadingFrames, AreTheWholeOnesOfThatTypeInFront) {
  Bytes rows = head('D', 6);
  append(rows, "ab");
  const Bytes one = rows;
  append(rows, one);
  const Limits limits;
  EXPECT_EQ(leading_frames('D', {}, limits), 0);
  for (std::size_t size = 0; size < rows.size(); ++size)
    EXPECT_EQ(leading_frames('D', ByteView{rows}.first(size), limits),
              size < one.size() ? 0 : one.size())
        << size;
  EXPECT_EQ(leading_frames('D', rows, limits), rows.size());
  EXPECT_EQ(leading_frames('d', rows, limits), 0);
  for (const Bytes& next : {head('C', 4), head('D', 3), head('D', 0xffffffff)}) {
    Bytes then = rows;
    append(then, next);
    EXPECT_EQ(leading_frames('D', then, limits), rows.size());
  }
}

// --- the first packet

Bytes packet(std::uint16_t major, std::uint16_t minor, std::string_view rest) {
  const auto length = static_cast<std::uint32_t>(8 + rest.size());
  Bytes bytes = head(0, length);
  bytes.erase(bytes.begin());
  for (const std::uint16_t part : {major, minor}) {
    bytes.push_back(static_cast<std::uint8_t>(part >> 8));
    bytes.push_back(static_cast<std::uint8_t>(part));
  }
  append(bytes, rest);
  return bytes;
}

TEST(NextStartup, KeepsParametersInOrderAndApartFromProtocolOptions) {
  using namespace std::string_view_literals;
  const Bytes bytes = packet(3, 2, "user\0a\0_pq_.x\0y\0database\0d\0user\0b\0\0"sv);
  const auto step = next_startup(bytes, Limits{});
  const auto& startup = std::get<StartupPacket>(step);
  const auto& message = std::get<StartupMessage>(startup.packet);
  EXPECT_EQ(startup.size, bytes.size());
  EXPECT_EQ(message.minor, 2);
  EXPECT_EQ(message.parameters,
            (std::vector<StartupParameter>{{"user", "a"}, {"database", "d"}, {"user", "b"}}));
  EXPECT_EQ(message.protocol_options, (std::vector<StartupParameter>{{"_pq_.x", "y"}}));
  EXPECT_EQ(message.find("user"), "b") << "the last, as the server takes it";
  EXPECT_EQ(message.find("replication"), std::nullopt);
}

TEST(NextStartup, KnowsDirectTlsAndOtherProtocols) {
  const Bytes tls = {0x16, 3, 1};
  const auto step = next_startup(tls, Limits{});
  EXPECT_TRUE(std::holds_alternative<DirectTls>(std::get<StartupPacket>(step).packet));
  const auto old = next_startup(packet(2, 0, std::string(288, '\0')), Limits{});
  EXPECT_EQ(std::get<UnsupportedProtocol>(std::get<StartupPacket>(old).packet).major, 2);
}

struct BadStartup {
  const char* name;
  Bytes bytes;
};
class UnreadableStartup : public ::testing::TestWithParam<BadStartup> {};
TEST_P(UnreadableStartup, IsRefused) {
  EXPECT_TRUE(std::holds_alternative<Bad>(next_startup(GetParam().bytes, Limits{})));
}
std::string many_parameters() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::string("a\0b\0", 4);
  return text + '\0';
}
using std::string_view_literals::operator""sv;
INSTANTIATE_TEST_SUITE_P(
    Startup, UnreadableStartup,
    ::testing::Values(BadStartup{"http", to_bytes("GET / HTTP/1.1\r\n")},
                      BadStartup{"typed_message", head('Q', 5)},
                      BadStartup{"length_of_seven", {0, 0, 0, 7}},
                      BadStartup{"length_over_the_limit", {0, 0, 0x27, 0x15}},
                      BadStartup{"no_terminator", packet(3, 0, "user\0a\0"sv)},
                      BadStartup{"no_value", packet(3, 0, "user\0"sv)},
                      BadStartup{"empty_body", packet(3, 0, "")},
                      BadStartup{"bytes_after_the_terminator", packet(3, 0, "user\0a\0\0x"sv)},
                      BadStartup{"too_many_parameters", packet(3, 0, many_parameters())},
                      BadStartup{"ssl_request_with_a_body", packet(1234, 5679, "x")},
                      BadStartup{"gssenc_request_with_a_body", packet(1234, 5680, "x")},
                      BadStartup{"unknown_request", packet(1234, 1, "")},
                      BadStartup{"cancel_without_a_key", packet(1234, 5678, "")},
                      BadStartup{"cancel_with_a_short_key", packet(1234, 5678, "1234567")},
                      BadStartup{"cancel_with_a_long_key",
                                 packet(1234, 5678, std::string(261, 'k'))}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(StartupBuilders, RefuseWhatTheWireCannotCarry) {
  Bytes out;
  const StartupParameter with_nul[] = {{"user", "a\0b"sv}};
  const StartupParameter unnamed[] = {{"", "a"}};
  const std::string long_value(11'000, 'x');
  const StartupParameter too_long[] = {{"user", long_value}};
  EXPECT_FALSE(append_startup_message(out, 0, with_nul));
  EXPECT_FALSE(append_startup_message(out, 0, unnamed));
  EXPECT_FALSE(append_startup_message(out, 0, too_long));
  EXPECT_TRUE(out.empty());
}

TEST(StartupBuilders, CarryALongCancelKey) {
  for (const std::size_t size : {8U, 36U, 260U}) {
    Bytes out;
    const Bytes key(size, 7);
    append_cancel_request(out, key);
    const auto step = next_startup(out, Limits{});
    const auto& cancel = std::get<CancelRequest>(std::get<StartupPacket>(step).packet);
    EXPECT_EQ(Bytes(cancel.key.begin(), cancel.key.end()), key);
  }
}

}  // namespace
}  // namespace sluice::pg
