// SPDX-License-Identifier: Apache-2.0
// A masked cell is a value of the same type in the same format, and says nothing of what it hides.
#include "mask/masks.h"
#include "mask/detectors.h"

#include <sluice/postgres_types.h>

#include <gtest/gtest.h>

#include <ostream>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::mask {
namespace {

namespace type = postgres_type;
using std::string_literals::operator""s;

KeyedHash key() { return *KeyedHash::make(Secret{std::string_view{"a key of this host"}}); }

struct Answer {
  bool is_null = false;
  std::string value;
};

Answer mask(CellType cell_type, const std::string& cell, MaskKind kind) {
  KeyedHash hash = key();
  Bytes out = to_bytes("kept");
  const Masked masked = mask_cell(cell_type, as_bytes(cell), kind, hash, out);
  const std::string text{as_text(out)};
  EXPECT_EQ(text.substr(0, 4), "kept") << "the mask appends";
  EXPECT_TRUE(masked != Masked::kNull || text.size() == 4) << "NULL appends nothing";
  return {masked == Masked::kNull, text.substr(4)};
}

struct Case {
  const char* name;
  CellType cell_type;
  std::string cell;
  std::string redacted;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

CellType text(std::uint32_t oid, std::int32_t modifier = -1) {
  return {oid, modifier, Format::kText};
}
CellType binary(std::uint32_t oid, std::int32_t modifier = -1) {
  return {oid, modifier, Format::kBinary};
}

class Redacted : public ::testing::TestWithParam<Case> {};

TEST_P(Redacted, IsAValueOfTheSameTypeAndFormat) {
  const Case& one = GetParam();
  const Answer answer = mask(one.cell_type, one.cell, MaskKind::kRedact);
  EXPECT_FALSE(answer.is_null);
  EXPECT_EQ(answer.value, one.redacted);
  EXPECT_TRUE(mask(one.cell_type, one.cell, MaskKind::kNull).is_null);
}

INSTANTIATE_TEST_SUITE_P(
    Types, Redacted,
    ::testing::Values(
        Case{"text", text(type::kText), "Ada", "[redacted]"},
        Case{"text_binary", binary(type::kText), "Ada", "[redacted]"},
        Case{"varchar", text(type::kVarchar, 4 + 20), "Ada", "[redacted]"},
        Case{"varchar_short", text(type::kVarchar, 4 + 4), "Ada", "[red"},
        Case{"bpchar_padded", text(type::kBpchar, 4 + 12), "Ada         ", "[redacted]  "},
        Case{"bpchar_short", text(type::kBpchar, 4 + 2), "DE", "[r"},
        Case{"bpchar_wide", text(type::kBpchar, 4 + 12), "äöü         ", "[redacted]  "},
        Case{"bpchar_lying_modifier", text(type::kBpchar, 1 << 30), "DE", "[redacted]"},
        Case{"bpchar_no_length", text(type::kBpchar), std::string(30, 'x'), "[redacted]"},
        Case{"bpchar_binary", binary(type::kBpchar, 4 + 12), "DE          ", "[redacted]  "},
        Case{"bpchar_latin1", text(type::kBpchar, 4 + 12), "\xc3\xa9          ", "[redacted]  "},
        Case{"char1", text(type::kChar), "x", "["},
        Case{"name", text(type::kName), "postgres", "[redacted]"},
        Case{"unknown", text(type::kUnknown), "x", "[redacted]"},
        Case{"bool", text(type::kBool), "t", "f"},
        Case{"bool_binary", binary(type::kBool), "\1", "\0"s},
        Case{"int2", text(type::kInt2), "-7", "0"},
        Case{"int2_binary", binary(type::kInt2), "\0\7"s, "\0\0"s},
        Case{"int4_binary", binary(type::kInt4), "\0\0\0\7"s, "\0\0\0\0"s},
        Case{"int8_binary", binary(type::kInt8), std::string(8, 'x'), std::string(8, '\0')},
        Case{"oid", text(type::kOid), "7", "0"},
        Case{"float4_binary", binary(type::kFloat4), "abcd", std::string(4, '\0')},
        Case{"float8", text(type::kFloat8), "1.5", "0"},
        Case{"float8_binary", binary(type::kFloat8), "abcdefgh", std::string(8, '\0')},
        Case{"numeric", text(type::kNumeric), "123.45", "0"},
        Case{"numeric_binary", binary(type::kNumeric), "\0\1\0\0\0\0\0\0\0\7"s,
             std::string(8, '\0')},
        Case{"numeric_scale", text(type::kNumeric, (6 << 16 | 2) + 4), "12.50", "0.00"},
        Case{"numeric_scale_binary", binary(type::kNumeric, (6 << 16 | 2) + 4),
             "\0\1\0\0\0\0\0\2\0\7"s, "\0\0\0\0\0\0\0\2"s},
        Case{"numeric_lying_modifier", text(type::kNumeric, 0x3ff + 4), "1",
             "0." + std::string(60, '0')},
        Case{"numeric_negative_scale", text(type::kNumeric, (3 << 16 | 0x7fe) + 4), "12000", "0"},
        Case{"range", text(type::kInt4Range), "[1,5)", "empty"},
        Case{"range_binary", binary(type::kInt4Range), "x", "\1"},
        Case{"line", text(type::kLine), "{1,2,3}", "{1,0,0}"},
        Case{"tsvector", text(type::kTsvector), "'secret':1", ""},
        Case{"money", text(type::kMoney), "$1,000.00", "$0.00"},
        Case{"date", text(type::kDate), "1815-12-10", "2000-01-01"},
        Case{"date_binary", binary(type::kDate), "abcd", std::string(4, '\0')},
        Case{"timestamp", text(type::kTimestamp), "1815-12-10 10:00:00", "2000-01-01 00:00:00"},
        Case{"timestamptz", text(type::kTimestamptz), "1815-12-10 10:00:00+01",
             "2000-01-01 00:00:00+00"},
        Case{"timestamptz_binary", binary(type::kTimestamptz), "abcdefgh", std::string(8, '\0')},
        Case{"time", text(type::kTime), "10:00:00", "00:00:00"},
        Case{"timetz_binary", binary(type::kTimetz), std::string(12, 'x'), std::string(12, '\0')},
        Case{"interval_binary", binary(type::kInterval), std::string(16, 'x'),
             std::string(16, '\0')},
        Case{"uuid", text(type::kUuid), "123e4567-e89b-12d3-a456-426614174000",
             "00000000-0000-0000-0000-000000000000"},
        Case{"uuid_binary", binary(type::kUuid), std::string(16, 'x'), std::string(16, '\0')},
        Case{"json", text(type::kJson), "{\"a\":1}", "\"[redacted]\""},
        Case{"json_binary", binary(type::kJson), "{\"a\":1}", "\"[redacted]\""},
        Case{"jsonb", text(type::kJsonb), "{\"a\":1}", "\"[redacted]\""},
        Case{"jsonb_binary", binary(type::kJsonb), "\1{\"a\":1}", "\1\"[redacted]\""},
        Case{"xml", text(type::kXml), "<a/>", "[redacted]"},
        Case{"bytea", text(type::kBytea), "\\x00ff", "\\x"},
        Case{"bytea_binary", binary(type::kBytea), "\0\xff"s, ""},
        Case{"inet", text(type::kInet), "10.0.0.1", "0.0.0.0"},
        Case{"inet_binary", binary(type::kInet), "\2\x20\0\4\x0a\0\0\1"s, "\2\x20\0\4\0\0\0\0"s},
        Case{"cidr_binary", binary(type::kCidr), "\2\x20\1\4\x0a\0\0\1"s, "\2\x20\1\4\0\0\0\0"s},
        Case{"macaddr", text(type::kMacaddr), "08:00:2b:01:02:03", "00:00:00:00:00:00"},
        Case{"bit", text(type::kBit, 5), "10110", "00000"},
        Case{"bit_binary", binary(type::kBit, 9), "\0\0\0\x09\xff\x80"s, "\0\0\0\x09\0\0"s},
        Case{"varbit_binary", binary(type::kVarbit), "\0\0\0\1\x80"s, std::string(4, '\0')},
        Case{"text_array", text(type::kTextArray), "{a,b}", "{}"},
        Case{"text_array_binary", binary(type::kTextArray), "x", "\0\0\0\0\0\0\0\0\0\0\0\x19"s},
        Case{"int4_array_binary", binary(type::kInt4Array), "x", "\0\0\0\0\0\0\0\0\0\0\0\x17"s}),
    [](const auto& one) { return std::string{one.param.name}; });

TEST(Mask, OfATypeThatIsNotKnownIsNull) {
  for (const MaskKind kind :
       {MaskKind::kRedact, MaskKind::kPartial, MaskKind::kHash, MaskKind::kNull})
    EXPECT_TRUE(mask(text(99999), "value", kind).is_null);
  EXPECT_TRUE(mask(text(type::kBit), "101", MaskKind::kRedact).is_null);
  EXPECT_TRUE(mask(binary(type::kBit, 1 << 30), "\0\0\0\1\x80"s, MaskKind::kRedact).is_null);
}

TEST(PartialMask, KeepsTheLastFourOfMoreThanEightCharacters) {
  const auto partial = [](const std::string& cell, CellType of = text(type::kText)) {
    return mask(of, cell, MaskKind::kPartial).value;
  };
  EXPECT_EQ(partial("123456789"), "****6789");
  EXPECT_EQ(partial("12345678"), "[redacted]");
  EXPECT_EQ(partial("äääääößüé"), "****ößüé");
  EXPECT_EQ(partial("äääääößü"), "[redacted]") << "characters, not bytes";
  EXPECT_EQ(partial("abcdefgh\xff"), "[redacted]") << "no UTF-8";
  EXPECT_EQ(partial("4111111111111111", text(type::kVarchar, 4 + 16)), "****1111");
  EXPECT_EQ(partial("0123456789   ", text(type::kBpchar, 4 + 13)), "****6789     ");
  EXPECT_EQ(partial("0123456789   ", text(type::kBpchar)), "****6789");
  EXPECT_EQ(partial("12345", text(type::kInt4)), "0");
  EXPECT_EQ(partial("\"secret value\"", text(type::kJson)), "\"[redacted]\"");
}

TEST(PartialMask, OfAnEmailAddressKeepsTheFirstLetterAndTheDomain) {
  const auto partial = [](const std::string& cell, CellType of = text(type::kText)) {
    return mask(of, cell, MaskKind::kPartial).value;
  };
  EXPECT_EQ(partial("ada@example.org"), "a***@example.org");
  EXPECT_EQ(partial("éa@b.co"), "é***@b.co");
  EXPECT_EQ(partial("a@b.co"), "***@b.co") << "one letter is all there is to hide";
  EXPECT_EQ(partial("ada@localhost"), "****host");
  EXPECT_EQ(partial("a b@example.org"), "****.org");
  EXPECT_EQ(partial("ada@x@example.org"), "****.org");
  EXPECT_EQ(partial("ab@b.co", text(type::kVarchar, 4 + 7)), "a***@b.") << "fits its type";
}

TEST(HashMask, IsEqualForEqualCellsAndDiffersByKey) {
  const auto hash = [](const std::string& cell, CellType of = text(type::kText)) {
    return mask(of, cell, MaskKind::kHash).value;
  };
  EXPECT_EQ(hash("Ada"), hash("Ada"));
  EXPECT_EQ(hash("Ada").size(), 32U);
  EXPECT_EQ(hash("Ada").find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(hash("Ada"), hash("Bob"));
  EXPECT_EQ(hash("Ada", text(type::kVarchar, 4 + 10)).size(), 10U);
  EXPECT_EQ(hash("Ada", text(type::kBpchar, 4 + 5)), hash("Ada  ", text(type::kBpchar, 4 + 5)) + "")
      << "padding does not count";
  KeyedHash other = *KeyedHash::make(Secret{std::string_view{"another"}});
  Bytes out;
  ASSERT_EQ(mask_cell(text(type::kText), as_bytes("Ada"), MaskKind::kHash, other, out),
            Masked::kValue);
  EXPECT_NE(as_text(out), hash("Ada"));
}

TEST(HashMask, DoesNotDependOnTheFormat) {
  const auto hash = [](CellType of, const std::string& cell) {
    return mask(of, cell, MaskKind::kHash).value;
  };
  EXPECT_EQ("\1" + hash(text(type::kJsonb), "{}"), hash(binary(type::kJsonb), "\1{}"));
  const std::string uuid = hash(text(type::kUuid), "123e4567-e89b-12d3-a456-426614174000");
  const std::string raw =
      hash(binary(type::kUuid), "\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\0"s);
  EXPECT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '8');
  EXPECT_EQ(raw.size(), 16U);
  EXPECT_EQ(static_cast<unsigned char>(raw[6]) >> 4, 8);
  EXPECT_EQ(uuid, hash(text(type::kUuid), "123E4567E89B12D3A456426614174000"));
}

// A value in both formats, and another one of the type.
struct Hashed {
  const char* name;
  std::uint32_t oid;
  std::string in_text, in_binary, other_in_text;
};

std::string hex_of(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

// What a token of the binary format says in text.
std::string said_in_text(std::uint32_t oid, const std::string& token) {
  switch (oid) {
    case type::kInt2:
    case type::kInt4:
    case type::kInt8: {
      const auto bits = std::stoull(hex_of(token), nullptr, 16) << (64 - 8 * token.size());
      return std::to_string(static_cast<std::int64_t>(bits) >> (64 - 8 * token.size()));
    }
    case type::kOid: return std::to_string(std::stoull(hex_of(token), nullptr, 16));
    case type::kMacaddr: {
      std::string hex = hex_of(token);
      for (std::size_t at = 10; at > 0; at -= 2) hex.insert(at, ":");
      return hex;
    }
    case type::kBytea: return "\\x" + hex_of(token);
    case type::kUuid: {
      std::string hex = hex_of(token);
      for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, "-");
      return hex;
    }
    case type::kJsonb: return token.substr(1);
    default: return token;
  }
}

// Of each type whose tokens tell values apart: tables can be joined by them, whatever format,
// column or session they come by.
TEST(HashMask, GivesOneTokenForOneValueOfEveryTypeThatHasTokens) {
  const std::string uuid = "123e4567-e89b-12d3-a456-426614174000";
  const Hashed kHashed[] = {
      {"text", type::kText, "ada@example.com", "ada@example.com", "bob@example.com"},
      {"varchar", type::kVarchar, "Ada", "Ada", "Bob"},
      {"bpchar", type::kBpchar, "Ada  ", "Ada  ", "Bob  "},
      {"name", type::kName, "ada", "ada", "bob"},
      {"xml", type::kXml, "<a>1</a>", "<a>1</a>", "<a>2</a>"},
      {"json", type::kJson, "{\"a\": 1}", "{\"a\": 1}", "{\"a\": 2}"},
      {"jsonb", type::kJsonb, "{\"a\": 1}", "\1{\"a\": 1}", "{\"a\": 2}"},
      {"int2", type::kInt2, "-2", "\xff\xfe", "7"},
      {"int4", type::kInt4, "42", "\0\0\0\x2a"s, "43"},
      {"int8", type::kInt8, "42", "\0\0\0\0\0\0\0\x2a"s, "43"},
      {"oid", type::kOid, "4294967295", "\xff\xff\xff\xff", "1"},
      {"uuid", type::kUuid, uuid, "\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\0"s,
       "00000000-0000-0000-0000-000000000000"},
      {"macaddr", type::kMacaddr, "08:00:2b:01:02:03", "\x08\0\x2b\1\2\3"s, "08:00:2b:01:02:04"},
      {"bytea", type::kBytea, "\\x00ff", "\0\xff"s, "\\x00fe"},
  };
  KeyedHash other_key = *KeyedHash::make(Secret{std::string_view{"another host's"}});
  for (const Hashed& one : kHashed) {
    const auto token = [&](const CellType& of, const std::string& cell) {
      return mask(of, cell, MaskKind::kHash).value;
    };
    const std::string in_text = token(text(one.oid), one.in_text);
    EXPECT_EQ(in_text, token(text(one.oid), one.in_text)) << one.name;
    EXPECT_EQ(in_text, said_in_text(one.oid, token(binary(one.oid), one.in_binary))) << one.name;
    EXPECT_NE(in_text, token(text(one.oid), one.other_in_text)) << one.name;
    EXPECT_NE(in_text, one.in_text) << one.name;
    Bytes out;
    ASSERT_EQ(mask_cell(text(one.oid), as_bytes(one.in_text), MaskKind::kHash, other_key, out),
              Masked::kValue);
    EXPECT_NE(as_text(out), in_text) << one.name << ": the key decides";
  }
}

// Characters are the same value whatever type of characters they have, and so are their tokens.
TEST(HashMask, OfCharactersJoinsColumnsOfDifferentTypes) {
  const std::string token = mask(text(type::kText), "Ada", MaskKind::kHash).value;
  EXPECT_EQ(mask(text(type::kVarchar), "Ada", MaskKind::kHash).value, token);
  EXPECT_EQ(mask(text(type::kName), "Ada", MaskKind::kHash).value, token);
  EXPECT_EQ(mask(text(type::kVarchar, 4 + 40), "Ada", MaskKind::kHash).value, token);
  EXPECT_EQ(mask(text(type::kBpchar, 4 + 40), "Ada" + std::string(37, ' '), MaskKind::kHash)
                .value.substr(0, token.size()),
            token);
}

// All social security numbers of an area, or all small integers, are soon tried; without the key
// that tells nothing: no plain digest of the value is the token.
TEST(HashMask, CannotBeTriedOutWithoutTheKey) {
  KeyedHash guess = *KeyedHash::make(Secret{std::string_view{"a key of this hosT"}});
  const std::string token = mask(text(type::kText), "123-45-6789", MaskKind::kHash).value;
  for (int i = 0; i < 10'000; ++i) {
    std::string serial = std::to_string(i);
    serial.insert(0, 4 - serial.size(), '0');
    Bytes out;
    mask_text(as_bytes("123-45-" + serial), MaskKind::kHash, guess, out);
    ASSERT_NE(as_text(out), token);
  }
}

// Other types have no token: every value of them is the same, as if it were redacted.
TEST(HashMask, OfOtherTypesTellsNothing) {
  struct Two {
    std::uint32_t oid;
    const char *a, *b;
  };
  for (const auto& [oid, a, b] :
       {Two{type::kBool, "t", "f"}, Two{type::kMoney, "$1.00", "$2.00"},
        Two{type::kFloat4, "1.5", "NaN"}, Two{type::kFloat8, "8640197532", "9e+09"},
        Two{type::kInterval, "1 day", "2 days"}, Two{type::kTimetz, "10:00:00+00", "11:00:00+00"},
        Two{type::kVarbit, "1", "0"}, Two{type::kInt4Array, "{1}", "{2}"},
        Two{type::kInt4Range, "[1,2)", "[2,3)"}, Two{type::kPoint, "(1,2)", "(3,4)"}}) {
    const std::string token = mask(text(oid), a, MaskKind::kHash).value;
    EXPECT_EQ(token, mask(text(oid), b, MaskKind::kHash).value) << oid;
    EXPECT_EQ(token, mask(text(oid), a, MaskKind::kRedact).value) << oid;
  }
}

// So that what is joined by tokens is what is joined by the values.
TEST(HashMask, OfSmallNumbersAndDaysNeverGivesTwoValuesOneToken) {
  std::set<std::string> tokens;
  for (int i = -32768; i <= 32767; ++i) {
    const Answer token = mask(text(type::kInt2), std::to_string(i), MaskKind::kHash);
    ASSERT_FALSE(token.is_null);
    const int number = std::stoi(token.value);
    ASSERT_TRUE(number >= -32768 && number <= 32767);
    ASSERT_TRUE(tokens.insert(token.value).second) << i;
  }
  tokens.clear();
  const CellType prices = text(type::kNumeric, (4 << 16 | 2) + 4);
  for (int i = 0; i < 10'000; ++i) {
    std::string digits = std::to_string(10'000 + i);
    const std::string cell = digits.substr(1, 2) + "." + digits.substr(3);
    const Answer token = mask(prices, cell, MaskKind::kHash);
    ASSERT_TRUE(std::regex_match(token.value, std::regex{"-?[0-9]{1,2}\\.[0-9]{2}"}))
        << token.value;
    ASSERT_TRUE(tokens.insert(token.value).second) << cell;
  }
  tokens.clear();
  for (int day = -40'000; day < 10'000; ++day) {
    std::string cell;
    for (int shift = 24; shift >= 0; shift -= 8) cell += static_cast<char>(day >> shift);
    ASSERT_TRUE(tokens.insert(mask(binary(type::kDate), cell, MaskKind::kHash).value).second)
        << day;
  }
}

TEST(HashMask, HasAsManyDecimalsOfASecondAsTheType) {
  const auto token = [](std::uint32_t oid, std::int32_t modifier, const std::string& cell) {
    return mask(text(oid, modifier), cell, MaskKind::kHash).value;
  };
  EXPECT_TRUE(std::regex_match(token(type::kTime, 0, "10:11:12"), std::regex{"..:..:.."}));
  EXPECT_TRUE(std::regex_match(token(type::kTimestamp, 3, "2001-02-03 04:05:06.789"),
                               std::regex{"....-..-.. ..:..:..(\\.[0-9]{1,3})?"}));
  EXPECT_TRUE(std::regex_match(token(type::kTimestamptz, -1, "2001-02-03 04:05:06-11"),
                               std::regex{"....-..-.. ..:..:..(\\.[0-9]{1,6})?\\+00"}));
}

// One moment and one number, however they are written.
TEST(HashMask, OfEqualValuesThatAreWrittenDifferentlyIsTheSame) {
  struct Same {
    std::uint32_t oid;
    std::vector<std::string> cells;
  };
  const Same kSame[] = {
      {type::kTimestamptz,
       {"2001-02-03 04:05:06+00", "2001-02-03 06:05:06+02", "2001-02-02 17:05:06.000000-11",
        "2001-02-03 09:50:06+05:45", "2001-02-03 04:05:07+00:00:01"}},
      {type::kNumeric, {"1.5", "1.50", "01.5000"}},
      {type::kNumeric, {"0", "0.000", "-0"}},
      {type::kInet, {"2001:db8::1", "2001:0db8:0:0::1", "2001:db8::1/128"}},
      {type::kMacaddr, {"08:00:2b:0a:02:03", "08:00:2B:0A:02:03"}}};
  for (const Same& same : kSame)
    for (const std::string& cell : same.cells) {
      const Answer token = mask(text(same.oid), cell, MaskKind::kHash);
      EXPECT_FALSE(token.is_null) << cell;
      EXPECT_EQ(token.value, mask(text(same.oid), same.cells.front(), MaskKind::kHash).value)
          << cell;
    }
}

// The length of the prefix stays, and what a cidr has not got behind it.
TEST(HashMask, OfAnAddressIsOneOfItsFamilyAndPrefix) {
  const auto token = [](std::uint32_t oid, const std::string& cell) {
    return mask(text(oid), cell, MaskKind::kHash).value;
  };
  EXPECT_TRUE(token(type::kInet, "10.1.2.3/20").ends_with("/20"));
  EXPECT_EQ(token(type::kInet, "10.1.2.3").find('/'), std::string::npos);
  EXPECT_TRUE(token(type::kCidr, "10.1.0.0/16").ends_with(".0.0/16"));
  EXPECT_NE(token(type::kCidr, "10.1.0.0/16"), token(type::kCidr, "10.2.0.0/16"));
  EXPECT_TRUE(token(type::kCidr, "2001:db8::/32").ends_with("::/32"));
  EXPECT_TRUE(token(type::kCidr, "2001:db8:1:2:3::/80").ends_with("::/80"));
  std::set<std::string> networks;
  for (int i = 0; i < 256; ++i) {
    const std::string cell = "\3\x08\1\x10"s + static_cast<char>(i) + std::string(15, '\0');
    networks.insert(mask(binary(type::kCidr), cell, MaskKind::kHash).value);
  }
  EXPECT_EQ(networks.size(), 256U);
  // What no server sends: bits behind the prefix are not passed on.
  for (const char prefix : {'\x10', '\x50'}) {
    const std::string cell = "\3"s + prefix + "\1\x10" + std::string(16, '\x7f');
    const std::string got = mask(binary(type::kCidr), cell, MaskKind::kHash).value;
    EXPECT_EQ(got.substr(4U + static_cast<unsigned char>(prefix) / 8),
              std::string(16U - static_cast<unsigned char>(prefix) / 8, '\0'));
  }
}

// Nothing is better than what another value has, or than the value.
TEST(HashMask, OfAValueWithoutATokenIsNull) {
  struct None {
    std::uint32_t oid;
    std::int32_t modifier;
    const char* cell;
  };
  for (const auto& [oid, modifier, cell] : {None{type::kNumeric, -1, "NaN"},
                                            None{type::kNumeric, -1, "-Infinity"},
                                            None{type::kNumeric, (3 << 16 | 0x7fe) + 4, "12000"},
                                            None{type::kNumeric, (4 << 16 | 2) + 4, "12345.67"},
                                            None{type::kNumeric, -1, "1e5"},
                                            None{type::kNumeric, -1, ""},
                                            None{type::kInt2, -1, "32768"},
                                            None{type::kInt4, -1, "1.5"},
                                            None{type::kOid, -1, "-1"},
                                            None{type::kDate, -1, "infinity"},
                                            None{type::kDate, -1, "0044-03-15 BC"},
                                            None{type::kDate, -1, "10000-01-01"},
                                            None{type::kDate, -1, "03/15/2001"},
                                            None{type::kDate, -1, "2001-02-29"},
                                            None{type::kTime, -1, "24:00:00"},
                                            None{type::kTime, 0, "10:00:00.5"},
                                            None{type::kTimestamp, -1, "Sat Feb 03 04:05:06 2001"},
                                            None{type::kTimestamp, -1, "2001-02-03 04:05:06+00"},
                                            None{type::kTimestamptz, -1, "2001-02-03 04:05:06"},
                                            None{type::kTimestamptz, -1, "0001-01-01 00:00:00+01"},
                                            None{type::kInet, -1, "10.1.2"},
                                            None{type::kInet, -1, "10.1.2.3/33"},
                                            None{type::kCidr, -1, "0.0.0.0/0"},
                                            None{type::kCidr, -1, "::/0"},
                                            None{type::kMacaddr, -1, "08:00:2b:01:02"},
                                            None{type::kBytea, -1, "abc"},
                                            None{type::kBytea, -1, "\\x0"}})
    EXPECT_TRUE(mask(text(oid, modifier), cell, MaskKind::kHash).is_null) << cell;
  for (const std::uint32_t oid : {type::kInt2, type::kInt8, type::kOid, type::kNumeric, type::kDate,
                                  type::kTime, type::kTimestamp, type::kTimestamptz, type::kInet,
                                  type::kCidr, type::kMacaddr, type::kMacaddr8, type::kUuid})
    EXPECT_TRUE(mask(binary(oid), "abc", MaskKind::kHash).is_null) << oid;
  EXPECT_TRUE(mask(binary(type::kDate), "\x7f\xff\xff\xff", MaskKind::kHash).is_null);
  EXPECT_TRUE(mask(binary(type::kTimestamp), "\x80\0\0\0\0\0\0\0"s, MaskKind::kHash).is_null);
}

TEST(HashMask, OfAMalformedCellIsNull) {
  EXPECT_TRUE(mask(binary(type::kInt4), "abc", MaskKind::kHash).is_null);
  EXPECT_TRUE(mask(binary(type::kUuid), "abc", MaskKind::kHash).is_null);
  EXPECT_TRUE(mask(text(type::kUuid), "no uuid", MaskKind::kHash).is_null);
  EXPECT_TRUE(mask(binary(type::kJsonb), "{}", MaskKind::kHash).is_null);
  EXPECT_TRUE(mask(binary(type::kJsonb), "", MaskKind::kRedact).is_null);
}

TEST(KeyedHash, IsHmacSha256) {  // RFC 4231, test cases 2 and 6
  const auto hex = [](const Secret& secret, std::string_view message) {
    KeyedHash hash = *KeyedHash::make(secret);
    Digest digest{};
    EXPECT_TRUE(hash.digest(as_bytes(message), digest));
    std::string text;
    for (int i = 0; i < 4; ++i) {
      char byte[3];
      std::snprintf(byte, sizeof byte, "%02x", digest[static_cast<std::size_t>(i)]);
      text += byte;
    }
    return text;
  };
  EXPECT_EQ(hex(Secret{std::string_view{"Jefe"}}, "what do ya want for nothing?"), "5bdcc146");
  EXPECT_EQ(hex(Secret{Bytes(131, 0xaa)}, "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e43159");
  EXPECT_FALSE(KeyedHash::make(Secret{}));
}

TEST(KeyedHash, OfAnotherThreadIsTheSame) {
  KeyedHash one = key();
  KeyedHash two = *one.clone();
  Digest a{}, b{};
  ASSERT_TRUE(one.digest(as_bytes("x"), a));
  ASSERT_TRUE(two.digest(as_bytes("x"), b));
  EXPECT_EQ(a, b);
}

TEST(TextLike, IsWhatPeopleReadAndWhatNobodyKnows) {
  for (const std::uint32_t oid :
       {type::kText, type::kVarchar, type::kBpchar, type::kJson, type::kJsonb, type::kXml,
        type::kTextArray, type::kJsonbArray, type::kName, std::uint32_t{99999}})
    EXPECT_TRUE(is_text_like(oid)) << oid;
  for (const std::uint32_t oid : {type::kInt4, type::kBool, type::kDate, type::kUuid, type::kBytea,
                                  type::kInt4Array, type::kNumeric})
    EXPECT_FALSE(is_text_like(oid)) << oid;
}

}  // namespace
}  // namespace sluice::mask
