// SPDX-License-Identifier: Apache-2.0
// The small languages inside a policy: addresses, hours, timeouts, patterns; and whole files.
#include "policy/address_text.h"
#include "policy/duration.h"
#include "policy/hours.h"
#include "policy/pattern.h"
#include "support.h"

#include <fstream>
#include <iterator>

namespace sluice::policy {
namespace {

TEST(Address, IsReadInEachOfItsForms) {
  const auto host = parse_address("DB.Internal.:5432");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->kind, ResourceAddress::Kind::kHost);
  EXPECT_EQ(host->host, "db.internal");
  EXPECT_EQ(host->port, 5432);
  const auto one = parse_address("10.0.0.5:1");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->prefix_length, 128);
  EXPECT_TRUE(one->network.is_v4());
  const auto all = parse_address("0.0.0.0/0:443");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->prefix_length, 96);
  const auto six = parse_address("[2001:db8::]/32:65535");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->prefix_length, 32);
  EXPECT_EQ(six->port, 65535);
  const auto path = parse_address("unix:/run/x:1");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->path, "/run/x:1");
}

TEST(Address, ThatIsNoneIsRefused) {
  for (const char* text :
       {"",     ":",           ":1",       "h",         "h:",      "h: 1",        "h:+1",
        "h:1x", "-h:1",        "h-:1",     "a..b:1",    "1.2.3:1", "1.2.3.4/x:1", "1.2.3.4/:1",
        "[]:1", "[1.2.3.4]:1", "[::1]x:1", "::1/128:1", "h/24:1",  "unix:",       "é:1"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.0.0.0/8:1", "[::1]:1", "localhost:1", "unix:/x"})
    EXPECT_TRUE(is_loopback(*parse_address(text))) << text;
  for (const char* text : {"126.0.0.0/7:1", "10.0.0.1:1", "[::2]:1", "db:1"})
    EXPECT_FALSE(is_loopback(*parse_address(text))) << text;
}

TEST(Timeout, IsReadAndBounded) {
  EXPECT_EQ(*parse_timeout("90s"), std::chrono::seconds{90});
  EXPECT_EQ(*parse_timeout("1h30m"), std::chrono::minutes{90});
  EXPECT_EQ(*parse_timeout("24h"), std::chrono::hours{24});
  for (const char* text : {"", "0s", "10", "m", "1m1m", "1s1m", "-1s", "1.5h", "24h1s", "1 m",
                           "99999999999h", "4294967295h"})
    EXPECT_FALSE(parse_timeout(text)) << text;
}

WallTime at(int day, int hour, int minute) {  // day 0 is Monday, 1970-01-05
  return WallTime{std::chrono::hours{24 * (4 + day) + hour} + std::chrono::minutes{minute}};
}

TEST(HoursOfAWeek, BeginWithTheFirstMinuteAndEndBeforeTheLast) {
  Hours hours;
  ASSERT_TRUE(hours.add_span("08:00-18:00"));
  EXPECT_FALSE(hours.contains(at(0, 7, 59)));
  EXPECT_TRUE(hours.contains(at(0, 8, 0)));
  EXPECT_TRUE(hours.contains(at(0, 17, 59)));
  EXPECT_FALSE(hours.contains(at(0, 18, 0)));
}

TEST(HoursOfAWeek, OverMidnightBelongToTheDayOnWhichTheyBegin) {
  Hours hours;
  ASSERT_TRUE(hours.add_span("22:00-06:00"));
  ASSERT_TRUE(hours.add_day("fri"));
  EXPECT_TRUE(hours.contains(at(4, 23, 0)));
  EXPECT_TRUE(hours.contains(at(5, 5, 59)));
  EXPECT_FALSE(hours.contains(at(5, 23, 0)));
  EXPECT_FALSE(hours.contains(at(4, 5, 0)));
}

TEST(HoursOfAWeek, AreOfTheirOffset) {
  Hours hours;
  ASSERT_TRUE(hours.add_span("00:00-01:00"));
  ASSERT_TRUE(hours.add_day("tue"));
  ASSERT_TRUE(hours.set_offset("+02:00"));
  EXPECT_TRUE(hours.contains(at(0, 22, 30))) << "Monday night in UTC";
  EXPECT_FALSE(hours.contains(at(1, 0, 30)));
  EXPECT_FALSE(hours.set_offset("+15:00"));
  EXPECT_FALSE(hours.set_offset("2:00"));
}

TEST(HoursOfAWeek, BeforeTheEpochToo) {
  Hours hours;
  ASSERT_TRUE(hours.add_span("23:00-24:00"));
  EXPECT_TRUE(hours.contains(WallTime{std::chrono::minutes{-1}}));
}

TEST(Glob, MatchesRunsOfCharacters) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbbYc"));
  EXPECT_FALSE(glob_matches("a*b*c", "aXbbY"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("**a", "ba"));
  EXPECT_FALSE(glob_matches(std::string(50, '*') + "b", std::string(5000, 'a')));
}

TEST(NameParts, AreSplitAsSqlDoes) {
  const auto parts = split_name("a.\"B.\"\"c\".*");
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ((*parts)[1].text, "B.\"c");
  for (const char* text : {"", ".", "a.", ".a", "\"a", "\"a\"b", "a b", "A", "a\"b", "\"\".a"})
    EXPECT_FALSE(split_name(text)) << text;
}

TEST(WholeFile, NullIsAMaskAndAnEmptyValueIsNot) {
  const auto with = [](const std::string& mask) {
    return compile({{"p.yaml",
                     "\xef\xbb\xbfversion: 1\r\nresources:\r\n  r:\r\n    protocol: postgres\r\n"
                     "    address: [\"h:1\"]\r\n    login: { user: é, password_file: /s }\r\n"
                     "    sensitive: [{ column: a.b.c, mask: " +
                         mask + " }]\r\n"}});
  };
  const CompileResult null = with("null");
  ASSERT_NE(null.policy, nullptr) << text_of(null.diagnostics);
  EXPECT_EQ(null.policy->resource_named("r")->sensitive[0].mask, MaskKind::kNull);
  EXPECT_EQ(with("").policy, nullptr);
  EXPECT_EQ(with("~").policy, nullptr);
}

TEST(WholeFile, SaysAllThatAResourceIs) {
  const auto policy = compiled(R"(version: 1
resources:
  r:
    protocol: postgres
    address: ["h:1"]
    upstream_tls: verify-ca
    upstream_ca: /ca.pem
    login: { user: u, password_file: /s }
    sensitive:
      - { column: "*.*.email", mask: partial }
      - { detect: [jwt, us_ssn], mask: hash }
    on_sensitive_search: deny
    estimate_rows: true
require: [b, a, b2]
)");
  const Resource& r = *policy->resource_named("r");
  EXPECT_EQ(r.upstream_tls, UpstreamTls::kVerifyCa);
  EXPECT_EQ(r.upstream_ca, "/ca.pem");
  EXPECT_EQ(r.sensitive[0].schema, "*");
  EXPECT_EQ(r.sensitive[0].column, "email");
  EXPECT_EQ(r.sensitive[0].mask, MaskKind::kPartial);
  EXPECT_EQ(r.sensitive[1].detectors, (std::vector{Detector::kJwt, Detector::kUsSsn}));
  EXPECT_EQ(r.on_sensitive_search, VerdictKind::kDeny);
  EXPECT_EQ(r.on_sensitive_copy, VerdictKind::kHold);
  EXPECT_TRUE(r.estimate_rows);
  EXPECT_EQ(policy->require(), (std::vector<std::string>{"a", "b", "b2"}));
}

TEST(WholeFile, TheExampleThatWeShipIsClean) {
  std::ifstream file{"policies/example.yaml"};
  ASSERT_TRUE(file) << "run the tests from the root of the checkout";
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const CompileResult result = compile({{"policies/example.yaml", text}});
  EXPECT_EQ(text_of(result.diagnostics), "");
  EXPECT_NE(result.policy, nullptr);
}

}  // namespace
}  // namespace sluice::policy
