// SPDX-License-Identifier: Apache-2.0
// Overlay: what becomes of the columns of relations. A column that is new, or is called or taken
// otherwise, may be one that was there before: an heir's, whose column of that name the server
// merges with it, or the one that a foreign table has over there.
#include <algorithm>

#include "sql/overlay.h"

namespace sluice::sql {
namespace {

using Kind = CatalogChange::Kind;

bool is_foreign(const Relation& relation) { return relation.kind == 'f'; }

}  // namespace

Column column_named(std::string_view name, std::size_t attnum) {
  Column column;
  column.attnum = static_cast<std::int16_t>(attnum);
  column.name = name;
  return column;
}

void not_known_any_more(Relation& relation) {
  relation.of_session = relation.columns_unknown = relation.definition_unread = true;
  relation.only_written_here = false;
}

// All that has rows in common with one of them, and themselves.
std::vector<Oid> Overlay::family(const std::vector<Oid>& of) const {
  std::vector<Oid> all = of;
  for (const Oid oid : of)
    for (const Relation* kin : catalog_->relation(oid)->kin) all.push_back(kin->oid);
  for (const Relation* one : catalog_->relations_where([&](const Relation& relation) {
         return std::any_of(relation.kin.begin(), relation.kin.end(), [&](const Relation* kin) {
           return std::find(of.begin(), of.end(), kin->oid) != of.end();
         });
       }))
    all.push_back(one->oid);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// It, or what its rows come from, is a foreign table. Another name of a table stands for that one,
// too, and is as near as it.
bool Overlay::comes_from_far(const Relation& relation) const {
  return is_foreign(relation) || (relation.same_as == 0 && !relation.stands_for.empty()) ||
         std::any_of(relation.kin.begin(), relation.kin.end(),
                     [](const Relation* one) { return is_foreign(*one); });
}

bool Overlay::hides_something(const Relation& relation) const {
  const auto hides = [](const Relation* one) {
    return one->any_sensitive() || one->holds_anything();
  };
  const auto stands_for_such = [&](const Relation& one) {
    return std::any_of(one.stands_for.begin(), one.stands_for.end(), [&](const ObjectRef& object) {
      const auto named = catalog_->relations_named(object.name);
      return std::any_of(named.begin(), named.end(), [&](const Relation* there) {
        return there->may_be_in(object.schema) && hides(there);
      });
    });
  };
  if (stands_for_such(relation)) return true;
  if (catalog_->any_sensitive() && relation.kin.size() >= Relation::kPartsKnown) return true;
  return std::any_of(relation.kin.begin(), relation.kin.end(), [&](const Relation* one) {
    const Relation* now = catalog_->relation(one->oid);
    return stands_for_such(*now) || hides(now);
  });
}

// Partitions have the columns of what they are a part of and no others, so nothing is merged.
void Overlay::other_columns(const std::vector<Oid>& of) {
  std::vector<Oid> near, far;
  for (const Oid oid : family(of)) {
    const Relation& relation = *catalog_->relation(oid);
    const bool hides = hides_something(relation);
    if (comes_from_far(relation) && hides)
      far.push_back(oid);
    else if (hides && relation.kind != 'p' && !relation.any_sensitive())
      near.push_back(oid);
  }
  each(family(of), [](Relation& relation) { relation.columns_unknown = true; });
  each(near, [](Relation& relation) { relation.more_may_be_sensitive = true; });
  each(far, [](Relation& relation) {
    relation.of_session = relation.more_may_be_sensitive = true;
    relation.only_written_here = false;
  });
  for (const auto* list : {&near, &far})
    for (const Oid oid : *list) dependents(std::string{catalog_->relation(oid)->name}, true);
}

// Whether it stays so is not known before the transaction ends, and how it ends not before later
// statements are judged: so what was there stays, and what is new comes beside it.
void Overlay::columns(const CatalogChange& change) {
  const auto found = candidates(change.schema, change.name);
  other_columns(found);
  each(found, [&](Relation& relation) {
    if (change.fills_itself) relation.only_written_here = false;
    auto& columns = relation.columns;
    const auto place = std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
      return column.name == change.other_name;
    });
    // What a generated one holds is not told, nor what one does that is another's.
    const bool merges = relation.kind != 'p' && hides_something(relation);
    const bool tells = !merges && (change.certain || !relation.any_sensitive());
    if (change.kind == Kind::kColumnAdded && place == columns.end() && tells)
      columns.push_back(
          column_named(change.other_name, columns.empty() ? 1 : columns.back().attnum + 1U));
    if (change.kind == Kind::kColumnNamed && place != columns.end()) {
      Column renamed = *place;
      renamed.name = change.new_name;
      columns.insert(place, std::move(renamed));
    }
  });
}

}  // namespace sluice::sql
