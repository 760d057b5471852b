// SPDX-License-Identifier: Apache-2.0
// Invariant 10: with a policy that allows all and nothing sensitive, real conversations go through
// a session without a difference, and however the bytes are cut (STYLE A22). Transcripts:
// tests/golden/postgres.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.h"

namespace sluice::session::test {
namespace {

struct Turn {
  Side from = Side::kAgent;
  Bytes bytes;
};
struct Conversation {
  std::string name;
  std::vector<Turn> turns;  // in the order in which they crossed the wire
};

Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

bool is_startup_message(const Conversation& conversation) {
  return !conversation.turns.empty() && conversation.turns.front().bytes.size() > 8 &&
         conversation.turns.front().bytes[5] == 3;
}

// A transcript joins what one side sent without the other's answer in between, also where the
// client did not wait. A server answers message by message, and never before it was asked; so its
// bytes are given so.
void add_server_messages(const Bytes& bytes, std::vector<Turn>& turns) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = 1 + pg::load_u32(bytes.data() + at + 1);
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    turns.push_back({Side::kUpstream, Bytes{begin, begin + static_cast<std::ptrdiff_t>(size)}});
    at += size;
  }
}

// Conversations that begin with a StartupMessage; requests for encryption and to cancel have tests
// of their own.
std::vector<Conversation> conversations() {
  std::vector<Conversation> all;
  for (const auto& entry : std::filesystem::directory_iterator{"tests/golden/postgres"}) {
    if (entry.path().extension() != ".transcript") continue;
    Conversation conversation{entry.path().stem().string(), {}};
    std::ifstream file{entry.path()};
    for (std::string line; std::getline(file, line);) {
      if (line.size() < 2 || (line[0] != 'F' && line[0] != 'B')) continue;
      const Bytes bytes = from_hex(line.substr(2));
      if (line[0] == 'F')
        conversation.turns.push_back({Side::kAgent, bytes});
      else if (is_startup_message(conversation))
        add_server_messages(bytes, conversation.turns);
    }
    if (is_startup_message(conversation)) all.push_back(std::move(conversation));
  }
  return all;
}
// Without what differs by design: the start-up's user, and the secret in BackendKeyData.
std::string without_startup(const Bytes& bytes) {
  const std::size_t size = pg::load_u32(bytes.data());
  return std::string{as_text(ByteView{bytes}.subspan(size))};
}
std::string without_key(const Bytes& bytes) {
  std::string text{as_text(bytes)};
  const std::string head{"K\0\0\0\x0c", 5};
  if (const auto at = text.find(head); at != std::string::npos) text.replace(at + 9, 4, "****");
  return text;
}

struct Passed {
  std::string to_server;
  std::string to_agent;
  std::string recorded;
  std::string closed;
};

// We ask for the answer to what changes names with a Flush of our own: the server then answers
// sooner, nothing else.
std::string without_flush(std::string text) {
  const std::string flush{"H\0\0\0\x04", 5};
  for (std::size_t at; (at = text.find(flush)) != std::string::npos;) text.erase(at, flush.size());
  return text;
}

// `piece`: how many bytes are given at once; 0: as they came.
Passed pass(const Conversation& conversation, std::size_t piece) {
  WorldOptions options;
  options.sensitive = "[]";
  options.rules = kAllowAll;
  Harness h{options};
  for (const Turn& turn : conversation.turns) {
    const std::size_t step = piece == 0 ? turn.bytes.size() : piece;
    for (std::size_t at = 0; at < turn.bytes.size(); at += step)
      h.receive(turn.from,
                ByteView{turn.bytes}.subspan(at, std::min(step, turn.bytes.size() - at)));
  }
  Passed passed;
  const Bytes server = h.server_bytes();
  passed.to_server = server.empty() ? "" : without_startup(server);
  passed.to_agent = without_key(h.agent_bytes());
  passed.recorded = std::string{as_text(h.agent_sees)};
  if (h.closed) passed.closed = h.closed->reason;
  return passed;
}

class Golden : public ::testing::TestWithParam<Conversation> {};

TEST_P(Golden, ConversationPassesWithoutADifference) {
  const Conversation& conversation = GetParam();
  std::string from_agent, from_server;
  for (const Turn& turn : conversation.turns)
    (turn.from == Side::kAgent ? from_agent : from_server) += as_text(turn.bytes);
  const Passed passed = pass(conversation, 0);
  // After an error in a pipeline the server ignores what comes before Sync; we do not even send it.
  if (conversation.name.find("pipeline") == std::string::npos) {
    EXPECT_EQ(without_flush(passed.to_server),
              without_flush(without_startup(to_bytes(from_agent))));
  }
  EXPECT_EQ(passed.to_agent, without_key(to_bytes(from_server)));
}

TEST_P(Golden, ConversationIsTheSameHoweverItIsCut) {
  const Passed whole = pass(GetParam(), 0);
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 64U, 1000U}) {
    const Passed cut = pass(GetParam(), piece);
    EXPECT_EQ(cut.to_server, whole.to_server) << "pieces of " << piece;
    EXPECT_EQ(cut.to_agent, whole.to_agent) << "pieces of " << piece;
    EXPECT_EQ(cut.recorded, whole.recorded) << "pieces of " << piece;
    EXPECT_EQ(cut.closed, whole.closed) << "pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(Transcripts, Golden, ::testing::ValuesIn(conversations()),
                         [](const auto& given) {
                           std::string name = given.param.name;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace sluice::session::test
