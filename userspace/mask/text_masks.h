// SPDX-License-Identifier: Apache-2.0
// Masks of plain characters.
#pragma once

#include "mask/keyed_hash.h"

#include <sluice/bytes.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::mask {

inline constexpr std::string_view kRedacted = "[redacted]";
inline constexpr std::size_t kHashDigits = 32;  // 128 bits: no two cells of one host share them

// Characters of UTF-8 text; nothing where it is not UTF-8.
std::optional<std::size_t> characters_of(std::string_view text);
// The first `count` characters. Bytes that are no UTF-8 count as one character each.
std::string_view first_characters(std::string_view text, std::size_t count);

// Appends the value with all but its last 4 characters hidden, or of an e-mail address its first
// letter and domain. False, and nothing appended, where it is too short or no UTF-8.
bool append_partial(std::string_view text, Bytes& out);
// Two lower-case digits a byte.
void append_hex(ByteView bytes, Bytes& out);
// Appends kHashDigits hex digits. False, and nothing appended, where the digest failed.
bool append_hash(ByteView value, KeyedHash& hash, Bytes& out);

}  // namespace sluice::mask
