// SPDX-License-Identifier: Apache-2.0
// Real conversations (STYLE A22): any cut of the bytes gives the same events.
#include "pg_transcript.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "proto/postgres/replay_text.h"

namespace sluice::pg::testing {
namespace {

class EveryTranscript : public ::testing::TestWithParam<Transcript> {};

Reading read_whole(Direction direction, ByteView bytes) {
  StreamReader reader{direction};
  reader.feed(bytes);
  return reader.finish();
}

void expect_read(Direction direction, const Bytes& bytes) {
  const Reading whole = read_whole(direction, bytes);
  EXPECT_TRUE(whole.problems.empty()) << whole.problems.front();
  ASSERT_FALSE(whole.events.empty());
  EXPECT_NE(whole.events.back(), "unfinished");

  StreamReader slow{direction};
  for (const std::uint8_t& byte : bytes) slow.feed({&byte, 1});
  EXPECT_EQ(slow.finish().events, whole.events) << "byte by byte";
}

TEST_P(EveryTranscript, IsUnderstoodWholeAndByteByByte) {
  expect_read(Direction::kFrontend, GetParam().frontend);
  if (!GetParam().backend.empty()) expect_read(Direction::kBackend, GetParam().backend);
}

// The reader that has had the first part is kept and copied, and the copy gets the rest.
void expect_same_at_every_cut(Direction direction, const Bytes& bytes) {
  const Reading whole = read_whole(direction, bytes);
  StreamReader before{direction};
  std::size_t fed = 0;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    before.feed(ByteView{bytes}.subspan(fed, cut - fed));
    fed = cut;
    StreamReader reader = before;
    reader.feed(ByteView{bytes}.subspan(cut));
    const Reading reading = reader.finish();
    ASSERT_EQ(reading.events, whole.events) << "cut at " << cut;
  }
}

TEST_P(EveryTranscript, GivesTheSameEventsWhereverItIsCut) {
  expect_same_at_every_cut(Direction::kFrontend, GetParam().frontend);
  expect_same_at_every_cut(Direction::kBackend, GetParam().backend);
}

TEST_P(EveryTranscript, ReplaysTheSameWhereverItIsCut) {
  const Bytes& bytes = GetParam().backend;
  ReplayText whole;
  const auto events = whole.feed(bytes);
  EXPECT_TRUE(whole.finish().empty());
  EXPECT_TRUE(std::none_of(events.begin(), events.end(), [](const ReplayEvent& event) {
    return event.kind == ReplayEvent::Kind::kUnreadable;
  }));
  for (const std::size_t piece : {1U, 2U, 7U, 64U, 1000U}) {
    ReplayText replay;
    std::vector<ReplayEvent> got;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto some =
          replay.feed(ByteView{bytes}.subspan(at, std::min(piece, bytes.size() - at)));
      got.insert(got.end(), some.begin(), some.end());
    }
    EXPECT_EQ(got, events) << "in pieces of " << piece;
  }
}

TEST_P(EveryTranscript, GivesNothingAfterAMessageThatCannotBeRead) {
  for (const Direction direction : {Direction::kFrontend, Direction::kBackend}) {
    const Bytes& bytes =
        direction == Direction::kFrontend ? GetParam().frontend : GetParam().backend;
    Bytes broken = bytes;
    broken.push_back(0xff);  // no message has this type
    append(broken, bytes);
    const Reading good = read_whole(direction, bytes);
    const Reading reading = read_whole(direction, broken);
    ASSERT_EQ(reading.events.size(), good.events.size() + 1);
    EXPECT_TRUE(reading.events.back().starts_with("Bad: ")) << reading.events.back();
  }
}

INSTANTIATE_TEST_SUITE_P(Postgres, EveryTranscript, ::testing::ValuesIn(transcripts()),
                         [](const auto& one) {
                           std::string name = one.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Transcripts, HoldEveryMessageThatAProxyMustRead) {
  std::string seen;
  for (const Transcript& one : transcripts()) {
    for (const auto& event : read_whole(Direction::kFrontend, one.frontend).events)
      seen += "F" + event.substr(0, event.find(' ')) + " ";
    for (const auto& event : read_whole(Direction::kBackend, one.backend).events)
      seen += "B" + event.substr(0, event.find(' ')) + " ";
  }
  for (const char* name : {"FBind ",
                           "FClose ",
                           "FDescribe ",
                           "FExecute ",
                           "FFunctionCall ",
                           "FFlush ",
                           "FParse ",
                           "FQuery ",
                           "FSync ",
                           "FTerminate ",
                           "FCopyDone ",
                           "FCopyData ",
                           "FCopyFail ",
                           "BParseComplete ",
                           "BBindComplete ",
                           "BCloseComplete ",
                           "BNotificationResponse ",
                           "BCommandComplete ",
                           "BDataRow ",
                           "BErrorResponse ",
                           "BCopyInResponse ",
                           "BCopyOutResponse ",
                           "BEmptyQueryResponse ",
                           "BBackendKeyData ",
                           "BNoticeResponse ",
                           "BAuthentication ",
                           "BParameterStatus ",
                           "BRowDescription ",
                           "BFunctionCallResponse ",
                           "BReadyForQuery ",
                           "BCopyDone ",
                           "BCopyData ",
                           "BNoData ",
                           "BPortalSuspended ",
                           "BParameterDescription ",
                           "BNegotiateProtocolVersion ",
                           "Bencryption "})
    EXPECT_NE(seen.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace sluice::pg::testing
