// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: whether what runs where no statement names it, or before the statement does, may
// change settings or relations, or the rows of such that a session has made. A function's body is
// read by its words, and what these name is followed: what it runs without naming it is among what
// is looked at anyway.
#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "sql/catalog_builder.h"
#include "sql/functions.h"

namespace sluice::sql {
namespace {

using Words = std::vector<std::string>;

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <std::size_t kCount>
bool has_any(const Words& words, const std::array<std::string_view, kCount>& of) {
  return std::any_of(of.begin(), of.end(), [&](std::string_view word) { return has(words, word); });
}

// By these a setting changes, whose name may be put together; or a text of any words runs.
constexpr std::array<std::string_view, 6> kSetting = {
    "client_encoding", "standard_conforming_strings", "pg_settings", "reset", "discard", "execute"};
constexpr std::array<std::string_view, 5> kNamedBySet = {"names", "datestyle", "intervalstyle",
                                                         "timezone", "zone"};
constexpr std::array<std::string_view, 3> kDefining = {"create", "alter", "drop"};
constexpr std::array<std::string_view, 6> kWriting = {"insert", "update",   "delete",
                                                      "merge",  "truncate", "copy"};

// Of PostgreSQL's own and of extensions in C.
bool is_setting_function(const Function& function) {
  const ActionSet actions = effect_of_function(function).actions;
  return function.name == "set_config" || actions.has(Action::kUnknown) ||
         actions.has(Action::kHost);
}

bool runs_words(const Function& function) {
  return function.language == "sql" || function.language == "plpgsql";
}

}  // namespace

bool CatalogBuilder::names_setting(const Function& function) const {
  const auto found = words_of_functions_.find(function.oid);
  if (found == words_of_functions_.end()) return false;
  const Words& words = found->second;
  if (has_any(words, kSetting) || (has(words, "set") && has_any(words, kNamedBySet))) return true;
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const auto named = catalog_->functions_named(word);
    return std::any_of(named.begin(), named.end(), [](const Function* one) {
      return of_postgres(*one) && is_setting_function(*one);
    });
  });
}

// By itself: what it calls is looked at, too.
bool CatalogBuilder::may_set(const Function& function) const {
  if (of_postgres(function)) return is_setting_function(function);
  if (function.kind == 'a') return false;
  const bool in_c = function.language == "c" || function.language == "internal";
  if (in_c && function.shipped) {
    const KnownFunction* known = known_function(function.name);
    return known != nullptr && is_setting_function(function);
  }
  if (!runs_words(function) || unread_bodies_.contains(function.oid) ||
      escaped_bodies_.contains(function.oid))
    return true;
  // Its tree was read for what it does (read_bodies), where it calls itself stable.
  if (!text_bodies_.contains(function.oid)) return function.volatility == 'v' || function.does_more;
  return names_setting(function);
}

// By itself, too: what it may write to, or drop, by the words of its body.
void CatalogBuilder::note_written(const Function& function) {
  bool& anything = rest_->unnamed_code_writes_anything;
  if (function.kind == 'a') return;
  const bool in_c = function.language == "c" || function.language == "internal";
  if (of_postgres(function) || (in_c && function.shipped)) {
    const bool known = of_postgres(function) || known_function(function.name) != nullptr;
    anything |= known && effect_of_function(function).actions.has(Action::kUnknown);
    return;
  }
  const auto found = words_of_functions_.find(function.oid);
  if (!runs_words(function) || unread_bodies_.contains(function.oid) ||
      escaped_bodies_.contains(function.oid)) {
    anything = true;
  } else if (!text_bodies_.contains(function.oid)) {
    anything |= function.volatility == 'v' || function.does_more;
  } else if (found != words_of_functions_.end()) {
    const Words& words = found->second;
    anything |= has(words, "execute");
    if (has_any(words, kWriting) || has_any(words, kDefining))
      rest_->written_by_unnamed_code.insert(words.begin(), words.end());
  }
}

// What may change when that one does: what a view stands on, heirs and parts, and by foreign keys.
std::vector<const Relation*> CatalogBuilder::written_with(const Relation& first) const {
  std::vector<const Relation*> found{&first};
  const auto add = [&](const Relation* relation) {
    if (relation != nullptr && std::find(found.begin(), found.end(), relation) == found.end())
      found.push_back(relation);
  };
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Relation& relation = *found[i];
    for (const Relation* of_family : relation.kin) add(of_family);
    for (const ForeignKey& key : relation.referenced_by) add(catalog_->relation(key.child));
    for (const std::string& below : relation.stands_on)
      for (const Relation* named : catalog_->relations_named(below)) add(named);
  }
  return found;
}

void CatalogBuilder::reach_from(const Function& function,
                                std::vector<const Function*>& reached) const {
  const auto reach = [&](std::span<const Function* const> functions) {
    for (const Function* one : functions)
      if (!of_postgres(*one)) reached.push_back(one);
  };
  const auto reach_of = [&](const Relation& relation) {
    for (const std::string& below : relation.stands_on) reach(catalog_->functions_named(below));
  };
  const auto words = words_of_functions_.find(function.oid);
  const bool writes = words != words_of_functions_.end() && has_any(words->second, kWriting);
  reach(function.parts);
  for (const std::string& name : function.names) {
    reach(catalog_->functions_named(name));
    for (const Relation* relation : catalog_->relations_named(name))
      if (writes)
        for (const Relation* written : written_with(*relation)) reach_of(*written);
      else if (relation->kind != 'r' && relation->kind != 'p')
        reach_of(*relation);  // what a view calls; of a table that is read no trigger fires
  }
}

// The planner runs what does not call itself volatile, to see what comes of it.
bool CatalogBuilder::may_define_early(const Function& function, bool unnamed) const {
  if (!function.temporaries.empty() && (unnamed || function.volatility != 'v')) return true;
  const auto words = words_of_functions_.find(function.oid);
  return unnamed && words != words_of_functions_.end() && has_any(words->second, kDefining);
}

void CatalogBuilder::mark_unnamed_code() {
  std::vector<const Function*> reached;
  for (const Oid oid : unnamed_)
    if (const Function* function = catalog_->function(oid)) reached.push_back(function);
  std::unordered_set<const Function*> seen;
  bool& sets = rest_->unnamed_code_sets;
  bool& defines = rest_->early_code_defines;
  for (const Function& function : rest_->functions)
    defines = defines || may_define_early(function, false);
  while (!reached.empty()) {
    const Function* function = reached.back();
    reached.pop_back();
    if (!seen.insert(function).second) continue;
    note_written(*function);
    sets = sets || may_set(*function);
    defines = defines || may_define_early(*function, true);
    reach_from(*function, reached);
  }
  if (rest_->unnamed_code_sets)
    for (Function& function : rest_->functions) function.sets_nothing = false;
  words_of_functions_.clear();
  unnamed_.clear();
}

}  // namespace sluice::sql
