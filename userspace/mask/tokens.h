// SPDX-License-Identifier: Apache-2.0
// What the `hash` mask makes of values that are no characters: another value of the type, in the
// format that was asked for, the same for the same value in either format. Numbers, days and
// addresses are permuted (KeyedPermutation), so no two of one type and modifier share a token, and
// one of a few may by chance be its own, which nobody can tell. Where a type has more values than
// 64 bits hold, tokens are digests. Floating point numbers have none: in text extra_float_digits
// says how many of their digits are left, so that a token would tell numbers that begin alike.
//
// Each appends to `out`, or appends nothing and returns false: the cell cannot be read, or is a
// value without a token (NaN, infinity, 24:00:00, a day before the year 1 or after 9999, a date in
// a DateStyle that is not ISO, bytea that bytea_output = escape writes).
#pragma once

#include "mask/cell_type.h"
#include "mask/keyed_hash.h"

#include <sluice/bytes.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::mask {

struct CellToMask {
  const CellType& type;
  ByteView cell;
  KeyedHash& hash;
};

// number_tokens.cpp. `width` in bytes: 2, 4, 8.
bool append_integer_token(const CellToMask& from, std::size_t width, Bytes& out);

// decimal_tokens.cpp: of numeric(precision, scale) another number of as many digits and decimals;
// of numeric a whole number of up to 15 digits.
bool append_numeric_token(const CellToMask& from, Bytes& out);

// time_tokens.cpp: with as many decimals of a second as the type has.
bool append_date_token(const CellToMask& from, Bytes& out);
bool append_time_token(const CellToMask& from, Bytes& out);
bool append_timestamp_token(const CellToMask& from, Bytes& out);
bool append_timestamptz_token(const CellToMask& from, Bytes& out);

// address_tokens.cpp: of the same family and length of prefix. `width` in bytes: 6, 8.
bool append_inet_token(const CellToMask& from, Bytes& out);
bool append_cidr_token(const CellToMask& from, Bytes& out);
bool append_macaddr_token(const CellToMask& from, std::size_t width, Bytes& out);
// 16 bytes.
bool append_bytea_token(const CellToMask& from, Bytes& out);
bool append_uuid_token(const CellToMask& from, Bytes& out);

}  // namespace sluice::mask
