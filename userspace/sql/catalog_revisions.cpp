// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: by what it is seen whether a relation, a function or a type is still what it was,
// and what a function may reach by the words of its body.
#include <algorithm>
#include <charconv>

#include "sql/catalog_builder.h"

namespace sluice::sql {
namespace {

// Longer ones the server cuts, and cannot have.
constexpr std::size_t kNameBytesMax = 63;

bool in_word(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         (c & 0x80) != 0;
}

std::string lower_case(std::string_view word) {
  std::string lower{word};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return lower;
}

// Whatever could be a name in it, in strings and comments too: what is in them may be run.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  const auto add = [&words](std::string word) {
    if (!word.empty() && word.size() <= kNameBytesMax) words.push_back(std::move(word));
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"') {
      if (const std::size_t closing = text.find('"', end); closing != std::string_view::npos)
        add(std::string{text.substr(end, closing - end)});
    } else if (in_word(text[at])) {
      while (end < text.size() && in_word(text[end])) ++end;
      add(std::string{text.substr(at, end - at)});
      add(lower_case(text.substr(at, end - at)));
    }
    at = end;
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// In whatever order the parts came.
std::string joined(std::vector<std::string>& parts) {
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) text.append(part).append(";");
  return text;
}

}  // namespace

Result<void> CatalogBuilder::add_revision(CatalogRow row) {
  Oid oid = 0;
  const std::string_view kind = row[0].value_or(""), number = row[1].value_or(""),
                         text = row[2].value_or("");
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), oid);
  if (code != std::errc{} || end != number.data() + number.size())
    return Error{"the catalogue gave no number as what was written"};
  if (kind == "b" && !row[2]) {
    unread_bodies_.insert(oid);
    return {};
  }
  if (kind == "b") {
    std::vector<std::string>& words = words_of_functions_[oid];
    for (std::string& word : words_of(text)) words.push_back(std::move(word));
    return {};
  }
  Texts& texts = kind == "r"   ? relation_revisions_
                 : kind == "f" ? function_revisions_
                 : kind == "t" ? type_revisions_
                               : words_of_functions_;
  texts[oid].emplace_back(text);
  return {};
}

void CatalogBuilder::attach_revisions() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) {
    by_oid.emplace(relation.oid, &relation);
    if (const auto found = relation_revisions_.find(relation.oid);
        found != relation_revisions_.end())
      relation.revision = joined(found->second);
  }
  for (const auto& [name, oid] : tables_on_)
    if (const auto found = by_oid.find(oid); found != by_oid.end())
      found->second->stands_on.push_back(name);
  for (auto& [oid, parts] : type_revisions_) catalog_->type_revisions_.emplace(oid, joined(parts));
  const auto of_users = [this](const std::string& name) {
    const auto relations = catalog_->relations_named(name);
    const auto functions = catalog_->functions_named(name);
    return std::any_of(relations.begin(), relations.end(),
                       [](const Relation* one) { return one->oid >= kFirstUserOid; }) ||
           std::any_of(functions.begin(), functions.end(),
                       [](const Function* one) { return one->oid >= kFirstUserOid; });
  };
  for (Function& function : catalog_->functions_) {
    function.names_unread = unread_bodies_.contains(function.oid);
    if (const auto found = function_revisions_.find(function.oid);
        found != function_revisions_.end())
      function.revision = joined(found->second);
    if (const auto found = words_of_functions_.find(function.oid);
        found != words_of_functions_.end())
      for (std::string& word : found->second)
        if (of_users(word)) function.names.push_back(std::move(word));
  }
  relation_revisions_.clear();
  function_revisions_.clear();
  type_revisions_.clear();
  words_of_functions_.clear();
}

}  // namespace sluice::sql
