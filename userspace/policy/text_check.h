// SPDX-License-Identifier: Apache-2.0
// What a file must be before anything parses it: UTF-8, no control characters, no tabs that pretend
// to be indentation, no invisible characters that make a reviewer read something else.
#pragma once

#include "policy/findings.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::policy {

// False, and a finding, at the first character that does not belong there.
bool check_text(std::string_view text, std::uint32_t file, Findings& findings);

// Length in bytes (1 to 4) of the UTF-8 character at the front of `text`, or 0 where there is none.
// Sets `code_point`.
std::size_t utf8_character(std::string_view text, std::uint32_t& code_point);

// A name, message or path: not empty, at most `bytes_max`, without control characters.
bool is_printable(std::string_view text, std::size_t bytes_max);

}  // namespace sluice::policy
