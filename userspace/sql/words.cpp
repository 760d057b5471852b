// SPDX-License-Identifier: Apache-2.0
#include "sql/words.h"

#include <algorithm>
#include <utility>

namespace sluice::sql {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_operator_sign(char c) {
  return std::string_view{"+-*/<>=~!@#%^&|`?"}.find(c) != std::string_view::npos;
}

bool is_in_word(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         (c & 0x80) != 0;
}

std::string lower_case(std::string_view word) {
  std::string lower{word};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return lower;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  const auto add = [&words](std::string word) {
    if (!word.empty() && word.size() <= kServerNameBytesMax) words.push_back(std::move(word));
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"') {
      if (const std::size_t closing = text.find('"', end); closing != std::string_view::npos)
        add(std::string{text.substr(end, closing - end)});
    } else if (is_in_word(text[at])) {
      while (end < text.size() && is_in_word(text[end])) ++end;
      add(std::string{text.substr(at, end - at)});
      add(lower_case(text.substr(at, end - at)));
    } else if (is_operator_sign(text[at])) {
      while (end < text.size() && is_operator_sign(text[end])) ++end;
      words.emplace_back(text.substr(at, end - at));
    }
    at = end;
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::string_view from_first_string(std::string_view text) {
  const std::size_t quote = text.find_first_of("'$");
  return quote == std::string_view::npos ? std::string_view{} : text.substr(quote);
}

bool has_letters_by_number(std::string_view text) {
  if (text.find("&'") != std::string_view::npos) return true;
  for (std::size_t at = text.find('\\'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\\', at + 2)) {
    const char next = text[at + 1];
    if (next == 'x' || next == 'u' || next == 'U' || (next >= '0' && next <= '7')) return true;
  }
  return false;
}

}  // namespace sluice::sql
