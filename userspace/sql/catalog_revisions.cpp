// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: by what it is seen whether what a name stands for is still what it was,
// and what a function may reach by the words of its body.
#include <algorithm>
#include <charconv>

#include "sql/catalog_builder.h"
#include "sql/names_in_text.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

Result<Oid> number_of(std::string_view text) {
  Oid oid = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), oid);
  if (code != std::errc{} || end != text.data() + text.size())
    return Error{"the catalogue gave no number as what was written"};
  return oid;
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
  const std::string_view kind = row[0].value_or(""), number = row[1].value_or(""),
                         text = row[2].value_or("");
  SLUICE_TRY(const Oid oid, number_of(number));
  if (kind == "b" && !row[2]) {
    unread_bodies_.insert(oid);
    add_temporary(made_in_bodies_[oid].made, {}, false);
    return {};
  }
  if (kind == "b") {
    text_bodies_.insert(oid);
    NamesInText found = names_in(text);
    if (!found.all) escaped_bodies_.insert(oid);
    std::vector<std::string>& words = words_of_functions_[oid];
    for (std::string& word : found.names) words.push_back(std::move(word));
    made_in_bodies_[oid] = made_in_body(text);
    return {};
  }
  if (kind == "u") {
    rest_->run_unnamed.push_back(oid);
    return {};
  }
  if (kind == "p") {
    SLUICE_TRY(const Oid part, number_of(text));
    rest_->parts_of_types[oid].push_back(part);
    return {};
  }
  if (kind == "x" || kind == "s") {
    const std::size_t border = text.find('\x1f');
    if (border == std::string_view::npos) return Error{"the catalogue gave a revision of no name"};
    (kind == "x" ? name_revisions_ : schema_members_)[std::string{text.substr(0, border)}]
        .emplace_back(text.substr(border + 1));
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
  for (Relation& relation : catalog_->relations_) {
    if (const auto found = relation_revisions_.find(relation.oid);
        found != relation_revisions_.end())
      relation.revision = joined(found->second);
  }
  for (auto& [oid, parts] : type_revisions_) rest_->type_revisions.emplace(oid, joined(parts));
  for (auto& [name, parts] : name_revisions_) rest_->name_revisions.emplace(name, joined(parts));
  for (auto& [name, parts] : schema_members_) rest_->schema_members.emplace(name, joined(parts));
  for (const auto& [name, revision] : rest_->name_revisions)
    if (!name.empty() && is_operator_sign(name.front())) rest_->users_operators.push_back(name);
  for (const auto& [oid, name] : rest_->types) rest_->types_by_name[name].push_back(oid);
  for (Function& function : rest_->functions) {
    function.names_unread =
        unread_bodies_.contains(function.oid) || escaped_bodies_.contains(function.oid);
    if (const auto found = function_revisions_.find(function.oid);
        found != function_revisions_.end())
      function.revision = joined(found->second);
    if (const auto found = words_of_functions_.find(function.oid);
        found != words_of_functions_.end())
      function.names = catalog_->names_of_users(found->second);
  }
  relation_revisions_.clear();
  function_revisions_.clear();
  type_revisions_.clear();
  name_revisions_.clear();
  schema_members_.clear();
}

}  // namespace sluice::sql
