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

bool of_postgres(const Function& function) {
  return function.oid < kFirstUserOid &&
         (function.schema == "pg_catalog" || function.schema == "information_schema");
}

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
  if (attnum < 0) return {.known = true, .mask = std::nullopt, .computed = false};
  if (attnum == 0) {
    if (found->any_sensitive())
      return {.known = true, .mask = MaskKind::kRedact, .computed = false};
    return {.known = true, .mask = std::nullopt, .computed = false};
  }
  const Column* column = found->column(attnum);
  if (!column) return {};
  return {.known = true, .mask = column->mask, .computed = column->computed};
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
std::span<const Function* const> Catalog::checks_of_type(std::string_view name) const {
  return listed(checks_, name);
}
std::span<const Function* const> Catalog::checks_of_type(Oid oid) const {
  const auto found = checks_by_type_.find(oid);
  if (found == checks_by_type_.end()) return {};
  return found->second;
}
std::span<const Relation* const> Catalog::tables_on(std::string_view name) const {
  return listed(tables_on_, name);
}
std::span<const Relation* const> Catalog::tables_of_index(std::string_view name) const {
  return listed(tables_of_index_, name);
}
std::span<const Function* const> Catalog::hidden_calls_of_operator_class(
    std::string_view name) const {
  return listed(operator_classes_, name);
}

std::string_view Catalog::type_name(Oid type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? std::string_view{} : found->second;
}

}  // namespace sluice::sql
