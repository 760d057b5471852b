// SPDX-License-Identifier: Apache-2.0
#include "sql/body_tokens.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "sql/words.h"

namespace sluice::sql {
namespace {

using Kind = BodyToken::Kind;

bool is_space(char c) { return std::string_view{" \t\r\n\f\v"}.find(c) != std::string_view::npos; }

bool is_digit(char c, unsigned base) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0') < base;
  const char lower = static_cast<char>(c | 0x20);
  return base == 16 && lower >= 'a' && lower <= 'f';
}

class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_{text} {}

  std::optional<std::vector<BodyToken>> all() {
    while (whole_ && at_ < text_.size()) next();
    if (!whole_) return std::nullopt;
    if (!tokens_.empty()) tokens_.back().touches_next = ends_in_token_;
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool is_next(std::string_view sign) const { return rest().starts_with(sign); }

  void add(Kind kind, std::string text) {
    if (!tokens_.empty()) tokens_.back().touches_next = ends_in_token_;
    tokens_.push_back({kind, std::move(text)});
    ends_in_token_ = true;
  }

  void next() {
    const char c = text_[at_];
    const char lower = static_cast<char>(c | 0x20);
    if (is_space(c)) {
      ++at_;
      ends_in_token_ = false;
    } else if (is_next("--")) {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      ends_in_token_ = false;
    } else if (is_next("/*")) {
      pass_comment();
      ends_in_token_ = false;
    } else if (lower == 'u' &&
               (rest().substr(1).starts_with("&'") || rest().substr(1).starts_with("&\""))) {
      at_ += 2;
      quoted(text_[at_]);
      add(Kind::kEscaped, {});
    } else if (lower == 'e' && rest().substr(1).starts_with("'")) {
      ++at_;
      std::string text = with_escapes();
      add(Kind::kString, std::move(text));
    } else if (c == '\'' || c == '"') {
      std::string text = quoted(c);
      add(c == '"' ? Kind::kName : Kind::kString, std::move(text));
    } else if (c == '$') {
      dollar();
    } else if (is_in_word(c)) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_in_word(text_[at_])) ++at_;
      add(Kind::kWord, lower_case(text_.substr(begin, at_ - begin)));
    } else {
      ++at_;
      add(Kind::kSign, {c});
    }
  }

  std::string quoted(char quote) {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote && text_.substr(at_ + 1, 1) != std::string_view{&quote, 1}) break;
      if (text_[at_] == quote) ++at_;
      text += text_[at_];
    }
    whole_ = whole_ && at_ < text_.size();
    ++at_;
    return text;
  }

  // E'...'. Of letters beyond ASCII it is enough that there is one.
  std::string with_escapes() {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' && !is_next("''")) break;
      if (c == '\'') ++at_;
      text += c == '\\' ? escaped() : c;
    }
    whole_ = whole_ && at_ < text_.size();
    ++at_;
    return text;
  }

  // Stands on the last letter of the escape then.
  char escaped() {
    if (++at_ >= text_.size()) return ' ';
    const char c = text_[at_];
    if (std::string_view{"bfnrt"}.find(c) != std::string_view::npos) return ' ';
    if (is_digit(c, 8)) return by_number(at_, 8, 3);
    if (c == 'x') return by_number(at_ + 1, 16, 2);
    if (c == 'u') return by_number(at_ + 1, 16, 4);
    if (c == 'U') return by_number(at_ + 1, 16, 8);
    return c;
  }

  char by_number(std::size_t from, unsigned base, std::size_t digits_max) {
    std::size_t end = from;
    std::uint32_t number = 0;
    while (end < text_.size() && end - from < digits_max && is_digit(text_[end], base)) {
      const char c = text_[end++];
      number =
          number * base + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    at_ = end - 1;
    return number < 0x80 ? static_cast<char>(number) : static_cast<char>(0x80);
  }

  void dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_in_word(text_[end]) && text_[end] != '$') ++end;
    const bool is_number = is_digit(text_.substr(at_ + 1, 1).empty() ? ' ' : text_[at_ + 1], 10);
    if (is_number || end >= text_.size() || text_[end] != '$') {
      ++at_;
      add(Kind::kSign, "$");
      return;
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t closing = text_.find(tag, end + 1);
    whole_ = whole_ && closing != std::string_view::npos;
    if (!whole_) return;
    add(Kind::kString, std::string{text_.substr(end + 1, closing - end - 1)});
    at_ = closing + tag.size();
  }

  void pass_comment() {
    std::size_t depth = 0;
    do {
      const bool begins = is_next("/*"), ends = is_next("*/");
      depth += begins ? 1 : 0;
      depth -= ends ? 1 : 0;
      at_ += begins || ends ? 2 : 1;
    } while (depth != 0 && at_ < text_.size());
    whole_ = whole_ && depth == 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool whole_ = true;
  bool ends_in_token_ = false;
  std::vector<BodyToken> tokens_;
};

}  // namespace

std::optional<std::vector<BodyToken>> tokens_of_body(std::string_view body) {
  return Cutter{body}.all();
}

}  // namespace sluice::sql
