// SPDX-License-Identifier: Apache-2.0
#include "sql/shape.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::sql {
namespace {

constexpr char kInteger = '\x01';  // these two stand in no text that has a shape
constexpr char kString = '\x02';
constexpr std::size_t kInt4DigitsMax = 9;  // all of that length fit

enum class Class : std::uint8_t { kOther, kDigit, kWord, kQuote, kRefused };

constexpr std::array<Class, 256> make_classes() {
  std::array<Class, 256> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (c >= '0' && c <= '9')
      classes[c] = Class::kDigit;
    else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
      classes[c] = Class::kWord;
    else if (c == '\'')
      classes[c] = Class::kQuote;
    else if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c > '~' || c == '"' || c == '$' ||
             c == '\\')
      classes[c] = Class::kRefused;
  }
  return classes;
}
constexpr std::array<Class, 256> kClasses = make_classes();

Class class_of(char c) { return kClasses[static_cast<std::uint8_t>(c)]; }

// One past the quote that ends the string which begins at `at`; npos where it is not of printable
// ASCII on one line, or has no end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    const char c = text[at];
    if (c < ' ' || c > '~' || c == '\\') break;
    if (c != '\'') continue;
    if (at + 1 == text.size() || text[at + 1] != '\'') return at + 1;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

bool shape_of(std::string_view text, std::string& shape) {
  shape.clear();
  bool found = false;
  char before = ' ';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const Class kind = class_of(c);
    if (kind == Class::kRefused) return false;
    if ((c == '-' && before == '-') || (c == '*' && before == '/')) return false;
    std::size_t end = at + 1;
    if (kind == Class::kQuote) {
      // E'', B'', X'', N'' and U&'' are other literals.
      const Class beside = class_of(before);
      if (beside == Class::kWord || beside == Class::kDigit || before == '&') return false;
      end = end_of_string(text, at);
      if (end == std::string_view::npos) return false;
      shape.push_back(kString);
      found = true;
    } else if (kind == Class::kDigit || kind == Class::kWord) {
      // A word, or a number with all that clings to it.
      while (end < text.size() &&
             (class_of(text[end]) == Class::kDigit || class_of(text[end]) == Class::kWord))
        ++end;
      const std::string_view token = text.substr(at, end - at);
      const bool whole = kind == Class::kDigit && token.size() <= kInt4DigitsMax &&
                         token.find_first_not_of("0123456789") == std::string_view::npos;
      const bool plain = before != '.' && (end == text.size() || text[end] != '.');
      if (whole && plain) {
        shape.push_back(kInteger);
        found = true;
      } else {
        shape.append(token);
      }
    } else {
      shape.push_back(c);
    }
    before = text[end - 1];
    at = end;
  }
  return found;
}

bool stands_for_its_shape(const Analysis& analysis) {
  if (analysis.statements.size() != 1 || analysis.literals_matter) return false;
  if (!analysis.statements.front().uses.empty()) return false;
  switch (analysis.statements.front().kind) {
    case StatementKind::kSelect:
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete: return true;
    default: return false;
  }
}

}  // namespace sluice::sql
