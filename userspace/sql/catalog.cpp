// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog.h"

#include <algorithm>

namespace sluice::sql {
namespace {

template <class Map>
auto listed(const Map& map, std::string_view name)
    -> std::span<const typename Map::mapped_type::value_type> {
  const auto found = map.find(std::string{name});
  if (found == map.end()) return {};
  return found->second;
}

}  // namespace

const Column* Relation::column(std::string_view column_name) const {
  for (const Column& each : columns)
    if (each.name == column_name) return &each;
  return nullptr;
}

const Column* Relation::column(std::int16_t attnum) const {
  const auto found =
      std::lower_bound(columns.begin(), columns.end(), attnum,
                       [](const Column& each, std::int16_t key) { return each.attnum < key; });
  return found != columns.end() && found->attnum == attnum ? &*found : nullptr;
}

bool Relation::any_sensitive() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& each) { return each.mask.has_value(); });
}

const Relation* Catalog::relation(Oid oid) const {
  const auto found = relation_by_oid_.find(oid);
  return found == relation_by_oid_.end() ? nullptr : found->second;
}

std::span<const Relation* const> Catalog::relations_named(std::string_view name) const {
  return listed(relations_by_name_, name);
}

std::vector<const Relation*> Catalog::relations_in(std::string_view schema) const {
  std::vector<const Relation*> out;
  for (const Relation& relation : relations_)
    if (relation.schema == schema) out.push_back(&relation);
  return out;
}

ColumnSensitivity Catalog::sensitivity(Oid oid, std::int16_t attnum) const {
  const Relation* found = relation(oid);
  if (!found) return {};
  if (attnum < 0) return {.known = true, .mask = std::nullopt};
  if (attnum == 0) {
    if (found->any_sensitive()) return {.known = true, .mask = MaskKind::kRedact};
    return {.known = true, .mask = std::nullopt};
  }
  const Column* column = found->column(attnum);
  if (!column) return {};
  return {.known = true, .mask = column->mask};
}

const Function* Catalog::function(Oid oid) const {
  const auto found = function_by_oid_.find(oid);
  return found == function_by_oid_.end() ? nullptr : found->second;
}

std::span<const Function* const> Catalog::functions_named(std::string_view name) const {
  return listed(functions_by_name_, name);
}
std::span<const Function* const> Catalog::hidden_calls_of_operator(std::string_view name) const {
  return listed(operators_, name);
}
std::span<const Function* const> Catalog::hidden_calls_of_cast(std::string_view name) const {
  return listed(casts_, name);
}

}  // namespace sluice::sql
