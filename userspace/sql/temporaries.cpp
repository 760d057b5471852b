// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>

#include "sql/users_code.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

struct Word {
  std::string text;  // as the server has it: in lower case where it is not quoted
  bool quoted = false;
  bool after_dot = false;
  bool is(std::initializer_list<std::string_view> words) const {
    return !quoted && std::find(words.begin(), words.end(), text) != words.end();
  }
};

// The words behind a place in a body as the server reads them there: without comments, and what
// stands in double quotes as one. Whatever else is between them is passed over, for the place may
// be in a string that is put together of several.
class WordsAhead {
 public:
  explicit WordsAhead(std::string_view text) : text_{text} {}

  bool begins_with_dot() const { return text_.starts_with('.'); }
  // A string has ended, or has a place for what is put in: format('%I').
  bool computes() const { return computes_; }

  std::optional<Word> next() {
    bool dot = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return Word{quoted(), true, dot};
      if (is_in_word(c)) return Word{word(), false, dot};
      if (is_next("--") || is_next("/*")) {
        pass_comment();
      } else {
        if (!is_space(c)) dot = c == '.';
        computes_ |= c == '\'' || c == '%';
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  static bool is_space(char c) {
    return std::string_view{" \t\r\n\f\v"}.find(c) != std::string_view::npos;
  }
  bool is_next(std::string_view sign) const { return text_.substr(at_, sign.size()) == sign; }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_in_word(text_[at_])) ++at_;
    return lower_case(text_.substr(begin, at_ - begin));
  }

  std::string quoted() {
    std::string name;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && !is_next("\"\"")) break;
      if (text_[at_] == '"') ++at_;
      name += text_[at_];
    }
    ++at_;
    return name;
  }

  void pass_comment() {
    if (is_next("--")) {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      return;
    }
    std::size_t depth = 0;
    do {
      const bool begins = is_next("/*"), ends = is_next("*/");
      depth += begins ? 1 : 0;
      depth -= ends ? 1 : 0;
      at_ += begins || ends ? 2 : 1;
    } while (depth != 0 && at_ < text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool computes_ = false;
};

// The table that has such a column has a sequence, too.
bool is_of_sequence(std::string_view word) {
  constexpr std::array words{std::string_view{"serial"},   std::string_view{"bigserial"},
                             std::string_view{"serial2"},  std::string_view{"smallserial"},
                             std::string_view{"serial4"},  std::string_view{"serial8"},
                             std::string_view{"identity"}, std::string_view{"including"}};
  return std::find(words.begin(), words.end(), word) != words.end();
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool is_kind(const Word& word) { return word.is({"table", "view", "sequence"}); }

// Behind TEMP or TEMPORARY.
void add_behind_temp(WordsAhead ahead, std::vector<std::string>& names) {
  auto name = ahead.next();
  bool made = false;
  while (name && (is_kind(*name) || name->is({"recursive", "if", "not", "exists"}))) {
    made |= is_kind(*name);
    name = ahead.next();
  }
  if (made && ahead.computes()) add(names, {});
  if (!name) return;
  for (auto part = ahead.next(); part && part->after_dot; part = ahead.next()) name = part;
  add(names, name->text);
}

// Behind CREATE, without a schema: it is temporary where search_path begins with pg_temp.
void add_behind_create(WordsAhead ahead, std::vector<std::string>& names) {
  auto name = ahead.next();
  while (name && name->is({"or", "replace", "unlogged", "recursive"})) name = ahead.next();
  if (!name || !is_kind(*name)) return;
  do name = ahead.next();
  while (name && name->is({"if", "not", "exists"}));
  if (ahead.computes()) add(names, {});
  const auto part = ahead.next();
  if (name && (!part || !part->after_dot)) add(names, name->text);
}

// Behind pg_temp. False if it is no schema of a name, but one of search_path.
bool add_behind_schema(WordsAhead ahead, std::vector<std::string>& names) {
  const bool is_dot = ahead.begins_with_dot();
  const auto name = ahead.next();
  if (name && name->after_dot)
    add(names, name->text);
  else if (is_dot)
    add(names, {});
  return is_dot || (name && name->after_dot);
}

}  // namespace

std::vector<std::string> temporaries_in(std::string_view body) {
  constexpr std::size_t kAheadBytesMax = 4096;
  std::vector<std::string> names, created;
  bool in_path = false, sequences = false;
  for (std::size_t at = 0, end = 0; at < body.size(); at = end + 1) {
    end = at;
    while (end < body.size() && is_in_word(body[end])) ++end;
    if (end == at) continue;
    const std::string word = lower_case(body.substr(at, end - at));
    const std::size_t quote = body.substr(end, 1) == "\"" ? 1 : 0;
    WordsAhead ahead{body.substr(end + quote, kAheadBytesMax)};
    sequences |= is_of_sequence(word);
    if (word == "temp" || word == "temporary") {
      add_behind_temp(ahead, names);
    } else if (word == "create") {
      add_behind_create(ahead, created);
    } else if (word == "pg_temp") {
      in_path |= !add_behind_schema(ahead, names);
    }
  }
  if (in_path)
    for (const std::string& name : created) add(names, name);
  if (sequences && !names.empty()) add(names, {});
  return names;
}

void find_temporaries_of_calls(Facts& facts) {
  const Statement& statement = facts.statement();
  const Catalog& catalog = facts.catalog();
  const bool calls = statement.actions.has(Action::kCall);
  const bool writes = changes_rows(statement.actions);
  if (!calls && !writes) return;
  std::vector<std::string> names;
  const auto add_all = [&](const auto& found) {
    if (!facts.spend(found.size())) return;
    for (const auto* one : found)
      for (const std::string& name : one->temporaries) add(names, name);
  };
  for (const ObjectRef& object : statement.objects) {
    if (calls && object.kind == ObjectRef::Kind::kFunction)
      add_all(catalog.functions_named(object.name));
    if (writes && object.kind == ObjectRef::Kind::kTable)
      add_all(catalog.relations_named(object.name));
  }
  for (std::string& name : names) {
    if (name.empty()) {
      // Else nothing could be written any more by whoever has called such a function.
      facts.statement().makes_anything |= catalog.any_sensitive();
      continue;
    }
    CatalogChange change;
    change.name = std::move(name);
    change.temporary = true;
    change.certain = false;
    change.relkind = '?';
    facts.changes(std::move(change));
  }
}

}  // namespace sluice::sql
