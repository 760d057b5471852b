// SPDX-License-Identifier: Apache-2.0
// Typed masks: one cell in, one cell of the same type and wire format out (DESIGN.md section 8,
// Masking). What comes out depends on the cell for `partial` (its last characters) and `hash` (a
// keyed digest) only. A type that is not known, and whatever cannot be masked as asked, becomes
// NULL: never the value.
#pragma once

#include "mask/cell_type.h"
#include "mask/keyed_hash.h"

#include <sluice/bytes.h>
#include <sluice/resource.h>

#include <cstddef>
#include <cstdint>

namespace sluice::mask {

enum class Masked : std::uint8_t {
  kValue,  // the new value was appended to `out`
  kNull    // nothing was appended: send NULL
};

// `cell` is the value of a DataRow column, not NULL (a NULL stays NULL and needs no mask). Appends
// to `out`, which must not overlap `cell`.
//   redact   text "[redacted]", numbers 0, bool false, dates 2000-01-01, uuid nil, json a string,
//            arrays and ranges empty
//   partial  text: the last 4 of more than 8 characters, an e-mail address keeps its first letter
//            and domain; other types as redact
//   hash     equal for equal values of one type on one host: text and json hex digits; integers,
//            numerics, dates, times of day, timestamps, addresses, uuid and bytea another value
//            of the type (tokens.h), NULL where there is none; other types as redact
//   null     NULL
Masked mask_cell(const CellType& type, ByteView cell, MaskKind kind, KeyedHash& hash, Bytes& out);

// For a NULL that must not be told from a value (redact). Where the mask of a value takes its
// length from that value, both have to be NULL: kNull, and redact_takes_length() is true.
Masked mask_null(const CellType& type, KeyedHash& hash, Bytes& out);
bool redact_takes_length(const CellType& type);

// The mask of one piece of text without a type and a length limit: what detectors found in it.
// Appends to `out`; kNull gives nothing.
void mask_text(ByteView text, MaskKind kind, KeyedHash& hash, Bytes& out);

// Cuts what stands in `out` from `begin` on to the characters that a value of this type may have.
void cut_to_type(const CellType& type, std::size_t begin, Bytes& out);

// Cells of this type are shown to people as they are, so detectors read them: text, varchar, char,
// name, json, xml, tsvector, regclass and the like, unknown, their arrays, and every type that is
// not known. Of jsonb in binary the text begins after the version byte; detectors do not mind that
// byte.
bool is_text_like(std::uint32_t type_oid);

}  // namespace sluice::mask
