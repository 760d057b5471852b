// SPDX-License-Identifier: Apache-2.0
// Overlay: which relations that were made here may be gone. Behind their names may be relations of
// others then, which the catalogue may not have; that they are made again takes that back.
#include <algorithm>

#include "sql/overlay.h"

namespace sluice::sql {
namespace {

using Kind = CatalogChange::Kind;

}  // namespace

// Also in what this is laid over.
std::vector<const Relation*> Overlay::made_here() const {
  std::vector<const Relation*> all;
  for (const Catalog* over = catalog_.get(); over->base_ != nullptr; over = over->base_)
    for (const Relation& relation : over->laid_over_)
      if (relation.of_session) all.push_back(catalog_->relation(relation.oid));
  return all;
}

void Overlay::may_be_gone(const Relation& relation, bool gone) {
  if (!relation.of_session || relation.may_be_gone == gone) return;
  own(relation.oid).may_be_gone = gone;
  next_version();
}

// What has that name now is there, if that one was, by whatever name it had.
void Overlay::given_by(const Relation& relation, std::string_view schema, std::string_view name) {
  const bool gone = relation.may_be_gone;
  const std::string in{schema.empty() ? std::string_view{relation.schema} : schema};
  for (const Oid oid : candidates(in, name))
    if (const Relation& twin = *catalog_->relation(oid);
        twin.schema == in && twin.oid != relation.oid)
      may_be_gone(twin, gone);
  may_be_gone(*catalog_->relation(relation.oid), true);
}

void Overlay::presence(const CatalogChange& change) {
  if (change.kind == Kind::kGone) return gone(change.schema, change.name);
  if (change.kind == Kind::kNewRelation && change.certain) {
    const std::string schema = lasts(change) ? "pg_temp" : change.schema;
    for (const Oid oid : candidates(schema, change.name)) {
      const Relation& made = *catalog_->relation(oid);
      if (!made.of_session || made.schema != schema) continue;
      may_be_gone(made, false);
      if (made.goes_at_end != change.goes_at_end) own(oid).goes_at_end = change.goes_at_end;
    }
  }
  if (change.kind == Kind::kOtherName)
    for (const Oid oid : candidates(change.schema, change.name)) {
      const Relation& relation = *catalog_->relation(oid);
      const bool is_twin = relation.name == change.new_name && relation.schema == change.new_schema;
      if (!is_twin) given_by(relation, change.new_schema, change.new_name);
    }
  if (change.kind == Kind::kOtherSchema) {
    for (const Relation* one : made_here()) {
      if (one->schema == change.name) given_by(*one, change.new_schema, one->name);
      if (one->schema.empty()) may_be_gone(*one, true);  // in what schema it is is not known
    }
  }
}

void Overlay::gone(std::string_view schema, std::string_view name) {
  if (!name.empty()) {
    for (const Oid oid : candidates(schema, name)) may_be_gone(*catalog_->relation(oid), true);
    return;
  }
  for (const Relation* one : made_here())
    if (one->may_be_in(schema)) may_be_gone(*one, true);
}

void Overlay::transaction_ends(bool committed) {
  if (!committed) return gone({}, {});
  for (const Relation* one : made_here())
    if (one->goes_at_end) may_be_gone(*one, true);
}

Overlay::Names Overlay::gone() const {
  Names names;
  for (const auto& [oid, relation] : own_)
    if (relation->may_be_gone) names.emplace(relation->schema, relation->name);
  return names;
}

void Overlay::only_gone(const Names& names) {
  for (const auto& [oid, relation] : own_)
    may_be_gone(*relation, names.contains({relation->schema, relation->name}));
}

}  // namespace sluice::sql
