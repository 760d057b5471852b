// SPDX-License-Identifier: Apache-2.0
// Bodies of messages: what is cut short, too long or out of range is refused; what is built is
// read back. Real messages are in pg_transcript_test.cpp.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pg_reencode.h"
#include "pg_transcript.h"

namespace sluice::pg::testing {
namespace {

using std::string_view_literals::operator""sv;

bool readable(Direction direction, char type, ByteView body) {
  const Frame frame{type, body, body.size() + 5};
  return direction == Direction::kFrontend ? decode_frontend(frame, Limits{}).ok()
                                           : decode_backend(frame, Limits{}).ok();
}

// Messages whose body may end anywhere, or at several places, and still be whole.
bool free_form(Direction direction, char type) {
  return type == 'd' || type == (direction == Direction::kFrontend ? 'p' : 'K');
}

class EveryMessage : public ::testing::TestWithParam<Direction> {};

// Each distinct message type of the transcripts, a few of each, cut at each place and with a byte
// more.
TEST_P(EveryMessage, IsRefusedWhenItsBodyIsCutOrHasAByteMore) {
  const Direction direction = GetParam();
  std::map<char, int> seen;
  for (const Transcript& one : transcripts()) {
    ByteView rest = direction == Direction::kFrontend ? one.frontend : one.backend;
    if (direction == Direction::kFrontend) {
      for (bool more = true; more;) {
        const auto step = next_startup(rest, Limits{});
        const auto& startup = std::get<StartupPacket>(step);
        rest = rest.subspan(startup.size);
        more = std::holds_alternative<SslRequest>(startup.packet);
      }
    } else if (!rest.empty() && (rest[0] == 'N' || rest[0] == 'G')) {
      rest = rest.subspan(1);
    }
    while (!rest.empty()) {
      const Step step = next_frame(direction, rest, Limits{});
      const Frame* frame = std::get_if<Frame>(&step);
      if (frame == nullptr) break;
      rest = rest.subspan(frame->size);
      if (free_form(direction, frame->type) || ++seen[frame->type] > 20) continue;
      if (frame->body.size() > 2000) continue;
      for (std::size_t size = 0; size < frame->body.size(); ++size)
        EXPECT_FALSE(readable(direction, frame->type, frame->body.first(size)))
            << message_name(direction, frame->type) << " " << hexdump(frame->body) << " at "
            << size;
      Bytes longer(frame->body.begin(), frame->body.end());
      longer.push_back(0);
      EXPECT_FALSE(readable(direction, frame->type, longer))
          << message_name(direction, frame->type) << " " << hexdump(longer);
    }
  }
  EXPECT_GT(seen.size(), 10U);
}
INSTANTIATE_TEST_SUITE_P(Both, EveryMessage,
                         ::testing::Values(Direction::kFrontend, Direction::kBackend));

struct Malformed {
  const char* name;
  Direction direction;
  char type;
  std::string body;
};
class MalformedBody : public ::testing::TestWithParam<Malformed> {};
TEST_P(MalformedBody, IsRefused) {
  const Malformed& one = GetParam();
  EXPECT_FALSE(readable(one.direction, one.type, as_bytes(one.body)));
}

constexpr Direction F = Direction::kFrontend, B = Direction::kBackend;
std::string str(std::string_view text) { return std::string(text); }
std::string times(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}
INSTANTIATE_TEST_SUITE_P(
    Postgres, MalformedBody,
    ::testing::Values(
        Malformed{"query_hides_a_second_text", F, 'Q', str("select 1\0drop table t\0"sv)},
        Malformed{"describe_of_neither", F, 'D', str("Xa\0"sv)},
        Malformed{"close_of_neither", F, 'C', str("\0a\0"sv)},
        Malformed{"sync_with_a_body", F, 'S', "x"}, Malformed{"flush_with_a_body", F, 'H', "x"},
        Malformed{"terminate_with_a_body", F, 'X', "x"},
        Malformed{"bind_format_of_two", F, 'B', str("\0\0\0\1\0\2\0\0\0\0"sv)},
        Malformed{"bind_formats_not_one_per_parameter", F, 'B',
                  str("\0\0\0\2\0\0\0\0\0\1\xff\xff\xff\xff\0\0"sv)},
        Malformed{"bind_value_of_length_minus_two", F, 'B',
                  str("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"sv)},
        Malformed{"bind_value_past_the_body", F, 'B', str("\0\0\0\0\0\1\0\0\0\x7f\0\0"sv)},
        Malformed{"bind_count_past_the_body", F, 'B', str("\0\0\0\0\xff\xff"sv)},
        Malformed{"bind_result_formats_over_the_columns_max", F, 'B',
                  str("\0\0\0\0\0\0\x06\x81"sv) + std::string(0x681 * 2, '\0')},
        Malformed{"parse_types_past_the_body", F, 'P', str("\0x\0\0\1\0\0\0"sv)},
        Malformed{"call_result_format_of_two", F, 'F', str("\0\0\0\1\0\0\0\0\0\2"sv)},
        Malformed{"call_of_too_many_arguments", F, 'F',
                  str("\0\0\0\1\0\0\0\x65"sv) + times("\xff\xff\xff\xff", 0x65) + str("\0\0"sv)},
        Malformed{"unknown_frontend_message", F, 'T', ""},
        Malformed{"ready_in_an_unknown_state", B, 'Z', "X"},
        Malformed{"row_with_a_cell_of_minus_two", B, 'D', str("\0\1\xff\xff\xff\xfe"sv)},
        Malformed{"row_with_a_cell_past_the_body", B, 'D', str("\0\1\0\0\0\5abcd"sv)},
        Malformed{"row_of_too_many_cells", B, 'D',
                  str("\x06\x81"sv) + times("\xff\xff\xff\xff", 0x681)},
        Malformed{"description_in_an_unknown_format", B, 'T',
                  str("\0\1a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"sv)},
        Malformed{"unknown_authentication", B, 'R', str("\0\0\0\x63"sv)},
        Malformed{"sasl_of_no_mechanism", B, 'R', str("\0\0\0\x0a\0"sv)},
        Malformed{"sasl_of_too_many_mechanisms", B, 'R',
                  str("\0\0\0\x0a"sv) + times("A\0"sv, 17) + str("\0"sv)},
        Malformed{"md5_with_a_short_salt", B, 'R', str("\0\0\0\5abc"sv)},
        Malformed{"key_with_a_short_secret", B, 'K', "1234567"},
        Malformed{"key_with_a_long_secret", B, 'K', std::string(261, 'k')},
        Malformed{"error_without_a_terminator", B, 'E', str("SERROR\0"sv)},
        Malformed{"error_with_bytes_after_it", B, 'E', str("SERROR\0\0x"sv)},
        Malformed{"error_of_too_many_fields", B, 'E', times("M\0"sv, 65) + str("\0"sv)},
        Malformed{"error_of_nothing", B, 'E', ""},
        Malformed{"copy_in_an_unknown_format", B, 'G', str("\2\0\0"sv)},
        Malformed{"copy_with_a_column_of_an_unknown_format", B, 'H', str("\0\0\1\0\2"sv)},
        Malformed{"function_result_past_the_body", B, 'V', str("\0\0\0\1"sv)},
        Malformed{"negotiated_to_protocol_two", B, 'v', str("\0\2\0\0\0\0\0\0"sv)},
        Malformed{"negotiated_options_past_the_body", B, 'v', str("\0\3\0\0\0\0\0\1"sv)},
        Malformed{"negotiated_options_by_the_million", B, 'v', str("\0\3\0\0\x7f\0\0\0"sv)},
        Malformed{"unknown_backend_message", B, 'Q', ""}),
    [](const auto& one) { return std::string(one.param.name); });

template <class Message>
Message built(const Bytes& bytes) {
  const Step step = next_frame(Direction::kBackend, bytes, Limits{});
  const Frame& frame = std::get<Frame>(step);
  EXPECT_EQ(frame.size, bytes.size());
  return std::get<Message>(*decode_backend(frame, Limits{}));
}

TEST(Report, CarriesItsFieldsAndBothSeverities) {
  Bytes out;
  append_error_response(out, {.severity = "ERROR",
                              .sqlstate = "42501",
                              .message = "no",
                              .detail = "why",
                              .hint = str("with a \0 in it"sv)});
  const auto error = built<ErrorResponse>(out);
  EXPECT_EQ(error.fields.find('S'), "ERROR");
  EXPECT_EQ(error.fields.find('V'), "ERROR");
  EXPECT_EQ(error.fields.find('C'), "42501");
  EXPECT_EQ(error.fields.find('D'), "why");
  EXPECT_EQ(error.fields.find('H'), "with a   in it") << "a NUL must not end the message early";
  EXPECT_EQ(error.fields.find('W'), "");
}

TEST(RewrittenError, ChangesTextsAndKeepsWhatClientsDecideBy) {
  Bytes original, out;
  append_error_response(original, {.sqlstate = "23505",
                                   .message = "Key (ssn)=(123) exists",
                                   .detail = "secret",
                                   .table = "customers"});
  const auto error = built<ErrorResponse>(original);
  append_rewritten_error_response(out, error.fields,
                                  [](char code, std::string_view) -> std::optional<std::string> {
                                    if (code == 'D') return std::nullopt;
                                    return "masked";
                                  });
  const auto rewritten = built<ErrorResponse>(out);
  EXPECT_EQ(rewritten.fields.find('C'), "23505");
  EXPECT_EQ(rewritten.fields.find('S'), "ERROR");
  EXPECT_EQ(rewritten.fields.find('M'), "masked");
  EXPECT_EQ(rewritten.fields.find('D'), "");
  EXPECT_EQ(rewritten.fields.find('t'), "masked");
  EXPECT_EQ(as_text(out).find("secret"), std::string_view::npos);
}

TEST(AuthenticationMessages, AreReadAsTheyWereBuilt) {
  Bytes out;
  const std::string_view mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"};
  append_authentication_sasl(out, mechanisms);
  EXPECT_EQ(built<Authentication>(out).mechanisms.size(), 2U);
  out.clear();
  append_authentication_md5_password(out, {1, 2, 3, 4});
  EXPECT_EQ(built<Authentication>(out).salt, (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
  out.clear();
  append_authentication_sasl_final(out, as_bytes("v=x"));
  EXPECT_EQ(as_text(built<Authentication>(out).data), "v=x");
  out.clear();
  append_negotiate_protocol_version(out, 2, mechanisms);
  EXPECT_EQ(built<NegotiateProtocolVersion>(out).minor, 2U);
  EXPECT_EQ(built<NegotiateProtocolVersion>(out).unknown_options.size(), 2U);
}

TEST(PasswordMessages, AreReadAsTheyWereBuilt) {
  Bytes out;
  ASSERT_TRUE(append_password_message(out, Secret{"pass"sv}));
  EXPECT_EQ(*decode_password(ByteView{out}.subspan(5)), "pass");
  EXPECT_FALSE(append_password_message(out, Secret{"pa\0ss"sv}));
  out.clear();
  append_sasl_initial_response(out, "SCRAM-SHA-256", as_bytes("n,,"));
  const auto initial = decode_sasl_initial_response(ByteView{out}.subspan(5));
  ASSERT_TRUE(initial);
  EXPECT_EQ(initial->mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(as_text(*initial->response), "n,,");
  out.clear();
  append_sasl_initial_response(out, "X", std::nullopt);
  EXPECT_EQ(decode_sasl_initial_response(ByteView{out}.subspan(5))->response, std::nullopt);
  EXPECT_FALSE(decode_sasl_initial_response(as_bytes("X\0\xff\xff\xff\xfe"sv)));
  EXPECT_FALSE(decode_sasl_initial_response(as_bytes("X\0\0\0\0\5abc"sv)));
}

TEST(FormatCodes, FollowTheRuleOfBind) {
  const Bytes none, one{0, 1}, two{0, 0, 0, 1};
  EXPECT_EQ(FormatCodes{none}.of(7), Format::kText);
  EXPECT_EQ(FormatCodes{one}.of(7), Format::kBinary);
  EXPECT_EQ(FormatCodes{two}.of(0), Format::kText);
  EXPECT_EQ(FormatCodes{two}.of(1), Format::kBinary);
}

}  // namespace
}  // namespace sluice::pg::testing
