// SPDX-License-Identifier: Apache-2.0
#include "sql/overlay.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace sluice::sql {
namespace {

using Kind = CatalogChange::Kind;

// No other catalogue has one of these: they only ever count up, and so do those of readings.
std::uint64_t new_version() {
  static std::atomic<std::uint64_t> next{std::uint64_t{1} << 63};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Overlay::Overlay(std::shared_ptr<Catalog> over) : catalog_(std::move(over)), next_(kFirstOwnOid) {
  // One that is laid over another of them must not give the same numbers again.
  while (catalog_->base_->relation(next_) != nullptr) ++next_;
  next_version();
}

Overlay::Overlay(const Catalog& base)
    : Overlay([&] {
        auto over = std::make_shared<Catalog>();
        over->base_ = &base;
        over->rest_ = base.rest_;
        over->any_name_is_unknown_ = base.any_name_is_unknown_;
        return over;
      }()) {}

Overlay::Overlay(std::shared_ptr<const Catalog> base) : Overlay(*base) {
  catalog_->keeps_base_ = std::move(base);
}

void Overlay::next_version() { catalog_->version_ = new_version(); }

void Overlay::anything() {
  changed_ = true;
  catalog_->any_name_is_unknown_ = true;
  next_version();
}

void Overlay::doubt() {
  for (auto& [oid, relation] : own_) relation->columns_unknown = true;
  next_version();
}

void Overlay::distrust() {
  if (std::exchange(distrusted_, true)) return;
  for (auto& [oid, relation] : own_) relation->only_written_here = false;
  next_version();
}

std::vector<Oid> Overlay::candidates(std::string_view schema, std::string_view name) const {
  std::vector<Oid> found;
  for (const Relation* relation : catalog_->relations_named(name))
    if (relation->may_be_in(schema)) found.push_back(relation->oid);
  return found;
}

Relation& Overlay::put(Relation relation) {
  Relation& kept = catalog_->laid_over_.emplace_back(std::move(relation));
  own_[kept.oid] = &kept;
  catalog_->relation_by_oid_[kept.oid] = &kept;
  auto [list, is_new] = catalog_->relations_by_name_.try_emplace(kept.name);
  if (is_new) {
    const auto below = catalog_->base_->relations_named(kept.name);
    list->second.assign(below.begin(), below.end());
  }
  std::erase_if(list->second, [&](const Relation* one) { return one->oid == kept.oid; });
  list->second.push_back(&kept);
  return kept;
}

Relation& Overlay::add(Relation relation) {
  relation.oid = next_++;
  return put(std::move(relation));
}

Relation& Overlay::own(Oid oid) {
  if (const auto found = own_.find(oid); found != own_.end()) return *found->second;
  return put(*catalog_->relation(oid));
}

void Overlay::each(const std::vector<Oid>& relations, const Change& change) {
  std::vector<Oid> all;
  for (const Oid oid : relations) {
    const Oid same_as = catalog_->relation(oid)->same_as;
    const Oid known_as = same_as == 0 ? oid : same_as;
    all.push_back(known_as);
    for (const Catalog* over = catalog_.get(); over->base_ != nullptr; over = over->base_)
      for (const Relation& other : over->laid_over_)
        if (other.same_as == known_as) all.push_back(other.oid);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const Oid oid : all) change(own(oid));
}

bool Overlay::lasts(const CatalogChange& change) const {
  if (change.kind == Kind::kGone) return false;
  if (change.temporary) return true;
  const auto is_temporary = [&](std::string_view schema, std::string_view name) {
    const auto found = candidates(schema, name);
    return std::any_of(found.begin(), found.end(),
                       [&](Oid oid) { return temporary_.contains(oid); });
  };
  if (change.kind == Kind::kCascade) return !temporary_.empty();
  // A function may have made it.
  if (change.kind == Kind::kOtherName && catalog_->any_sensitive() &&
      candidates(change.schema, change.name).empty())
    return true;
  if (change.kind != Kind::kNewRelation) return is_temporary(change.schema, change.name);
  if (temporary_first_ && change.schema.empty()) return true;
  // A view of temporary relations is one.
  return change.relkind == 'v' && change.does &&
         std::any_of(change.does->objects.begin(), change.does->objects.end(),
                     [&](const ObjectRef& object) {
                       return object.kind == ObjectRef::Kind::kTable &&
                              object.name != change.name && is_temporary({}, object.name);
                     });
}

void Overlay::apply(const CatalogChange& change) {
  changed_ = changed_ || change.kind != Kind::kGone;
  switch (change.kind) {
    case Kind::kNewRelation: new_relation(change); break;
    case Kind::kColumnAdded:
    case Kind::kColumnGone:
    case Kind::kColumnNamed:
    case Kind::kColumns: columns(change); break;
    case Kind::kTypeColumns: {
      std::vector<Oid> tables;
      for (const Relation* table : catalog_->tables_of_type(change.name))
        tables.push_back(table->oid);
      other_columns(tables);
      break;
    }
    case Kind::kRule: rule(change); break;
    case Kind::kForeignKey: foreign_key(change); break;
    case Kind::kHeir: heir(change); break;
    case Kind::kTrigger: trigger(change); break;
    case Kind::kCalled: called(change.new_name, change.name); break;
    case Kind::kCascade: cascade(change); break;
    case Kind::kGone: break;
    case Kind::kOtherName:
      called(change.new_name, change.name);
      called(change.new_schema, change.name);
      {
        const auto found = candidates(change.schema, change.name);
        const bool unknown = change.temporary && !found.empty() &&
                             std::none_of(found.begin(), found.end(),
                                          [&](Oid oid) { return temporary_.contains(oid); });
        if (unknown) other_name({}, change.new_schema, change.new_name);
        other_name(found, change.new_schema, change.new_name);
      }
      break;
    case Kind::kOtherSchema: {
      called(change.new_schema, change.name);
      constexpr std::size_t kRelationsMax = 1000;
      const auto inside = catalog_->relations_in(change.name);
      if (inside.size() > kRelationsMax) return anything();
      for (const Relation* one : inside)
        other_name({one->oid}, change.new_schema, std::string{one->name});
      break;
    }
  }
  for (const std::string* name : {&change.name, &change.other_name, &change.new_name})
    if (!name->empty() && catalog_->may_be_written_unseen(*name)) distrust();
  presence(change);
  next_version();
}

void Overlay::called(std::string_view name, std::string_view before) {
  if (name.empty() || name == before) return;
  auto& names = before_[std::string{name}];
  if (std::find(names.begin(), names.end(), before) == names.end()) names.emplace_back(before);
}

}  // namespace sluice::sql
