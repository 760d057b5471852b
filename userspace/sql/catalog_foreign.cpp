// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: foreign tables. What a table of postgres_fdw holds is a table or view of that
// name on some server, often this one: it is taken for the one of that name here. Where there is
// none, and with other wrappers, nobody can tell what comes, and from where.
#include <algorithm>
#include <unordered_map>

#include "sql/catalog_builder.h"

namespace sluice::sql {
namespace {

const Relation* named(const Catalog& catalog, const ObjectRef& object) {
  for (const Relation* relation : catalog.relations_named(object.name))
    if (relation->schema == object.schema) return relation;
  return nullptr;
}

}  // namespace

void CatalogBuilder::attach_foreign_tables() {
  std::unordered_map<Oid, std::vector<Oid>> parents;
  for (const Inheritance& link : inheritance_) parents[link.child].push_back(link.parent);
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  for (const ForeignTable& table : foreign_tables_) {
    const bool known = table.by_name && named(*catalog_, table.remote) != nullptr;
    // Who reads or changes a parent does so with its children.
    std::vector<Oid> reached{table.relation};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      for (const Oid parent : parents[reached[i]])
        if (std::find(reached.begin(), reached.end(), parent) == reached.end())
          reached.push_back(parent);
      const auto found = by_oid.find(reached[i]);
      if (found == by_oid.end()) continue;
      if (known)
        found->second->stands_for.push_back(table.remote);
      else
        found->second->outside = true;
    }
  }
}

// True if it changed something.
bool CatalogBuilder::mark_foreign_tables() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  bool changed = false;
  for (const ForeignTable& table : foreign_tables_) {
    const auto found = by_oid.find(table.relation);
    const Relation* remote = table.by_name ? named(*catalog_, table.remote) : nullptr;
    if (found == by_oid.end() || remote == nullptr || !remote->any_sensitive()) continue;
    for (Column& column : found->second->columns) {
      const auto renamed = table.renamed.find(column.name);
      const Column* there =
          remote->column(renamed == table.renamed.end() ? column.name : renamed->second);
      const auto mask = there != nullptr ? there->mask : MaskKind::kRedact;
      if (mask) changed |= raise(column.mask, *mask);
    }
  }
  return changed;
}

}  // namespace sluice::sql
