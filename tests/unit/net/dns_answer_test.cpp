// SPDX-License-Identifier: Apache-2.0
// DNS answers, from queries that real clients sent (tests/golden/dns) and from bytes that none
// would.
#include "net/dns_answer.h"

#include "net/dns_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace sluice::net::test {
namespace {

constexpr std::uint8_t kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImpl = 4,
                       kRefused = 5;

Bytes golden(const std::string& name) {
  std::ifstream file{"tests/golden/dns/" + name + ".bin", std::ios::binary};
  EXPECT_TRUE(file) << name << ": run this from the top of the repository";
  return {std::istreambuf_iterator<char>{file}, {}};
}

DnsName db_internal(const std::string& name) {
  DnsName found;
  found.known = name == "db.internal" || name == "gone.internal";
  if (name == "db.internal")
    found.addresses = {*parse_ip("10.0.0.5"), *parse_ip("10.0.0.6"), *parse_ip("2001:db8::5")};
  return found;
}

DnsReply ask(const Bytes& query, bool stream = false) {
  return answer_dns(query, stream, DnsLimits{}, db_internal);
}

// The parts of a message, counted by hand: a second reader beside the library.
std::uint8_t code(const Bytes& m) { return m.at(3) & 0x0f; }
unsigned count(const Bytes& m, std::size_t at) {
  return static_cast<unsigned>(m.at(at)) << 8U | m.at(at + 1);
}
unsigned answers(const Bytes& m) { return count(m, 6); }
unsigned additional(const Bytes& m) { return count(m, 10); }
bool truncated(const Bytes& m) { return (m.at(2) & 0x02) != 0; }

Bytes query_for(const std::string& name, std::uint16_t type, std::uint16_t dns_class = 1) {
  Bytes query{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t from = 0; from < name.size();) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    query.push_back(static_cast<std::uint8_t>(dot - from));
    append(query, name.substr(from, dot - from));
    from = dot + 1;
  }
  query.push_back(0);
  for (const unsigned each : {unsigned{type}, unsigned{dns_class}}) {
    query.push_back(static_cast<std::uint8_t>(each >> 8U));
    query.push_back(static_cast<std::uint8_t>(each & 0xffU));
  }
  return query;
}

