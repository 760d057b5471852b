// SPDX-License-Identifier: Apache-2.0
#include "sql/body_tokens.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "sql/words.h"

namespace sluice::sql {
namespace {

using Kind = BodyToken::Kind;

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
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool is_next(std::string_view sign) const { return rest().starts_with(sign); }

  void add(Kind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), std::exchange(unknown_letters_, false)});
  }

  void next() {
    const char c = text_[at_];
    const char lower = static_cast<char>(c | 0x20);
    if (is_space(c)) {
      ++at_;
    } else if (is_next("--")) {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (is_next("/*")) {
      pass_comment();
    } else if (lower == 'u' &&
               (rest().substr(1).starts_with("&'") || rest().substr(1).starts_with("&\""))) {
      at_ += 2;
      const char quote = text_[at_];
      do {
        quoted(quote);
      } while (whole_ && quote == '\'' && is_continued());
      add(Kind::kEscaped, {quote});
    } else if (is_digit(c, 10)) {
      number();
    } else if (lower == 'e' && rest().substr(1).starts_with("'")) {
      ++at_;
      std::string text = with_escapes();
      while (whole_ && is_continued()) text += with_escapes();
      add(Kind::kString, std::move(text));
    } else if (c == '\'' || c == '"') {
      std::string text = quoted(c);
      while (whole_ && c == '\'' && is_continued()) text += quoted(c);
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

  // Digits alone: a string in dollars may stand behind them, and before PostgreSQL 15 any word.
  void number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_], 10)) ++at_;
    add(Kind::kWord, std::string{text_.substr(begin, at_ - begin)});
  }

  // With the escapes that it began with. Stands on the next quote then.
  bool is_continued() {
    const std::size_t quote = string_goes_on(text_, at_);
    if (quote == std::string_view::npos) return false;
    at_ = quote;
    return true;
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

  // E'...'.
  std::string with_escapes() {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' && !is_next("''")) break;
      if (c == '\'') ++at_;
      if (c == '\\')
        escaped(text);
      else
        text += c;
    }
    whole_ = whole_ && at_ < text_.size();
    ++at_;
    return text;
  }

  // Stands on the last letter of the escape then.
  void escaped(std::string& text) {
    if (++at_ >= text_.size()) return;
    const char c = text_[at_];
    constexpr std::string_view kSpaces = "bfnrt";
    if (const std::size_t space = kSpaces.find(c); space != std::string_view::npos)
      text += "\b\f\n\r\t"[space];
    else if (is_digit(c, 8))
      add_byte(text, by_number(at_, 8, 3));
    else if (c == 'x' && is_digit(text_.substr(at_ + 1, 1).empty() ? ' ' : text_[at_ + 1], 16))
      add_byte(text, by_number(at_ + 1, 16, 2));
    else if (c == 'u' || c == 'U')
      add_letter(text, by_number(at_ + 1, 16, c == 'u' ? 4 : 8));
    else
      text += c;
  }

  // Several of them may be one letter.
  void add_byte(std::string& text, std::uint32_t byte) {
    byte &= 0xff;
    unknown_letters_ = unknown_letters_ || byte >= 0x80;
    text += static_cast<char>(byte);
  }

  void add_letter(std::string& text, std::uint32_t letter) {
    const auto following = [&](unsigned shift) {
      return static_cast<char>(0x80 | ((letter >> shift) & 0x3f));
    };
    if (letter < 0x80) {
      text += static_cast<char>(letter);
    } else if (letter < 0x800) {
      text += {static_cast<char>(0xc0 | (letter >> 6)), following(0)};
    } else if (letter < 0xd800 || (letter >= 0xe000 && letter < 0x10000)) {
      text += {static_cast<char>(0xe0 | (letter >> 12)), following(6), following(0)};
    } else if (letter >= 0x10000 && letter < 0x110000) {
      text += {static_cast<char>(0xf0 | (letter >> 18)), following(12), following(6), following(0)};
    } else {  // half of one
      unknown_letters_ = true;
      text += static_cast<char>(0x80);
    }
  }

  std::uint32_t by_number(std::size_t from, unsigned base, std::size_t digits_max) {
    std::size_t end = from;
    std::uint32_t number = 0;
    while (end < text_.size() && end - from < digits_max && is_digit(text_[end], base)) {
      const char c = text_[end++];
      number =
          number * base + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    at_ = end - 1;
    return number;
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
  bool unknown_letters_ = false;  // in the string that is being read
  std::vector<BodyToken> tokens_;
};

}  // namespace

std::optional<std::vector<BodyToken>> tokens_of_body(std::string_view body) {
  return Cutter{body}.all();
}

}  // namespace sluice::sql
