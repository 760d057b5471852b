// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: whoever runs a function makes what it makes, by whatever way it is reached: other
// functions, operators, checks of types, and what runs where a relation is read or changed.
#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sql/catalog_builder.h"

namespace sluice::sql {
namespace {

// Of more names nobody keeps account: then it may be any.
constexpr std::size_t kNamesMax = 500;

// True if there was a new one, or one that may be more than a table now.
bool add(Temporaries& to, const Temporaries& from) {
  bool added = false;
  for (const auto& [name, only_table] : from) {
    const bool kept = to.size() < kNamesMax || to.contains(name);
    const bool only = kept && only_table;
    const auto [place, is_new] = to.emplace(kept ? name : std::string{}, only);
    added |= is_new || (place->second && !only);
    place->second = place->second && only;
  }
  return added;
}

// Everything that may run one of the functions, and from there on.
class Callers {
 public:
  using Place = std::size_t;

  Place add_one(Temporaries& makes) {
    makes_.push_back(&makes);
    found_by_.emplace_back();
    runs_with_.emplace_back();
    return makes_.size() - 1;
  }
  // Who names that name runs it; `by_writing`: if it changes what it names.
  void found_by(Place one, std::string_view name, bool by_writing = false) {
    found_by_[one].push_back({name, by_writing});
  }
  void names(Place caller, std::string_view name, bool writes) {
    by_name_[name].push_back(caller);
    if (writes) by_name_of_writers_[name].push_back(caller);
  }
  // Whoever runs the other one runs it.
  void runs(Place caller, Place one) { runs_with_[one].push_back(caller); }

  void spread() {
    std::vector<Place> grown;
    for (Place one = 0; one < makes_.size(); ++one)
      if (!makes_[one]->empty()) grown.push_back(one);
    while (!grown.empty()) {
      const Place one = grown.back();
      grown.pop_back();
      const auto give = [&](Place caller) {
        if (caller != one && add(*makes_[caller], *makes_[one])) grown.push_back(caller);
      };
      for (const Place caller : runs_with_[one]) give(caller);
      for (const auto& [name, by_writing] : found_by_[one]) {
        const auto& all = by_writing ? by_name_of_writers_ : by_name_;
        if (const auto callers = all.find(name); callers != all.end())
          for (const Place caller : callers->second) give(caller);
      }
    }
  }

 private:
  std::vector<Temporaries*> makes_;
  struct Name {
    std::string_view name;
    bool by_writing = false;
  };
  std::vector<std::vector<Name>> found_by_;
  std::vector<std::vector<Place>> runs_with_;
  std::unordered_map<std::string_view, std::vector<Place>> by_name_, by_name_of_writers_;
};

// Of a body that is not there: it is kept as a tree, or it is no text.
const MadeInBody& no_body() {
  static const MadeInBody none = [] {
    MadeInBody body;
    body.writes = true;
    return body;
  }();
  return none;
}

Temporaries made_by(const Function& function, const MadeInBody& body) {
  Temporaries made = body.made;
  if (function.language != "plpgsql") add(made, body.selected_into);
  const bool is_read = function.language == "plpgsql" || function.language == "sql";
  if (!is_read && body.has_words) add_temporary(made, {}, false);
  return made;
}

}  // namespace

// First what each body says. One that calls whatever function calls those that make something of a
// known name: else one partition made somewhere would be anything everywhere.
bool CatalogBuilder::read_temporaries() {
  Temporaries all;
  std::vector<Function*> call_any;
  for (Function& function : rest_->functions) {
    const auto body = made_in_bodies_.find(function.oid);
    if (body == made_in_bodies_.end()) continue;
    function.temporaries = made_by(function, body->second);
    rest_->any_temporaries |= !function.temporaries.empty();
    add(all, function.temporaries);
    if (body->second.calls_any) call_any.push_back(&function);
  }
  all.erase(std::string{});
  if (all.size() >= kNamesMax) add_temporary(all, {}, false);
  for (Function* function : call_any) add(function->temporaries, all);
  return rest_->any_temporaries;
}

void CatalogBuilder::attach_temporaries() {
  if (!read_temporaries()) {
    made_in_bodies_.clear();
    return;
  }
  Callers callers;
  std::unordered_map<Oid, Callers::Place> functions;
  for (Function& function : rest_->functions) {
    if (of_postgres(function)) continue;
    const auto body = made_in_bodies_.find(function.oid);
    const bool writes = (body == made_in_bodies_.end() ? no_body() : body->second).writes;
    const auto place = callers.add_one(function.temporaries);
    functions.emplace(function.oid, place);
    callers.found_by(place, function.name);
    for (const std::string& name : function.names) callers.names(place, name, writes);
  }
  for (const auto* hidden : {&operators_, &casts_, &operator_classes_})
    for (const HiddenCall& call : *hidden)
      if (const auto called = functions.find(call.function); called != functions.end())
        callers.found_by(called->second, call.name);
  std::unordered_map<Oid, std::unordered_set<std::string_view>> triggers;
  for (const Trigger& trigger : triggers_)
    if (const Function* function = catalog_->function(trigger.function))
      for (const Oid table : trigger.tables) triggers[table].insert(function->name);
  struct Places {
    Callers::Place reading, writing;
  };
  std::unordered_map<Oid, Places> relations;
  for (Relation& relation : catalog_->relations_) {
    if (relation.oid < kFirstUserOid) continue;
    const Places places{callers.add_one(relation.temporaries_of_reading),
                        callers.add_one(relation.temporaries_of_writing)};
    relations.emplace(relation.oid, places);
    callers.found_by(places.reading, relation.name);
    callers.found_by(places.writing, relation.name, true);
    callers.runs(places.writing, places.reading);
    const auto& fired = triggers[relation.oid];
    for (const std::string& name : relation.stands_on) {
      callers.names(places.writing, name, true);
      if (!fired.contains(name)) callers.names(places.reading, name, false);
    }
    for (const std::string_view name : fired) callers.names(places.writing, name, true);
  }
  for (const Relation& relation : catalog_->relations_) {
    const auto own = relations.find(relation.oid);
    if (own == relations.end()) continue;
    const auto runs = [&](Oid other, bool by_reading) {
      const auto place = relations.find(other);
      if (place == relations.end()) return;
      callers.runs(own->second.writing, place->second.writing);
      if (by_reading) callers.runs(own->second.reading, place->second.reading);
    };
    for (const Relation* one : relation.kin) runs(one->oid, true);
    for (const ForeignKey& key : relation.referenced_by) runs(key.child, false);
  }
  callers.spread();
  made_in_bodies_.clear();
}

}  // namespace sluice::sql
