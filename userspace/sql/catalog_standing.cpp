// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: what tables and views stand on.
#include <charconv>
#include <utility>

#include "sql/catalog_builder.h"

namespace sluice::sql {
namespace {

Result<Standing::Node> node_in(CatalogRow row, std::size_t first) {
  const auto number = [&](std::size_t cell, auto& value) {
    const std::string_view text = row[cell].value_or("");
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size();
  };
  Standing::Node node;
  if (!number(first, node.object.catalog) || !number(first + 1, node.object.oid) ||
      !number(first + 2, node.column))
    return Error{"the catalogue gave no number as what a table stands on"};
  return node;
}

}  // namespace

Result<void> CatalogBuilder::add_standing(CatalogRow row) {
  const std::string_view kind = row[0].value_or("");
  std::string name{row[1].value_or("")};
  SLUICE_TRY(const Standing::Node one, node_in(row, 2));
  SLUICE_TRY(const Standing::Node other, node_in(row, 5));
  switch (kind.size() == 1 ? kind[0] : '?') {
    case 'd': standing_.depends(one, other); break;
    case 'a': standing_.takes_along(one.object, other.object); break;
    case 'y': standing_.has_row_of(one.object, other.object); break;
    case 'u': standing_.is_part(one.object, other.object.oid, false); break;
    case 'v': standing_.is_part(one.object, other.object.oid, true); break;
    case 'q': rest_->with_policies.insert(std::move(name)); break;
    case 'p': rest_->under_rights.insert(std::move(name)); break;
    case 'o':
    case 'i':
    case 't': standing_.is_called(one.object, std::move(name), kind[0]); break;
    default: return Error{"a row of no known kind of what tables stand on"};
  }
  return {};
}

Result<void> CatalogBuilder::attach_standing() {
  SLUICE_TRY(Standing::Found found, standing_.find(limits_.standing_steps_max));
  standing_ = {};
  for (std::string& name : found.below_rights) rest_->under_rights.insert(std::move(name));
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  for (const Standing::Pair& pair : found.pairs) {
    const auto table = by_oid.find(pair.relation);
    if (table == by_oid.end()) continue;
    const auto add = [&](auto& list) {
      auto& tables = list[pair.name];
      if (tables.empty() || tables.back() != table->second) tables.push_back(table->second);
    };
    add(rest_->tables_on);
    if (pair.kind == 'i') add(rest_->tables_of_index);
    if (pair.kind == 't') add(rest_->tables_of_type);
    auto& below = table->second->stands_on;
    if (below.empty() || below.back() != pair.name) below.push_back(pair.name);
  }
  return {};
}

}  // namespace sluice::sql
