// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog.h"

#include <algorithm>

#include "sql/words.h"

namespace sluice::sql {
namespace {

template <class Map>
auto listed(const Map& map, const typename Map::key_type& key)
    -> std::span<const typename Map::mapped_type::value_type> {
  const auto found = map.find(key);
  if (found == map.end()) return {};
  return found->second;
}

}  // namespace

bool of_postgres(const Function& function) {
  return function.oid < kFirstUserOid &&
         (function.schema == "pg_catalog" || function.schema == "information_schema");
}

bool of_postgres(const Relation& relation) {
  return relation.oid < kFirstUserOid &&
         (relation.schema == "pg_catalog" || relation.schema == "information_schema");
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

// "" in a relation: it is not known which. A session has one pg_temp, by two names.
bool Relation::may_be_in(std::string_view given_schema) const {
  return given_schema.empty() || schema.empty() || schema == given_schema ||
         (schema == "pg_temp" && given_schema.starts_with("pg_temp_"));
}

bool Relation::any_sensitive() const {
  return more_may_be_sensitive ||
         std::any_of(columns.begin(), columns.end(),
                     [](const Column& each) { return each.mask.has_value(); });
}

const Relation* Catalog::relation(Oid oid) const {
  const auto found = relation_by_oid_.find(oid);
  if (found != relation_by_oid_.end()) return found->second;
  return base_ ? base_->relation(oid) : nullptr;
}

std::span<const Relation* const> Catalog::relations_named(std::string_view name) const {
  if (!base_) return listed(relations_by_name_, std::string{name});
  const auto found = relations_by_name_.empty() ? relations_by_name_.end()
                                                : relations_by_name_.find(std::string{name});
  return found == relations_by_name_.end() ? base_->relations_named(name) : found->second;
}

std::vector<const Relation*> Catalog::relations_in(std::string_view schema) const {
  return relations_where([&](const Relation& relation) { return relation.schema == schema; });
}

std::vector<const Relation*> Catalog::relations_where(
    const std::function<bool(const Relation&)>& test) const {
  std::vector<const Relation*> out;
  if (base_)
    for (const Relation* below : base_->relations_where([](const Relation&) { return true; }))
      if (!relation_by_oid_.contains(below->oid) && test(*below)) out.push_back(below);
  for (const auto& [oid, laid_over] : relation_by_oid_)
    if (base_ && test(*laid_over)) out.push_back(laid_over);
  for (const Relation& relation : relations_)
    if (test(relation)) out.push_back(&relation);
  return out;
}

std::vector<const Relation*> Catalog::tables_of_users() const {
  return relations_where([](const Relation& relation) {
    const bool keeps_rows = relation.kind == 'r' || relation.kind == 'p' || relation.kind == 'm';
    return keeps_rows && !of_postgres(relation);
  });
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
  const auto found = rest_->function_by_oid.find(oid);
  return found == rest_->function_by_oid.end() ? nullptr : found->second;
}

std::span<const Function* const> Catalog::functions_named(std::string_view name) const {
  return listed(rest_->functions_by_name, std::string{name});
}
std::span<const Function* const> Catalog::hidden_calls_of_operator(std::string_view name) const {
  return listed(rest_->operators, std::string{name});
}
std::span<const Function* const> Catalog::hidden_calls_of_cast(std::string_view name) const {
  return listed(rest_->casts, std::string{name});
}
std::span<const Function* const> Catalog::checks_of_type(std::string_view name) const {
  return listed(rest_->checks, std::string{name});
}
std::span<const Function* const> Catalog::checks_of_type(Oid oid) const {
  return listed(rest_->checks_by_type, oid);
}
std::span<const Function* const> Catalog::calls_of_default(Oid type) const {
  return listed(rest_->default_calls, type);
}
std::span<const Function* const> Catalog::calls_of_table(Oid relation) const {
  return listed(rest_->table_calls, relation);
}
std::span<const Relation* const> Catalog::tables_on(std::string_view name) const {
  return listed(rest_->tables_on, std::string{name});
}
std::span<const Relation* const> Catalog::tables_of_index(std::string_view name) const {
  return listed(rest_->tables_of_index, std::string{name});
}
std::span<const Relation* const> Catalog::tables_of_type(std::string_view name) const {
  return listed(rest_->tables_of_type, std::string{name});
}
std::span<const Function* const> Catalog::hidden_calls_of_operator_class(
    std::string_view name) const {
  return listed(rest_->operator_classes, std::string{name});
}

std::string_view Catalog::type_name(Oid type) const {
  const auto found = rest_->types.find(type);
  return found == rest_->types.end() ? std::string_view{} : found->second;
}

std::string_view Catalog::type_revision(Oid type) const {
  const auto found = rest_->type_revisions.find(type);
  return found == rest_->type_revisions.end() ? std::string_view{} : found->second;
}

std::vector<Oid> Catalog::types_named(std::string_view name) const {
  const auto found = rest_->types_by_name.find(std::string{name});
  return found == rest_->types_by_name.end() ? std::vector<Oid>{} : found->second;
}

std::span<const Oid> Catalog::parts_of_type(Oid type) const {
  return listed(rest_->parts_of_types, type);
}

std::string_view Catalog::name_revision(std::string_view name) const {
  const auto found = rest_->name_revisions.find(std::string{name});
  return found == rest_->name_revisions.end() ? std::string_view{} : found->second;
}

std::string_view Catalog::schema_members(std::string_view name) const {
  const auto found = rest_->schema_members.find(std::string{name});
  return found == rest_->schema_members.end() ? std::string_view{} : found->second;
}

std::vector<std::string> Catalog::names_of_users(const std::vector<std::string>& words) const {
  const auto any_of_users = [](const auto& list) {
    return std::any_of(list.begin(), list.end(),
                       [](const auto* one) { return one->oid >= kFirstUserOid; });
  };
  std::vector<std::string> names;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (is_operator_sign(word.front())) {
      // Where one ends and the next begins is left to the server.
      for (const std::string& name : rest_->users_operators)
        if (word.find(name) != std::string::npos) names.push_back(name);
    } else if (any_of_users(relations_named(word)) || any_of_users(functions_named(word)) ||
               rest_->types_by_name.contains(word) || rest_->name_revisions.contains(word)) {
      names.push_back(word);
    }
  }
  return names;
}

}  // namespace sluice::sql
