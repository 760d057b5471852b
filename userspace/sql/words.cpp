// SPDX-License-Identifier: Apache-2.0
#include "sql/words.h"

#include <algorithm>
#include <utility>

namespace sluice::sql {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_space(char c) { return std::string_view{" \t\n\r\f\v"}.find(c) != std::string_view::npos; }

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

namespace {

// Where a name of more bytes is cut: not within a letter of UTF-8.
std::string_view as_cut_by_server(std::string_view name) {
  if (name.size() <= kServerNameBytesMax) return name;
  std::size_t end = kServerNameBytesMax;
  while (end > 0 && (name[end] & 0xc0) == 0x80) --end;
  return name.substr(0, end);
}

// Behind the quote at `at`; "" where it does not end. Of a longer name it is the beginning.
std::string name_in_quotes(std::string_view text, std::size_t at) {
  constexpr std::size_t kUncut = kServerNameBytesMax + 4;  // and one letter
  std::string name;
  while (++at < text.size() && name.size() < kUncut) {
    if (text[at] == '"' && text.substr(++at, 1) != "\"") return name;
    name += text[at];
  }
  return name.size() < kUncut ? std::string{} : name;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  const auto add = [&words](std::string_view word) {
    if (!word.empty()) words.emplace_back(as_cut_by_server(word));
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"') {
      add(name_in_quotes(text, at));
    } else if (is_in_word(text[at])) {
      while (end < text.size() && is_in_word(text[end])) ++end;
      const bool is_escaped = at > 0 && text[at - 1] == '\\';
      for (std::size_t begin = at; begin <= at + (is_escaped ? 1 : 0); ++begin) {
        add(text.substr(begin, end - begin));
        add(lower_case(text.substr(begin, end - begin)));
      }
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

std::size_t string_goes_on(std::string_view text, std::size_t at) {
  bool new_line = false;
  while (at < text.size()) {
    if (is_space(text[at])) {
      new_line |= text[at] == '\n' || text[at] == '\r';
      ++at;
    } else if (text.substr(at).starts_with("--")) {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else {
      break;
    }
  }
  return new_line && text.substr(at).starts_with("'") ? at : std::string_view::npos;
}

std::string_view from_first_string(std::string_view text) {
  const std::size_t quote = text.find_first_of("'$");
  return quote == std::string_view::npos ? std::string_view{} : text.substr(quote);
}

bool has_letters_by_number(std::string_view text) {
  if (text.find("&'") != std::string_view::npos || text.find("&\"") != std::string_view::npos)
    return true;
  for (std::size_t at = text.find('\\'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\\', at + 2)) {
    const char next = text[at + 1];
    if (next == 'x' || next == 'u' || next == 'U' || (next >= '0' && next <= '7')) return true;
  }
  return false;
}

}  // namespace sluice::sql
