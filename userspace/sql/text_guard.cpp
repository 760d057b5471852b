// SPDX-License-Identifier: Apache-2.0
#include "sql/text_guard.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sql/words.h"

namespace sluice::sql {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view word) {
  return a.size() == word.size() &&
         std::equal(a.begin(), a.end(), word.begin(), [](char x, char y) { return lower(x) == y; });
}

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Splits a text into tokens as far as nesting needs it: strings, quoted names and comments are
// passed over whole.
class Tokens {
 public:
  // `backslashes`: they escape in every string, as where standard_conforming_strings is off.
  explicit Tokens(std::string_view text, bool backslashes = false)
      : text_(text), backslashes_(backslashes) {}

  std::size_t position() const { return at_; }
  // Characters that PostgreSQL's scanner will look at again and again: at each sign of a row of
  // operator signs it reads the row to its end, and of what may be an operator each part.
  std::size_t looked_at() const { return looked_at_; }
  // "" at the end. A string or quoted name is given as its first character.
  std::string_view next() {
    skip_blank();
    if (at_ >= text_.size()) return {};
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (c == '\'') return quoted(begin, c, backslashes_);
    if (c == '"') return quoted(begin, c, false);
    if (c == '$' && dollar_quoted()) return text_.substr(begin, 1);
    if (is_word_start(c)) return word(begin);
    if (is_digit(c)) return number(begin);
    if (is_operator_sign(c)) {
      const std::size_t length = operator_end(at_) - at_;
      looked_at_ += length * length + signs_end(at_) - at_;
    }
    ++at_;
    return text_.substr(begin, 1);
  }

 private:
  // Where the row of operator signs ends that the one at `at` is in.
  std::size_t signs_end(std::size_t at) {
    if (at >= signs_end_) {
      signs_end_ = at;
      while (signs_end_ < text_.size() && is_operator_sign(text_[signs_end_])) ++signs_end_;
    }
    return signs_end_;
  }
  // A comment ends what may be an operator.
  std::size_t operator_end(std::size_t at) {
    if (at >= operator_end_) {
      operator_end_ = at + 1;
      const auto begins_comment = [this](std::size_t place) {
        return text_.substr(place, 2) == "/*" || text_.substr(place, 2) == "--";
      };
      while (operator_end_ < signs_end(at) && !begins_comment(operator_end_)) ++operator_end_;
    }
    return operator_end_;
  }

