// SPDX-License-Identifier: Apache-2.0
// Card numbers (ISO/IEC 7812) among other digits.
#include "mask/evidence.h"

#include <array>
#include <cstdint>

namespace sluice::mask {
namespace {

constexpr std::size_t kDigitsMin = 13;
constexpr std::size_t kDigitsMax = 19;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Prefixes of issuers, as a range of their first digits, and the lengths they give out.
struct Issuer {
  std::uint32_t first, last;
  std::uint8_t prefix_digits;
  std::uint8_t length_min, length_max;
};
constexpr std::array<Issuer, 28> kIssuers = {{
    {4, 4, 1, 16, 16},        // Visa
    {4, 4, 1, 18, 19},        // Visa
    {4, 4, 1, 13, 13},        // Visa, of old
    {51, 55, 2, 16, 16},      // Mastercard
    {2221, 2720, 4, 16, 16},  // Mastercard
    {34, 34, 2, 15, 15},      // American Express
    {37, 37, 2, 15, 15},      // American Express
    {6011, 6011, 4, 16, 19},  // Discover
    {644, 649, 3, 16, 19},    // Discover
    {65, 65, 2, 16, 19},      // Discover
    {300, 305, 3, 14, 19},    // Diners Club
    {3095, 3095, 4, 14, 19},  // Diners Club
    {36, 36, 2, 14, 19},      // Diners Club
    {38, 39, 2, 14, 19},      // Diners Club
    {3528, 3589, 4, 16, 19},  // JCB
    {62, 62, 2, 16, 19},      // UnionPay
    {5018, 5018, 4, 13, 19},  // Maestro
    {5020, 5020, 4, 13, 19},  // Maestro
    {5038, 5038, 4, 13, 19},  // Maestro
    {5893, 5893, 4, 13, 19},  // Maestro
    {6304, 6304, 4, 13, 19},  // Maestro
    {6759, 6759, 4, 13, 19},  // Maestro
    {6761, 6763, 4, 13, 19},  // Maestro
    {2200, 2204, 4, 16, 19},  // Mir
    {60, 60, 2, 16, 16},      // RuPay
    {81, 82, 2, 16, 16},      // RuPay
    {508, 508, 3, 16, 16},    // RuPay
    {9792, 9792, 4, 16, 16},  // Troy
}};

struct Digits {
  std::array<std::uint8_t, kDigitsMax> value{};
  std::size_t count = 0;
};

bool has_right_check_digit(const Digits& digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.count; ++i) {
    unsigned digit = digits.value[digits.count - 1 - i];
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

bool has_known_issuer(const Digits& digits) {
  for (const Issuer& issuer : kIssuers) {
    if (digits.count < issuer.length_min || digits.count > issuer.length_max) continue;
    std::uint32_t prefix = 0;
    for (std::size_t i = 0; i < issuer.prefix_digits; ++i) prefix = prefix * 10 + digits.value[i];
    if (prefix >= issuer.first && prefix <= issuer.last) return true;
  }
  return false;
}

bool is_card(const Digits& digits) {
  return digits.count >= kDigitsMin && has_known_issuer(digits) && has_right_check_digit(digits);
}

// The longest card number that begins with the group at `begin` and ends with a group. Groups of a
// printed card have 4 to 7 digits, but for the last; a list of small numbers is no card.
std::size_t card_end(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::size_t kGroupMin = 4;
  Digits digits;
  std::size_t found = 0;
  std::size_t at = begin;
  while (at < end) {
    const std::size_t group = at;
    while (at < end && is_digit(text[at])) {
      if (digits.count == kDigitsMax) return found;
      digits.value[digits.count++] = static_cast<std::uint8_t>(text[at++] - '0');
    }
    if (is_card(digits)) found = at;
    if (at - group < kGroupMin) break;
    if (at < end) ++at;  // the separator
  }
  return found;
}

// Digits before a decimal point's other side belong to a number, not to a card.
bool is_fraction(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin > 1 && text[begin - 1] == '.' && is_digit(text[begin - 2]);
  const bool after = end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1]);
  return before || after;
}

// Of the run: digits with single separators between them.
void find_in_run(std::string_view text, const Range& run, std::vector<Range>& found) {
  std::size_t at = run.begin;
  while (at < run.end) {
    const std::size_t stop = card_end(text, at, run.end);
    if (stop != 0 && !is_fraction(text, at, stop)) {
      found.push_back({at, stop});
      at = stop;
    }
    while (at < run.end && is_digit(text[at])) ++at;
    if (at < run.end) ++at;  // the separator
  }
}

// The run around the digit at `inside`, and how many digits it has.
struct Run {
  Range range;
  std::size_t digits = 0;
};
Run run_around(std::string_view text, std::size_t inside) {
  const auto separates = [&](std::size_t at) { return text[at] == ' ' || text[at] == '-'; };
  Run run{{inside, inside + 1}, 1};
  for (std::size_t at = inside; at > 0;) {
    if (is_digit(text[at - 1]))
      --at;
    else if (at > 1 && separates(at - 1) && is_digit(text[at - 2]))
      at -= 2;
    else
      break;
    run.range.begin = at;
    ++run.digits;
  }
  for (std::size_t at = inside + 1; at < text.size();) {
    if (!is_digit(text[at]) && !(separates(at) && at + 1 < text.size() && is_digit(text[++at])))
      break;
    run.range.end = ++at;
    ++run.digits;
  }
  return run;
}

}  // namespace

std::optional<Range> next_digit_run(std::string_view text, std::size_t from) {
  // Of two neighbours in a run one is a digit. So of kStep pairs in a row one lies in a run of
  // kDigitsMin digits that begins among them, and the others need not be looked at.
  constexpr std::size_t kStep = kDigitsMin - 1;
  std::size_t at = from + kStep - 1;
  while (at + 1 < text.size()) {
    const bool first = is_digit(text[at]);
    if (!first && !is_digit(text[at + 1])) {
      at += kStep;
      continue;
    }
    const Run run = run_around(text, first ? at : at + 1);
    if (run.digits >= kDigitsMin) return run.range;
    at = run.range.end + kStep - 1;
  }
  return std::nullopt;
}

void find_cards(std::string_view text, std::vector<Range>& found) {
  std::size_t from = 0;
  while (const auto run = next_digit_run(text, from)) {
    find_in_run(text, *run, found);
    from = run->end;
  }
}

}  // namespace sluice::mask
