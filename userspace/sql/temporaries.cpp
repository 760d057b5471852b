// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>

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

std::vector<Word> words_in_order(std::string_view text) {
  std::vector<Word> words;
  bool dot = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    Word word;
    word.after_dot = dot;
    if (text[at] == '"') {
      const std::size_t closing = std::min(text.find('"', end), text.size());
      word.text = text.substr(end, closing - end);
      word.quoted = true;
      end = std::min(closing + 1, text.size());
    } else if (is_in_word(text[at])) {
      while (end < text.size() && is_in_word(text[end])) ++end;
      word.text = lower_case(text.substr(at, end - at));
    }
    const std::string_view spaces = " \t\r\n\f\v";
    if (spaces.find(text[at]) == std::string_view::npos) dot = text[at] == '.';
    if (!word.text.empty()) words.push_back(std::move(word));
    at = end;
  }
  return words;
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool writes_rows(const ActionSet& actions) {
  return actions.has(Action::kInsert) || actions.has(Action::kUpdate) ||
         actions.has(Action::kDelete);
}

}  // namespace

std::vector<std::string> temporaries_in(std::string_view body) {
  std::vector<std::string> names;
  const std::vector<Word> words = words_in_order(body);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool schema = words[at].text == "pg_temp";
    if (!schema && !words[at].is({"temp", "temporary"})) continue;
    std::size_t name = at + 1;
    while (name < words.size() &&
           words[name].is({"table", "view", "sequence", "recursive", "if", "not", "exists"}))
      ++name;
    while (name + 1 < words.size() && words[name + 1].after_dot) ++name;
    if (name < words.size() && (!schema || words[name].after_dot)) add(names, words[name].text);
  }
  return names;
}

void find_temporaries_of_calls(Facts& facts) {
  const Statement& statement = facts.statement();
  const Catalog& catalog = facts.catalog();
  const bool calls = statement.actions.has(Action::kCall);
  const bool writes = writes_rows(statement.actions);
  if (!catalog.any_sensitive() || (!calls && !writes)) return;
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
    CatalogChange change;
    change.name = std::move(name);
    change.temporary = true;
    change.certain = false;
    change.relkind = '?';
    facts.changes(std::move(change));
  }
}

}  // namespace sluice::sql
