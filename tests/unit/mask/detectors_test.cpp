// SPDX-License-Identifier: Apache-2.0
// What the detectors find, what they leave alone, and what becomes of it.
#include "mask/detectors.h"

#include <sluice/postgres_types.h>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace sluice::mask {
namespace {

const DetectorSet kAll = {Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                          Detector::kPrivateKey, Detector::kJwt};

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

TEST(Detectors, AreNotSlowedDownByHostileText) {
  Scanner scanner;
  const auto repeated = [](const std::string& unit) {
    std::string text;
    while (text.size() < (1U << 20)) text += unit;
    return text;
  };
  // Quadratic work on a megabyte would not end within the time limit of the tests.
  for (const char* unit : {"1", "1 ", "secretkey", "-----BEGIN PRIVATE KEY-----",
                           "eyAAAAAAAAAA.AA.", "ey", "AKIAAAAAAAAAAAAAAAAA,", "123-45-6789-"})
    scanner.find(repeated(unit));
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

}  // namespace
}  // namespace sluice::mask