struct Golden {
  const char* name;
  const char* asked;
  const char* type;
  DnsVerdict verdict;
  std::uint8_t code;
  unsigned answers;
};
const Golden kGolden[] = {
    {"glibc-getent-ahosts-1", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
    {"glibc-getent-ahosts-2", "db.internal", "AAAA", DnsVerdict::kAnswered, kNoError, 1},
    {"dig-a", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
    {"dig-aaaa-dnssec", "db.internal", "AAAA", DnsVerdict::kAnswered, kNoError, 1},
    {"dig-https-nocookie", "db.internal", "HTTPS", DnsVerdict::kNoData, kNoError, 0},
    {"dig-noedns", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
    {"dig-tcp", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
    {"dig-chaos", "version.bind", "TXT", DnsVerdict::kRefused, kRefused, 0},
    {"host", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
    {"node-c-ares", "db.internal", "A", DnsVerdict::kAnswered, kNoError, 2},
};

TEST(DnsAnswer, QueriesOfRealClients) {
  for (const Golden& g : kGolden) {
    const Bytes query = golden(g.name);
    const DnsReply reply = ask(query);
    EXPECT_EQ(reply.verdict, g.verdict) << g.name;
    EXPECT_EQ(reply.name, g.asked) << g.name;
    EXPECT_EQ(reply.type, g.type) << g.name;
    ASSERT_GE(reply.message.size(), 12u) << g.name;
    EXPECT_TRUE(std::equal(query.begin(), query.begin() + 2, reply.message.begin())) << g.name;
    EXPECT_EQ(reply.message[2] & 0x80, 0x80) << g.name << ": a response";
    EXPECT_EQ(code(reply.message), g.code) << g.name;
    EXPECT_EQ(answers(reply.message), g.answers) << g.name;
    EXPECT_EQ(additional(reply.message), additional(query)) << g.name << ": EDNS as it was asked";
    // The question comes back letter by letter: clients that play with the case check it.
    std::size_t end = 12;
    while (query[end] != 0) end += query[end] + 1U;
    EXPECT_TRUE(std::equal(query.begin() + 12, query.begin() + static_cast<long>(end) + 5,
                           reply.message.begin() + 12))
        << g.name;
  }
}

TEST(DnsAnswer, EveryCutOfARealQueryIsAFormatErrorOrNothing) {
  for (const Golden& g : kGolden) {
    const Bytes whole = golden(g.name);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      const Bytes query{whole.begin(), whole.begin() + static_cast<long>(cut)};
      const DnsReply reply = ask(query);
      if (cut < 12) {
        EXPECT_TRUE(reply.message.empty()) << g.name << " cut at " << cut;
        continue;
      }
      EXPECT_EQ(reply.verdict, DnsVerdict::kMalformed) << g.name << " cut at " << cut;
      EXPECT_EQ(reply.message.size(), 12u) << g.name << " cut at " << cut;
      EXPECT_EQ(code(reply.message), kFormErr) << g.name << " cut at " << cut;
    }
  }
}

TEST(DnsAnswer, NoByteOfARealQueryMakesItAnswerAnotherName) {
  for (const Golden& g : kGolden) {
    const Bytes whole = golden(g.name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const unsigned flip : {0x01U, 0x20U, 0x80U, 0xffU}) {
        Bytes query = whole;
        query[at] = static_cast<std::uint8_t>(query[at] ^ flip);
        const DnsReply reply = ask(query);
        if (reply.verdict == DnsVerdict::kAnswered) {
          EXPECT_EQ(reply.name, "db.internal") << g.name << " at " << at;
        }
      }
    }
  }
}

TEST(DnsAnswer, NamesThatThePolicyDoesNotKnowDoNotExist) {
  for (const char* name :
       {"internal", "x.db.internal", "db.internal.example.com", "secret.attacker.example"})
    for (const std::uint16_t type : std::initializer_list<std::uint16_t>{1, 28, 16, 15, 255}) {
      const DnsReply reply = ask(query_for(name, type));
      EXPECT_EQ(reply.verdict, DnsVerdict::kUnknownName) << name;
      EXPECT_EQ(code(reply.message), kNxDomain) << name;
      EXPECT_EQ(answers(reply.message), 0u) << name;
      EXPECT_EQ(reply.name, name);
    }
  EXPECT_EQ(ask(query_for("", 2)).verdict, DnsVerdict::kUnknownName) << "the root";
}

TEST(DnsAnswer, OtherTypesOfAKnownNameAreEmpty) {
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{16, 15, 64, 65, 33, 999}) {
    const DnsReply reply = ask(query_for("db.internal", type));
    EXPECT_EQ(reply.verdict, DnsVerdict::kNoData) << type;
    EXPECT_EQ(code(reply.message), kNoError) << type;
  }
}

TEST(DnsAnswer, ANameThatTheDaemonCannotResolveIsAFailureAndNotAnAbsence) {
  const DnsReply reply = ask(query_for("gone.internal", 1));
  EXPECT_EQ(reply.verdict, DnsVerdict::kUnresolved);
  EXPECT_EQ(code(reply.message), kServFail);
}

TEST(DnsAnswer, ADotInsideOfALabelMakesAnotherName) {
  Bytes query{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 11};
  append(query, "db.internal");
  for (const unsigned each : {0U, 0U, 1U, 0U, 1U}) query.push_back(static_cast<std::uint8_t>(each));
  const DnsReply reply = ask(query);
  EXPECT_EQ(reply.verdict, DnsVerdict::kUnknownName);
  EXPECT_EQ(reply.name, "db\\.internal");
}

TEST(DnsAnswer, WhatIsNoPlainQuestionIsRefused) {
  Bytes update = query_for("db.internal", 1);
  update[2] = 5 << 3;
  EXPECT_EQ(code(ask(update).message), kNotImpl);
  Bytes two = query_for("db.internal", 1);
  two[5] = 2;
  EXPECT_EQ(ask(two).verdict, DnsVerdict::kMalformed) << "the second question is not there";
  Bytes none = query_for("db.internal", 1);
  none.resize(12);
  none[5] = 0;
  EXPECT_EQ(ask(none).verdict, DnsVerdict::kMalformed);
  EXPECT_EQ(code(ask(query_for("db.internal", 1, 3)).message), kRefused) << "class CHAOS";
  Bytes response = query_for("db.internal", 1);
  response[2] |= 0x80;
  EXPECT_TRUE(ask(response).message.empty()) << "two resolvers would talk for ever";
  Bytes loop = query_for("", 1);
  loop[12] = 0xc0;
  loop.insert(loop.begin() + 13, 0x0c);
  EXPECT_EQ(ask(loop).verdict, DnsVerdict::kMalformed) << "a name that points to itself";
  Bytes longer = query_for("db.internal", 1);
  longer.resize(DnsLimits{}.query_bytes_max + 1);
  EXPECT_EQ(ask(longer).verdict, DnsVerdict::kMalformed);
}

TEST(DnsAnswer, AnEdnsVersionOfTomorrowIsBadVersion) {
  Bytes query = golden("dig-https-nocookie");
  ASSERT_EQ(additional(query), 1u);
  query[query.size() - 5] = 1;  // version, before the flags and the length of no options
  const DnsReply reply = ask(query);
  EXPECT_EQ(reply.verdict, DnsVerdict::kRefused);
  EXPECT_EQ(code(reply.message), 0);
  ASSERT_EQ(additional(reply.message), 1u);
  EXPECT_EQ(reply.message[reply.message.size() - 6], 1) << "upper bits of 16, BADVERS";
}

TEST(DnsAnswer, TooManyAddressesForADatagramAreAskedForByTcp) {
  const auto many = [](const std::string&) {
    DnsName found;
    found.known = true;
    for (std::uint8_t i = 1; i <= 100; ++i) {
      IpAddress ip = *parse_ip("2001:db8::");
      ip.bytes[15] = i;
      found.addresses.push_back(ip);
    }
    return found;
  };
  const Bytes query = query_for("db.internal", 28);
  const DnsReply cut = answer_dns(query, false, DnsLimits{}, many);
  EXPECT_TRUE(truncated(cut.message));
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(answers(cut.message), 0u);
  EXPECT_LE(cut.message.size(), 512u);
  const DnsReply whole = answer_dns(query, true, DnsLimits{}, many);
  EXPECT_FALSE(truncated(whole.message));
  EXPECT_EQ(answers(whole.message), 100u);
}

struct Conversation {
  Conversation() {
    DnsStreamOptions options;
    options.answer = [](ByteView query) {
      return answer_dns(query, true, DnsLimits{}, db_internal).message;
    };
    options.query_count_max = 3;
    session = make_dns_session(std::move(options));
  }
  // Bytes to the agent and "closed" or "reset" at the end of them.
  std::string give(ByteView bytes, std::size_t& used) {
    FlowActions out;
    used = session->handle(Received{Side::kAgent, bytes}, SteadyTime{}, WallTime{}, out);
    std::string sent;
    for (const FlowAction& action : out) {
      if (const auto* send = std::get_if<Send>(&action)) sent += as_text(send->bytes);
      if (const auto* close = std::get_if<Close>(&action))
        sent += close->reset ? "reset" : "closed";
    }
    return sent;
  }
  std::unique_ptr<FlowSession> session;
};

Bytes framed(const Bytes& query) {
  Bytes message{static_cast<std::uint8_t>(query.size() >> 8U),
                static_cast<std::uint8_t>(query.size())};
  append(message, ByteView{query});
  return message;
}

TEST(DnsStream, GivesTheSameAnswersHoweverTheBytesAreCut) {
  const Bytes query = golden("dig-tcp");
  Bytes two = framed(query);
  append(two, ByteView{framed(query)});
  std::size_t used = 0;
  const std::string whole = Conversation{}.give(two, used);
  EXPECT_EQ(used, two.size());
  ASSERT_GT(whole.size(), 24u);
  for (std::size_t cut = 0; cut <= two.size(); ++cut) {
    Conversation conversation;
    std::string sent = conversation.give(ByteView{two}.first(cut), used);
    sent += conversation.give(ByteView{two}.subspan(used), used);
    EXPECT_EQ(sent, whole) << "cut at " << cut;
  }
}

TEST(DnsStream, EndsWhereTheQueryIsTooLongOrThereAreTooMany) {
  std::size_t used = 0;
  const Bytes huge{0xff, 0xff};
  EXPECT_EQ(Conversation{}.give(huge, used), "reset");
  Conversation conversation;
  const Bytes query = framed(query_for("db.internal", 1));
  for (int i = 0; i < 3; ++i) EXPECT_GT(conversation.give(query, used).size(), 12u);
  EXPECT_EQ(conversation.give(query, used), "reset");
  EXPECT_EQ(conversation.session->demand(Side::kAgent), Demand::kNone);
}

}  // namespace
}  // namespace sluice::net::test