  void skip_blank() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_, 2) == "--") {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        skip_comment();
      } else {
        return;
      }
    }
  }

  void skip_comment() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "/*") {
        looked_at_ += signs_end(at_) - at_;
        ++depth;
        at_ += 2;
      } else if (text_.substr(at_, 2) == "*/") {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  // Stands on the next quote then.
  bool is_continued() {
    const std::size_t next = string_goes_on(text_, at_);
    if (next == std::string_view::npos) return false;
    at_ = next;
    return true;
  }

  void pass_quoted(char quote, bool backslashes) {
    ++at_;
    while (at_ < text_.size()) {
      if (backslashes && text_[at_] == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (text_[at_] == quote) {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != quote) return;
        ++at_;
      } else {
        ++at_;
      }
    }
  }

  std::string_view quoted(std::size_t begin, char quote, bool backslashes) {
    do {
      pass_quoted(quote, backslashes);
    } while (quote == '\'' && is_continued());
    return text_.substr(begin, 1);
  }

  // Without letters: behind it a string in dollars may stand, or "$1.name" goes on.
  std::string_view number(std::size_t begin) {
    const auto digits = [this] {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    };
    digits();
    if (text_.substr(at_, 1) == ".") ++at_, digits();
    return text_.substr(begin, at_ - begin);
  }

  std::string_view word(std::size_t begin) {
    const bool may_escape = lower(text_[at_]) == 'e';
    if (may_escape && at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
      ++at_;
      return quoted(at_, '\'', true);
    }
    while (at_ < text_.size() && is_in_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool dollar_quoted() {
    std::size_t end = at_ + 1;
    if (end < text_.size() && is_word_start(text_[end]))
      while (end < text_.size() && is_in_word(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    return true;
  }

  std::string_view text_;
  bool backslashes_ = false;
  std::size_t at_ = 0;
  std::size_t signs_end_ = 0;
  std::size_t operator_end_ = 0;
  std::size_t looked_at_ = 0;
};

// One level of brackets.
struct Level {
  std::size_t chain = 0;     // tokens since something that cannot deepen the tree
  std::size_t sticky = 0;    // words that nest without brackets
  std::size_t betweens = 0;  // whose AND is to come
  std::size_t commas = 0;
  std::size_t copies = 1;  // how often the parser will copy what stands here
  bool has_set = false;
  bool may_be_targets = false;  // opened behind SET or a comma: perhaps "(a, b) = ..."
};

bool nests_without_brackets(std::string_view token) {
  for (const char* word : {"union", "intersect", "except", "join", "case", "not"})
    if (same_word(token, word)) return true;
  return false;
}

// PostgreSQL's parser gives "(a, b, ...) = source" of UPDATE one copy of the source per column when
// it is written out, so that nesting it multiplies. This bounds the written tree.
constexpr std::size_t kCopiedTokensMax = std::size_t{1} << 19;

// A tenth of a second of PostgreSQL's scanner. What people write needs about one look a character.
constexpr std::size_t kLookedAtMax = std::size_t{64} << 20;

}  // namespace

bool reads_alike(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return true;
  Tokens conforming{text}, escaping{text, true};
  for (;;) {
    const std::string_view token = conforming.next();
    escaping.next();
    if (conforming.position() != escaping.position()) return false;
    if (token.empty()) return true;
  }
}

bool is_valid_utf8(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  while (i < text.size()) {
    const std::uint8_t lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    const std::uint8_t second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

Result<void> check_shape(std::string_view text, const Limits& limits) {
  Tokens tokens{text};
  std::vector<Level> levels(1);
  std::size_t below = 0;  // depth of all levels under the top
  std::size_t copied = 0;
  std::string_view previous;
  std::size_t closed_columns = 0;
  bool closed_targets = false;
  for (auto token = tokens.next(); !token.empty(); previous = token, token = tokens.next()) {
    Level& top = levels.back();
    copied += top.copies;
    const bool opens = token == "(" || token == "[";
    const bool closes = token == ")" || token == "]";
    if (opens) {
      below += top.chain + top.sticky + 1;
      Level level;
      level.copies = top.copies;
      level.may_be_targets = top.has_set && (same_word(previous, "set") || previous == ",");
      levels.push_back(level);
    } else if (closes && levels.size() > 1) {
      closed_columns = top.commas + 1;
      closed_targets = top.may_be_targets;
      levels.pop_back();
      below -= levels.back().chain + levels.back().sticky + 1;
    } else if (token == ",") {
      top.chain = 0;
      ++top.commas;
    } else if (token == ";") {
      if (levels.size() == 1) top = Level{};
    } else if (top.betweens > 0 && same_word(token, "and")) {
      --top.betweens;
      ++top.chain;
    } else if (same_word(token, "and") || same_word(token, "or")) {
      top.chain = 0;
    } else if (nests_without_brackets(token)) {
      ++top.sticky;
    } else {
      ++top.chain;
      if (same_word(token, "set")) top.has_set = true;
      if (same_word(token, "between")) ++top.betweens;
      if (token == "=" && previous == ")" && closed_targets)
        top.copies = std::max(top.copies, std::min(kCopiedTokensMax, top.copies * closed_columns));
    }
    const Level& now = levels.back();
    if (below + now.chain + now.sticky > limits.token_nesting_max)
      return Error{"the statement is nested too deeply (limit " +
                   std::to_string(limits.token_nesting_max) + " operators and brackets)"};
    if (copied > kCopiedTokensMax)
      return Error{"the statement assigns to too many columns at once from nested sources"};
    if (tokens.looked_at() > kLookedAtMax) break;
  }
  if (tokens.looked_at() > kLookedAtMax)
    return Error{"the statement has rows of operator signs or comments too long to be read"};
  return {};
}

Result<void> check_text(std::string_view text, bool standard_conforming_strings,
                        std::string_view client_encoding, const Limits& limits) {
  if (text.size() > limits.statement_bytes_max)
    return Error{"the statement is longer than " + std::to_string(limits.statement_bytes_max) +
                 " bytes"};
  if (const auto at = text.find('\0'); at != std::string_view::npos)
    return Error{"the statement has a zero byte at " + std::to_string(at + 1)};
  const bool ascii = is_ascii(text);
  const bool utf8 = same_word(client_encoding, "utf8") || same_word(client_encoding, "utf-8") ||
                    same_word(client_encoding, "unicode");
  if (!ascii && !utf8)
    return Error{"the statement is not ASCII and the client encoding is '" +
                 std::string{client_encoding} + "': set client_encoding to UTF8"};
  if (!ascii && !is_valid_utf8(text)) return Error{"the statement is not valid UTF-8"};
  if (!standard_conforming_strings && text.find('\\') != std::string_view::npos)
    return Error{
        "the statement has a backslash while standard_conforming_strings is off: its meaning "
        "depends on settings of the server; set standard_conforming_strings to on"};
  return check_shape(text, limits);
}

}  // namespace sluice::sql
