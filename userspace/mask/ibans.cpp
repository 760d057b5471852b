// SPDX-License-Identifier: Apache-2.0
// International bank account numbers (ISO 13616) among other words.
#include "mask/evidence.h"

#include <algorithm>
#include <array>

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_part(char c) { return is_digit(c) || is_upper(c); }
bool is_in_word(char c) { return is_part(c) || (c >= 'a' && c <= 'z'); }

constexpr std::size_t kGroup = 4;
constexpr unsigned kModulus = 97;

// Countries by how many characters theirs have: the registry of SWIFT.
struct Length {
  std::size_t characters;
  std::string_view countries;
};
constexpr std::array<Length, 18> kLengths = {{{15, "NO"},
                                              {16, "BE"},
                                              {18, "DK FI FK FO GL NL SD"},
                                              {19, "MK SI"},
                                              {20, "AT BA EE KZ LT LU MN XK"},
                                              {21, "CH HR LI LV"},
                                              {22, "BG BH CR DE GB GE IE ME RS VA"},
                                              {23, "AE GI IL IQ OM SO TL"},
                                              {24, "AD CZ ES MD PK RO SA SE SK TN VG"},
                                              {25, "LY PT ST"},
                                              {26, "IS TR"},
                                              {27, "BI DJ FR GR IT MC MR SM"},
                                              {28, "AL AZ BY CY DO GT HN HU LB NI PL SV"},
                                              {29, "BR EG PS QA UA"},
                                              {30, "JO KW MU YE"},
                                              {31, "MT SC"},
                                              {32, "LC"},
                                              {33, "RU"}}};

std::size_t length_of(std::string_view country) {
  for (const Length& length : kLengths)
    for (std::size_t at = 0; at < length.countries.size(); at += 3)
      if (length.countries.substr(at, 2) == country) return length.characters;
  return 0;
}

// What is left of a number in which letters are two digits (A is 10).
unsigned continued(unsigned rest, char c) {
  return is_digit(c) ? (rest * 10 + static_cast<unsigned>(c - '0')) % kModulus
                     : (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % kModulus;
}

// The end of the number that begins at `at`, whole or in groups of four; 0 where there is none.
std::size_t iban_end(std::string_view text, std::size_t at) {
  const std::size_t characters = length_of(text.substr(at, 2));
  if (characters == 0) return 0;
  const std::string_view head = text.substr(at, kGroup);
  std::size_t end = at + kGroup;
  unsigned rest = 0;
  for (std::size_t count = kGroup; count < characters; ++count, ++end) {
    const bool separated =
        count % kGroup == 0 && end < text.size() && (text[end] == ' ' || text[end] == '-');
    if (separated) ++end;
    if (end >= text.size() || !is_part(text[end])) return 0;
    rest = continued(rest, text[end]);
  }
  for (const char c : head) rest = continued(rest, c);
  return rest == 1 ? end : 0;
}

}  // namespace

std::optional<Range> next_iban(std::string_view text, std::size_t from) {
  const auto begins = [&](std::size_t at) {
    return at + kGroup <= text.size() && is_upper(text[at]) && is_upper(text[at + 1]) &&
           is_digit(text[at + 2]) && is_digit(text[at + 3]);
  };
  // Each begins with four such characters in a row, so one of four need be looked at.
  for (std::size_t at = from + kGroup - 1; at < text.size(); at += kGroup) {
    if (!is_part(text[at])) continue;
    for (std::size_t begin = at + 1 - kGroup; begin <= at; ++begin)
      if (begins(begin))
        if (const std::size_t end = iban_end(text, begin)) return Range{begin, end};
  }
  return std::nullopt;
}

void find_ibans(std::string_view text, std::vector<Range>& found) {
  std::size_t from = 0;
  while (const auto range = next_iban(text, from)) {
    const bool alone = (range->begin == 0 || !is_in_word(text[range->begin - 1])) &&
                       (range->end == text.size() || !is_in_word(text[range->end]));
    if (alone) found.push_back(*range);
    from = alone ? range->end : range->begin + 1;
  }
}

}  // namespace sluice::mask
