// SPDX-License-Identifier: Apache-2.0
// What the detectors find, what they leave alone, and what becomes of it.
#include "mask/detectors.h"
#include "mask/evidence.h"

#include <sluice/postgres_types.h>

#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::mask {
namespace {

const DetectorSet kAll = {Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                          Detector::kPrivateKey, Detector::kJwt,   Detector::kIban};

class Scanner {
 public:
  std::vector<Hit> find(std::string_view text, DetectorSet wanted = kAll) {
    std::vector<Hit> hits;
    EXPECT_TRUE(detectors_.scan(as_bytes(text), wanted, scratch_, hits));
    return hits;
  }
  std::string redact(std::string_view text, const std::vector<DetectorMask>& masks = {}) {
    Bytes out;
    redact_hits(as_bytes(text), find(text), masks, hash_, out);
    return std::string{as_text(out)};
  }
  bool may_find(std::string_view bytes) { return detectors_.may_find(as_bytes(bytes), scratch_); }
  KeyedHash& hash() { return hash_; }

 private:
  Detectors detectors_ = *Detectors::make();
  Scratch scratch_ = *detectors_.make_scratch();
  KeyedHash hash_ = *KeyedHash::make(Secret{std::string_view{"key"}});
};

// {"alg":"HS256","typ":"JWT"} . {"sub":"1234567890"} . signature
const std::string kJwt =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const std::string kAwsSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const std::string kPem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----";

struct Case {
  const char* name;
  std::string text;
  std::string redacted;  // where it is the same, nothing is to be found
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name << ": " << one.text; }

class Detected : public ::testing::TestWithParam<Case> {};
TEST_P(Detected, AndNothingElse) {
  Scanner scanner;
  EXPECT_EQ(scanner.redact(GetParam().text), GetParam().redacted);
}

Case hit(const char* name, const std::string& before, const std::string& found,
         const std::string& after) {
  return {name, before + found + after, before + "[redacted]" + after};
}
Case miss(const char* name, const std::string& text) { return {name, text, text}; }
std::string name_of_case(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Cards, Detected,
    ::testing::Values(
        hit("alone", "", "4111111111111111", ""), hit("in_text", "card: ", "4111111111111111", "."),
        hit("spaces", "x ", "4111 1111 1111 1111", " y"),
        hit("hyphens", "", "4111-1111-1111-1111", "\n"), hit("amex", "", "3782 822463 10005", ""),
        hit("mastercard", "", "5555555555554444", ""),
        hit("mastercard_2", "", "2223003122003222", ""), hit("visa_13", "", "4222222222222", ""),
        hit("discover", "", "6011111111111117", ""), hit("jcb", "", "3530111333300000", ""),
        hit("diners", "", "30569309025904", ""),
        hit("beside_letters", "x", "4111111111111111", "y"),
        hit("after_a_number", "12 ", "4111 1111 1111 1111", ""),
        hit("after_a_year", "2024 ", "4111 1111 1111 1111", ""),
        hit("utf8", "é", "4111111111111111", "é"),
        Case{"two", "4111111111111111,5555555555554444", "[redacted],[redacted]"},
        miss("luhn", "4111111111111112"), miss("issuer", "1111111111111117"),
        miss("too_long", "41111111111111111111"), miss("too_short", "411111111111"),
        miss("fraction", "0.4111111111111111"),
        miss("small_numbers", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        miss("dates", "2024-01-01 10-20-30 40"), miss("two_spaces", "4111  1111  1111  1111")),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Ssn, Detected,
    ::testing::Values(hit("alone", "", "123-45-6789", ""),
                      hit("spaces", "ssn ", "123 45 6789", ";"), miss("area_0", "000-45-6789"),
                      miss("area_666", "666-45-6789"), miss("area_9", "900-45-6789"),
                      miss("group_0", "123-00-6789"), miss("serial_0", "123-45-0000"),
                      miss("mixed", "123-45 6789"), miss("longer", "1123-45-6789"),
                      miss("longer_after", "123-45-67890"), miss("phone_like", "1-123-45-6789"),
                      miss("goes_on", "123-45-6789-1")),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Aws, Detected,
    ::testing::Values(hit("id", "id=", "AKIAIOSFODNN7EXAMPLE", ";"),
                      hit("temporary", "", "ASIAIOSFODNN7EXAMPLE", ""),
                      hit("secret", "aws_secret_access_key = ", kAwsSecret, "\n"),
                      hit("secret_json", "\"SecretAccessKey\": \"", kAwsSecret, "\""),
                      Case{"pair", "AKIAIOSFODNN7EXAMPLE," + kAwsSecret, "[redacted],[redacted]"},
                      miss("id_longer", "AKIAIOSFODNN7EXAMPLEX"),
                      miss("id_inside", "XAKIAIOSFODNN7EXAMPLE"),
                      miss("id_lower", "akiaiosfodnn7example"), miss("bare_base64", kAwsSecret),
                      miss("secret_longer", "secret_key=" + kAwsSecret + "A"),
                      miss("secret_far", "secret_key " + std::string(120, '.') + kAwsSecret)),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Keys, Detected,
    ::testing::Values(
        hit("pem", "key:\n", kPem, "\nafter"),
        hit("pem_json", "{\"k\":\"",
            "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----", "\"}"),
        hit("pem_without_end", "a ", "-----BEGIN EC PRIVATE KEY-----\nMHc and all after", ""),
        hit("pgp", "",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----", ""),
        miss("certificate", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"),
        hit("jwt", "Bearer ", kJwt, ""), hit("jwt_prefix", "token_", kJwt, " x"),
        hit("jwt_without_signature", "", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", " x"),
        miss("not_json", "eyabcdefghijkl.abcdef.ghi"),
        miss("no_alg", "eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ.abc"), miss("host_name", "eye.example.org.")),
    name_of_case);

TEST(Detectors, FindOnlyWhatIsWanted) {
  Scanner scanner;
  const std::string text = "123-45-6789 4111111111111111";
  ASSERT_EQ(scanner.find(text).size(), 2U);
  EXPECT_EQ(scanner.find(text, {Detector::kUsSsn}), (std::vector<Hit>{{0, 11, Detector::kUsSsn}}));
  EXPECT_TRUE(scanner.find(text, {}).empty());
  EXPECT_TRUE(scanner.find("").empty());
}

TEST(Detectors, FindEveryOneOfMany) {
  Scanner scanner;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "4111111111111111 and 123-45-6789\n";
  EXPECT_EQ(scanner.find(text).size(), 2000U);
}

TEST(RedactHits, UsesEachDetectorsMask) {
  Scanner scanner;
  const std::string text = "a 123-45-6789 b 4111111111111111 c";
  EXPECT_EQ(scanner.redact(text, {{Detector::kUsSsn, MaskKind::kNull},
                                  {Detector::kCreditCard, MaskKind::kPartial}}),
            "a  b ****1111 c");
  const std::string hashed = scanner.redact(text, {{Detector::kUsSsn, MaskKind::kHash}});
  EXPECT_EQ(hashed, scanner.redact(text, {{Detector::kUsSsn, MaskKind::kHash}}));
  EXPECT_EQ(hashed.find("6789"), std::string::npos);
}

TEST(RedactHits, OfOverlappingOnesTheStrictestMaskWins) {
  Scanner scanner;
  const std::string text = "0123456789";
  const std::vector<Hit> hits = {{1, 5, Detector::kJwt}, {3, 8, Detector::kUsSsn}};
  Bytes out;
  redact_hits(as_bytes(text), hits,
              {{Detector::kJwt, MaskKind::kPartial}, {Detector::kUsSsn, MaskKind::kRedact}},
              scanner.hash(), out);
  EXPECT_EQ(as_text(out), "0[redacted]89");
}

TEST(HitsInACell, LeaveAValueOfItsType) {
  Scanner scanner;
  const auto masked = [&](std::uint32_t oid, std::int32_t modifier, const std::string& cell,
                          const std::vector<DetectorMask>& masks = {}) {
    Bytes out;
    const auto hits = scanner.find(cell);
    EXPECT_FALSE(hits.empty()) << cell;
    const Masked kind = mask_hits_in_cell({oid, modifier, Format::kText}, as_bytes(cell), hits,
                                          masks, scanner.hash(), out);
    return kind == Masked::kNull ? std::string{"NULL"} : std::string{as_text(out)};
  };
  namespace type = postgres_type;
  EXPECT_EQ(masked(type::kText, -1, "x 123-45-6789"), "x [redacted]");
  EXPECT_EQ(
      masked(type::kVarchar, 4 + 11, "123-45-6789", {{Detector::kUsSsn, MaskKind::kHash}}).size(),
      11U);
  EXPECT_EQ(masked(type::kJson, -1, "{\"a\": \"n 4111111111111111\"}"),
            "{\"a\": \"n [redacted]\"}");
  EXPECT_EQ(masked(type::kJson, -1, "{\"a\": 4111111111111111}"), "\"[redacted]\"")
      << "a number cannot hold the mask";
  EXPECT_EQ(masked(type::kJson, -1, "\"\\u4111111111111111\""), "\"[redacted]\"")
      << "half an escape is no json";
  EXPECT_EQ(masked(type::kJson, -1, "\"\\\\4111111111111111\\n\""), "\"\\\\[redacted]\\n\"");
  EXPECT_EQ(masked(type::kTextArray, -1, "{4111111111111111}"), "{}");
  EXPECT_EQ(masked(99999, -1, "4111111111111111"), "NULL");
}

// What lets a session read many cells at once: nothing is found in a part of what is clean.
TEST(MayFind, IsTrueOfWhateverHoldsAHitOfADetector) {
  Scanner scanner;
  for (const std::string& found :
       {std::string{"4111 1111 1111 1111"}, std::string{"378282246310005"},
        std::string{"078-05-1120"}, std::string{"AKIAIOSFODNN7EXAMPLE"},
        std::string{"DE89 3704 0044 0532 0130 00"}, std::string{"NO9386011117947"},
        "aws_secret_access_key = " + kAwsSecret, kPem, kJwt}) {
    ASSERT_FALSE(scanner.find(found).empty()) << found;
    for (const std::string& before :
         {std::string{}, std::string{"x"}, std::string{"7"}, std::string{"1-"},
          std::string("\0\0\0\x30", 4), std::string(40, 'e')})
      for (const std::string& after :
           {std::string{}, std::string{"x"}, std::string{"7"}, std::string{" 1"},
            std::string("\0\0\0\x30", 4), std::string(40, '.')})
        EXPECT_TRUE(scanner.may_find(before + found + after)) << before + found + after;
  }
  EXPECT_FALSE(scanner.may_find(""));
  EXPECT_FALSE(scanner.may_find("Ada Lovelace, 2026-11-27, 12 345 678 9012"));
}

TEST(MayFind, IsTrueWhereAScanOfAnyPartFindsSomething) {
  Scanner scanner;
  std::minstd_rand random{1};
  const std::string_view letters = "0123456789014111-- .\0ASIKBEey\n";
  int clean = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t length = random() % 60; length > 0; --length)
      text += letters[random() % letters.size()];
    const bool may = scanner.may_find(text);
    clean += may ? 0 : 1;
    for (int part = 0; part < 4 && !may; ++part) {
      const std::size_t begin = text.empty() ? 0 : random() % text.size();
      EXPECT_TRUE(scanner.find(std::string_view{text}.substr(begin, random() % 60)).empty())
          << text;
    }
  }
  EXPECT_GT(clean, 1000);
}

// Every run of 13 digits or more is found, wherever it begins and whatever stands around it.
TEST(DigitRuns, AreThoseThatAPlainLookFinds) {
  const auto plain_look = [](std::string_view text) {
    const auto digit = [&](std::size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '9';
    };
    std::vector<std::pair<std::size_t, std::size_t>> runs;
    for (std::size_t at = 0; at < text.size();) {
      if (!digit(at)) {
        ++at;
        continue;
      }
      std::size_t end = at;
      int digits = 0;
      while (digit(end)) {
        ++digits;
        ++end;
        if (!digit(end) && end < text.size() && (text[end] == ' ' || text[end] == '-') &&
            digit(end + 1))
          ++end;
      }
      if (digits >= 13) runs.emplace_back(at, end);
      at = end;
    }
    return runs;
  };
  std::minstd_rand random{2};
  const std::string_view letters = "01234567890123456789012345678901234567890123456789--  .x";
  std::size_t found = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string text;
    for (std::size_t length = random() % 90; length > 0; --length)
      text += letters[random() % letters.size()];
    std::vector<std::pair<std::size_t, std::size_t>> runs;
    for (auto run = next_digit_run(text, 0); run; run = next_digit_run(text, run->end))
      runs.emplace_back(run->begin, run->end);
    EXPECT_EQ(runs, plain_look(text)) << text;
    found += runs.size();
  }
  EXPECT_GT(found, 10000U);
}

}  // namespace
}  // namespace sluice::mask
