// SPDX-License-Identifier: Apache-2.0
// Times, UTF-8 and JSON as they come in from others.
#include "base/intent_json.h"
#include "base/json_read.h"
#include "base/time_text.h"
#include "base/utf8.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, GoesThereAndBackToTheNanosecond) {
  for (const std::int64_t ns :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{1'800'000'000'123'456'789},
        std::int64_t{951'782'399'999'999'999}}) {
    const WallTime time{std::chrono::nanoseconds{ns}};
    EXPECT_EQ(from_rfc3339(to_rfc3339(time)), time) << ns;
  }
  EXPECT_EQ(to_rfc3339(WallTime{951'782'400s}), "2000-02-29T00:00:00.000000000Z");
  EXPECT_EQ(to_rfc3339(WallTime{-1ns}), "1969-12-31T23:59:59.999999999Z");
}

TEST(TimeText, TakesNoOtherForm) {
  for (const char* text :
       {"", "2000-02-29", "2000-02-30T00:00:00.000000000Z", "2000-13-01T00:00:00.000000000Z",
        "2000-02-29T24:00:00.000000000Z", "2000-02-29T00:00:00.00000000aZ",
        "2000-02-29T00:00:00.000000000+", "2000-02-29 00:00:00.000000000Z"})
    EXPECT_FALSE(from_rfc3339(text)) << text;
}

TEST(TimeText, ReadsDurationsAndWritesThemForPeople) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("15m"), 900s);
  EXPECT_EQ(parse_duration("2h"), 7200s);
  EXPECT_EQ(parse_duration("1d"), 86400s);
  for (const char* text : {"", "s", "0s", "-1s", "1", "1.5h", "1 h", "1w", "99999999999s", "+1s"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_EQ(duration_text(-5s), "0s");
  EXPECT_EQ(duration_text(59s), "59s");
  EXPECT_EQ(duration_text(3599s), "59m");
  EXPECT_EQ(duration_text(3 * 3600s + 300s), "3h05m");
  EXPECT_EQ(duration_text(2 * 86400s + 4 * 3600s), "2d04h");
}

TEST(Utf8, ReplacesExactlyWhatIsNone) {
  EXPECT_EQ(to_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(to_utf8("\xc0\x80"), r + r);                  // overlong
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(to_utf8("\xe2\x82"), r + r);                  // cut off
  EXPECT_EQ(to_utf8("\x80x\xff"), r + "x" + r);
}

TEST(JsonReader, NamesTheFirstFaultAndGivesEmptyValuesAfterIt) {
  const auto value = parse_json(R"({"a":1,"b":"x","c":[1]})");
  ASSERT_TRUE(value.ok());
  JsonReader reader{*value};
  EXPECT_EQ(reader.number("a"), 1U);
  EXPECT_EQ(reader.text("missing"), "");
  EXPECT_EQ(reader.number("b"), 0U);
  EXPECT_TRUE(reader.texts("c").empty());
  ASSERT_TRUE(reader.fault());
  EXPECT_EQ(reader.fault()->text(), "'missing' is missing");
}

TEST(JsonReader, AKeyThatNobodyReadsIsAFault) {
  const auto value = parse_json(R"({"a":1,"z":2})");
  JsonReader reader{*value};
  reader.only({"a"});
  EXPECT_TRUE(reader.fault());
}

TEST(Json, HostileDocumentsAreErrors) {
  for (const std::string& text :
       {std::string(100000, '['), std::string(""), std::string("{\"a\":\"\xff\"}"),
        std::string("{} {}"), std::string("{\"a\":1e999999}x"), std::string("nul")})
    EXPECT_FALSE(parse_json(text).ok()) << text.substr(0, 20);
}

TEST(IntentJson, AnActionOfANewerProgramBecomesUnknownAndDoesNotVanish) {
  Intent intent;
  intent.lineage = std::make_shared<Lineage>(Lineage{{"run-1", "a", 1, "/", "", "", ""}});
  auto object = intent_to_json(intent);
  object["actions"] = {"read", "teleport"};
  const auto back = intent_from_json(object);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(back->actions, (ActionSet{Action::kRead, Action::kUnknown}));
}

TEST(IntentJson, AnIntentWithoutALineageIsAnError) {
  Intent intent;
  intent.lineage = std::make_shared<Lineage>();
  EXPECT_FALSE(intent_from_json(intent_to_json(intent)).ok());
}

}  // namespace
}  // namespace sluice
