// SPDX-License-Identifier: Apache-2.0
// One step of UTF-8 (RFC 3629): shortest form only, no surrogates.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::cli {

struct Utf8Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: the text does not begin with a valid character
};

Utf8Character first_character(std::string_view text);

}  // namespace sluice::cli
