// SPDX-License-Identifier: Apache-2.0
// Text that an agent or a server sent may hold any bytes; JSON and terminals want UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// One code point at the front of `text`, which must not be empty. Where the bytes are no UTF-8
// (overlong forms and surrogates included): length 1 and U+FFFD, with `valid` false.
struct CodePoint {
  char32_t value = 0xfffd;
  std::uint8_t length = 1;
  bool valid = false;
};
CodePoint first_code_point(std::string_view text);

// The text with U+FFFD for each byte that is no UTF-8.
std::string to_utf8(std::string_view text);

}  // namespace sluice
