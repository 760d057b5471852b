// SPDX-License-Identifier: Apache-2.0
// What could be a name in a text that may be run, or looked up as a name: its words as they stand
// there, and those of the strings in it as the server reads them, and of the strings in these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

struct NamesInText {
  std::vector<std::string> names;  // each once, in order
  bool all = true;                 // else there may be others, which are written by numbers
};

// Of the body of a function, or of a string.
NamesInText names_in(std::string_view text);
// Of a statement: only from its first string on, for what is before that is read as SQL.
NamesInText names_in_strings(std::string_view statement);

}  // namespace sluice::sql
