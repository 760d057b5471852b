// SPDX-License-Identifier: Apache-2.0
// What the masks know of PostgreSQL's types: how a value that says nothing looks in both formats.
#pragma once

#include <sluice/bytes.h>

#include <cstdint>
#include <string_view>

namespace sluice::mask {

enum class Shape : std::uint8_t {
  kText,     // any characters, perhaps with a limit: text varchar char(n) name "char"
  kJson,     // both formats are its text
  kJsonb,    // binary: a version byte, then its text
  kXml,      // characters without markup are well-formed content
  kNumeric,  // a zero of as many decimals as the type asks for
  kBits,     // bit(n): exactly n bits
  kArray,    // the empty one
  kFixed,    // one value, both of whose forms stand in the table
  kWords     // the same, of a type whose values are words
};

// What the `hash` mask makes of values that are no characters (tokens.h).
enum class Token : std::uint8_t {
  kNone,  // as redact
  kInteger,
  kNumeric,
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kInet,
  kCidr,
  kMacaddr,
  kBytea,
  kUuid
};

struct TypeRow {
  std::uint32_t oid;
  Shape shape;
  std::uint32_t detail;     // kArray: the element's type; else the width in bytes where one is said
  std::string_view text;    // kFixed, kWords
  std::string_view binary;  // kFixed, kWords
  Token token = Token::kNone;
};

// Null for a type that is not known.
const TypeRow* find_type(std::uint32_t oid);

}  // namespace sluice::mask
