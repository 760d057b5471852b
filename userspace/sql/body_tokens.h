// SPDX-License-Identifier: Apache-2.0
// The text of a function as the server cuts it into words, strings and signs. Unlike a parser this
// takes whatever there is: PL/pgSQL, SQL, and pieces of it in strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

struct BodyToken {
  enum class Kind : char {
    kWord,     // in lower case
    kName,     // in double quotes
    kString,   // what it stands for
    kEscaped,  // U& and what is in quotes behind it; the quote
    kSign,     // one of them
  };
  Kind kind = Kind::kSign;
  std::string text;
  bool has_unknown_letters = false;  // by number, beyond ASCII: as the server's encoding has them
  bool is_word(std::string_view word) const { return kind == Kind::kWord && text == word; }
  bool is_sign(char sign) const { return kind == Kind::kSign && text.front() == sign; }
  bool is_identifier() const { return kind == Kind::kWord || kind == Kind::kName; }
};

// Without comments; nullopt where a string, a name or a comment does not end.
std::optional<std::vector<BodyToken>> tokens_of_body(std::string_view body);

}  // namespace sluice::sql
