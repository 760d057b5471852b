// SPDX-License-Identifier: Apache-2.0
// What could be a name in a text that is not read as SQL: the body of a function, a string that may
// be run or looked up as a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

// The server cuts longer names: NAMEDATALEN - 1.
inline constexpr std::size_t kServerNameBytesMax = 63;

// Words, what stands in double quotes, and rows of the signs that operators are made of; in strings
// and comments too, there also behind an escape like \n. As the server cuts them; each once, in
// order.
std::vector<std::string> words_of(std::string_view text);

bool is_ascii(std::string_view text);
bool is_space(char c);
bool is_operator_sign(char c);
bool is_in_word(char c);
// Of ASCII letters, as the server does with names.
std::string lower_case(std::string_view word);

// A string constant goes on where nothing but space and a new line, or comments to the end of
// theirs, is before the next quote. Where that is for one that ended before `at`; npos where it
// does not.
std::size_t string_goes_on(std::string_view text, std::size_t at);

// All of a text from its first string constant on.
std::string_view from_first_string(std::string_view text);

// Letters may be written by their numbers in it: it may have names that words_of() cannot find.
bool has_letters_by_number(std::string_view text);

}  // namespace sluice::sql
