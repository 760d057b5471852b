// SPDX-License-Identifier: Apache-2.0
#include "sql/names_in_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "sql/body_tokens.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

class Finder {
 public:
  void text(std::string_view text) {
    add_words(text);
    strings_of(text, true);
  }

  // Names outside of strings are told by whoever reads the statement.
  void strings_of(std::string_view text, bool with_names) {
    const auto tokens =
        depth_ > kDeepest ? std::optional<std::vector<BodyToken>>{} : tokens_of_body(text);
    if (!tokens) {
      found_.all = found_.all && !has_letters_by_number(text);
      return;
    }
    ++depth_;
    for (const BodyToken& token : *tokens) {
      const bool is_by_number = token.kind == BodyToken::Kind::kEscaped
                                    ? with_names || token.text == "'"
                                    : token.has_unknown_letters;
      found_.all = found_.all && !is_by_number;
      if (token.kind == BodyToken::Kind::kString) this->text(token.text);
    }
    --depth_;
  }

  void add_words(std::string_view text) {
    for (std::string& word : words_of(text)) found_.names.push_back(std::move(word));
    if (found_.names.size() > 2 * each_once_ + kFew) leave_each_once();
  }

  NamesInText found() {
    leave_each_once();
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kDeepest = 8;
  static constexpr std::size_t kFew = 4096;

  void leave_each_once() {
    std::sort(found_.names.begin(), found_.names.end());
    found_.names.erase(std::unique(found_.names.begin(), found_.names.end()), found_.names.end());
    each_once_ = found_.names.size();
  }

  NamesInText found_;
  std::size_t each_once_ = 0;  // so many there were when that was seen to
  std::size_t depth_ = 0;
};

}  // namespace

NamesInText names_in(std::string_view text) {
  Finder finder;
  finder.text(text);
  return finder.found();
}

NamesInText names_in_strings(std::string_view statement) {
  Finder finder;
  finder.add_words(from_first_string(statement));
  finder.strings_of(statement, false);
  return finder.found();
}

}  // namespace sluice::sql
