// SPDX-License-Identifier: Apache-2.0
#include "sql/foreign_keys.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::sql {
namespace {

struct Change {
  const Relation* relation;
  Action how;
  const std::vector<std::string>* columns;
};

// A generated column changes with what it is made of.
bool changes_column(const Change& change, const std::string& name) {
  const auto is_set = [&](const std::string& column) {
    return std::find(change.columns->begin(), change.columns->end(), column) !=
           change.columns->end();
  };
  if (is_set(name)) return true;
  const Column* column = change.relation->column(name);
  if (column == nullptr) return true;  // of an heir
  if (!column->generated) return false;
  return column->made_of.empty() ||
         std::any_of(column->made_of.begin(), column->made_of.end(), [&](std::int16_t source) {
           const Column* made_of = change.relation->column(source);
           return made_of == nullptr || is_set(made_of->name);
         });
}

// pg_constraint's letter for what the key does; the server acts on an update of its columns only.
char reaction_of(const ForeignKey& key, const Change& change) {
  if (change.how == Action::kDelete) return key.on_delete;
  const bool touched =
      change.columns == nullptr ||
      std::any_of(key.referenced.begin(), key.referenced.end(),
                  [&](const std::string& name) { return changes_column(change, name); });
  return change.how == Action::kUpdate && touched ? key.on_update : 'a';
}

}  // namespace

std::vector<Cascade> cascades_of(const Catalog& catalog, const Relation& changed, Action how,
                                 const std::vector<std::string>* columns) {
  std::vector<Cascade> out;
  std::set<std::pair<const ForeignKey*, Action>> followed;
  std::vector<Change> changes{{&changed, how, columns}};
  while (!changes.empty()) {
    const Change change = changes.back();
    changes.pop_back();
    for (const ForeignKey& key : change.relation->referenced_by) {
      const char reaction = reaction_of(key, change);
      const Relation* child = catalog.relation(key.child);
      if (child == nullptr || (reaction != 'c' && reaction != 'n' && reaction != 'd')) continue;
      if (!followed.emplace(&key, change.how).second) continue;
      const bool deletes = change.how == Action::kDelete && reaction == 'c';
      out.push_back({child, deletes ? Action::kDelete : Action::kUpdate});
      changes.push_back({child, out.back().how, deletes ? nullptr : &key.referring});
    }
  }
  return out;
}

}  // namespace sluice::sql
