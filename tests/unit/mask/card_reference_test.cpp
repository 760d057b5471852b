// SPDX-License-Identifier: Apache-2.0
// Card numbers, found by the plainest code that does what evidence.h says, in texts at random.
#include "mask/evidence.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::mask {
namespace {

bool digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool luhn(std::string_view digits) {
  static constexpr std::array<int, 10> kDoubled = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
  int sum = 0;
  bool doubled = false;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c, doubled = !doubled)
    sum += doubled ? kDoubled[static_cast<std::size_t>(*c - '0')] : *c - '0';
  return sum % 10 == 0;
}

// By the tables that issuers publish: prefix from, prefix to, and lengths.
bool issued(std::string_view digits) {
  struct Range {
    const char *from, *to;
    std::size_t shortest, longest;
  };
  static constexpr Range kRanges[] = {
      {"4", "4", 13, 13},       {"4", "4", 16, 16},       {"4", "4", 18, 19},
      {"51", "55", 16, 16},     {"2221", "2720", 16, 16}, {"34", "34", 15, 15},
      {"37", "37", 15, 15},     {"6011", "6011", 16, 19}, {"644", "649", 16, 19},
      {"65", "65", 16, 19},     {"300", "305", 14, 19},   {"3095", "3095", 14, 19},
      {"36", "36", 14, 19},     {"38", "39", 14, 19},     {"3528", "3589", 16, 19},
      {"62", "62", 16, 19},     {"5018", "5018", 13, 19}, {"5020", "5020", 13, 19},
      {"5038", "5038", 13, 19}, {"5893", "5893", 13, 19}, {"6304", "6304", 13, 19},
      {"6759", "6759", 13, 19}, {"6761", "6763", 13, 19}, {"2200", "2204", 16, 19},
      {"60", "60", 16, 16},     {"81", "82", 16, 16},     {"508", "508", 16, 16},
      {"9792", "9792", 16, 16}};
  for (const Range& range : kRanges) {
    const std::string_view from = range.from, to = range.to;
    const std::string_view prefix = digits.substr(0, from.size());
    if (digits.size() >= range.shortest && digits.size() <= range.longest && prefix >= from &&
        prefix <= to)
      return true;
  }
  return false;
}

// The longest card that begins with a group at `begin`: 0 where there is none.
std::size_t longest_card(std::string_view text, std::size_t begin) {
  std::size_t found = 0;
  std::string digits;
  for (std::size_t at = begin;;) {
    std::size_t end = at;
    while (digit(text, end)) ++end;
    digits += text.substr(at, end - at);
    if (digits.size() > 19) return found;
    if (digits.size() >= 13 && issued(digits) && luhn(digits)) found = end;
    const bool goes_on = end - at >= 4 && end < text.size() &&
                         (text[end] == ' ' || text[end] == '-') && digit(text, end + 1);
    if (!goes_on) return found;
    at = end + 1;
  }
}

std::vector<std::pair<std::size_t, std::size_t>> plain_look(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = digit(text, at) && (at == 0 || !digit(text, at - 1));
    const std::size_t end = begins ? longest_card(text, at) : 0;
    const bool fraction = (at > 1 && text[at - 1] == '.' && digit(text, at - 2)) ||
                          (digit(text, end + 1) && text[end] == '.');
    if (end != 0 && !fraction) {
      found.emplace_back(at, end);
      at = end;
    } else {
      ++at;
    }
  }
  return found;
}

class Texts {
 public:
  explicit Texts(unsigned seed) : random_(seed) {}

  std::string next() {
    std::string text;
    for (std::size_t parts = below(6); parts > 0; --parts) text += part();
    return text;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  std::string digits(std::size_t count) {
    std::string out;
    while (count-- > 0) out += static_cast<char>('0' + below(10));
    return out;
  }
  // With a right check digit, whole or in groups.
  std::string card() {
    static constexpr std::string_view kPrefixes[] = {"4",    "52", "2221", "2720", "34",  "37",
                                                     "6011", "65", "36",   "3589", "62",  "5018",
                                                     "6763", "81", "9792", "1",    "2721"};
    std::string out{kPrefixes[below(std::size(kPrefixes))]};
    out += digits(12 + below(9) - out.size());
    for (char c = '0'; c <= '9'; ++c)
      if (luhn(out + c)) {
        out += c;
        break;
      }
    if (below(2) == 0) return out;
    const char separator = below(2) == 0 ? ' ' : '-';
    const std::size_t group = 3 + below(4);
    for (std::size_t at = group; at < out.size(); at += group + 1) out.insert(at, 1, separator);
    return out;
  }
  std::string part() {
    static constexpr std::string_view kOther[] = {" ", "-", "  ", ".", ",", "x", "\n", "- ", "é"};
    switch (below(4)) {
      case 0: return card();
      case 1: return digits(1 + below(22));
      default: return std::string{kOther[below(std::size(kOther))]};
    }
  }

  std::minstd_rand random_;
};

TEST(CardNumbers, AreThoseThatAPlainLookFinds) {
  Texts texts{20261127};
  std::size_t found = 0;
  for (int round = 0; round < 300'000; ++round) {
    const std::string text = texts.next();
    std::vector<Range> ranges;
    find_cards(text, ranges);
    std::vector<std::pair<std::size_t, std::size_t>> cards;
    for (const Range& range : ranges) cards.emplace_back(range.begin, range.end);
    ASSERT_EQ(cards, plain_look(text)) << text;
    found += cards.size();
  }
  EXPECT_GT(found, 20'000U);
}

}  // namespace
}  // namespace sluice::mask
